"""The life of a resource, the same for every kind: the standard suite."""

import ast
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from blueprints.part import Part
from tasks.decide import Plan, Step
from tasks.errors import Ambiguous, NeedsReplacing
from tasks.kind import Found
from tasks.registry import KINDS
from tasks.scope import ENVIRONMENT, EXPIRES, PART, Scope
from tasks.survey import answer, look
from tests.conductor import look_and_plan, raise_all
from tests.physics.actions import iam_action, methods
from tests.tasks.rows import ROWS
from tests.tasks.rows.row import Row

TASKS = Path(__file__).parents[2] / "tasks"
CHOSEN = ROWS
"""Which rows a module that has these tests puts through them."""
GAPS: dict[tuple[str, str], str] = {}
"""What the emulator of such a module gets wrong: why, by the test and the kind."""

BESIDE = {
    "cloudfront:CreateDistribution": "CreateDistributionWithTags is asked for as this, and its tags",
    "ec2:RunInstances": "a scaling group of a launch template is made",
    "iam:CreateServiceLinkedRole": "the first of a service in an account makes its role",
    "iam:PassRole": "a role is handed on",
    "iam:TagInstanceProfile": "CreateInstanceProfile with tags",
    "kms:CreateGrant": "RDS keeps the right to use a key",
    "kms:DescribeKey": "RDS looks at a key",
    "lambda:GetLayerVersion": "a function is given a layer",
    "rds:CreateDBSnapshot": "a database is deleted with a last snapshot",
    "s3:DeleteObjectVersion": "DeleteObjects of versions",
    "s3:TagResource": "CreateBucket with tags",
    "secretsmanager:CreateSecret": "RDS keeps a password",
    "secretsmanager:TagResource": "RDS keeps a password",
} | dict.fromkeys(
    (
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    ),
    "a service sees to where its logs go",
)
"""Rights that AWS asks for beside what is called, and when. https://docs.aws.amazon.com/service-authorization/latest/reference/"""
PUT_TOGETHER = {"ec2:UpdateSecurityGroupRuleDescriptionsEgress", "iam:DeleteGroupPolicy", "iam:DeleteUserPolicy"}
"""Calls by methods whose names are put together from words."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "row" not in metafunc.fixturenames:
        return
    cases = []
    for kind, row in metafunc.module.CHOSEN.items():
        gaps = [
            why for (test, of), why in metafunc.module.GAPS.items() if metafunc.definition.name == test and of == kind
        ]
        cases.append(pytest.param(row, id=kind, marks=[pytest.mark.xfail(reason=why, strict=True) for why in gaps]))
    metafunc.parametrize("row", cases)


@pytest.fixture(autouse=True)
def ground(request: pytest.FixtureRequest) -> None:
    """What must stand that is nobody's part."""
    row = request.node.callspec.params.get("row") if hasattr(request.node, "callspec") else None
    if row and row.ground:
        request.getfixturevalue("aws")
        row.ground()


def parts_of(row: Row, part: Part | None = None) -> tuple[Part, ...]:
    return (*row.needs, part or row.part)


def planned(scope: Scope, row: Row, part: Part | None = None, replace: Iterable[str] = ()) -> Plan:
    """Only the row's own kinds are listed: a survey of all of them, for each test of each kind, takes minutes."""
    return look_and_plan(scope, parts_of(row, part), replace, {one.kind for one in parts_of(row)})


def raised(scope: Scope, row: Row, part: Part | None = None, replace: Iterable[str] = ()) -> Plan:
    return raise_all(scope, parts_of(row, part), replace, {one.kind for one in parts_of(row)})


def step_of(plan: Plan, row: Row) -> Step:
    return next(step for step in plan.steps if step.part == row.part.key)


def found(scope: Scope, row: Row) -> Found:
    (one,) = look(scope, KINDS[row.part.kind], row.part.name)
    return one


def writes(scope: Scope) -> int:
    return scope.calls.summary()["write"]


def test_every_kind_of_the_registry_has_a_row() -> None:
    assert set(ROWS) == set(KINDS)


def test_absent_is_planned_as_a_create_and_the_plan_writes_nothing(scope: Scope, row: Row) -> None:
    step = step_of(planned(scope, row), row)
    assert (step.action, step.because) == ("create", "not there yet")
    assert writes(scope) == 0
    assert look(scope, KINDS[row.part.kind], row.part.name) == []


def test_created_it_reads_back_exactly_as_wanted_and_raising_again_writes_nothing(scope: Scope, row: Row) -> None:
    raised(scope, row)
    before = writes(scope)
    plan = raised(scope, row)
    assert [(step.part, step.changes) for step in plan.changes] == []
    assert plan.settled
    assert writes(scope) == before


def test_created_it_carries_the_identity_tags(scope: Scope, row: Row) -> None:
    raised(scope, row)
    one = found(scope, row)
    assert one.environment == scope.environment
    if KINDS[row.part.kind].taggable:
        assert (one.tags[ENVIRONMENT], one.tags[PART]) == (scope.environment, row.part.key)
        assert one.fingerprint == one.state.fingerprint
    others = Scope("another", "eu-west-1")
    assert list(KINDS[row.part.kind].owned(others)) == []


def test_made_in_an_environment_that_ends_it_tells_when_and_can_be_told_another_time(scope: Scope, row: Row) -> None:
    kind = KINDS[row.part.kind]
    if not (kind.taggable and kind.own_tags):
        pytest.skip("it has no tags of its own, and goes with what it belongs to")
    scope.expires = datetime(2027, 1, 2, 8, tzinfo=UTC)
    raised(scope, row)
    one = found(scope, row)
    assert one.tags[EXPIRES] == "2027-01-02T08:00:00Z"
    before = one.tags
    kind.tag(scope, one.id, {EXPIRES: "2027-01-03T08:00:00Z"})
    assert found(scope, row).tags == {**before, EXPIRES: "2027-01-03T08:00:00Z"}
    assert planned(scope, row).settled


def test_changed_by_the_blueprint_it_is_updated_in_place(scope: Scope, row: Row) -> None:
    if row.changed is None:
        pytest.skip("nothing of it can be changed in place")
    raised(scope, row)
    id = found(scope, row).id
    step = step_of(raised(scope, row, row.changed), row)
    assert step.action == "update"
    why = "the blueprint changed" if KINDS[row.part.kind].taggable else "differs from the blueprint"
    assert step.because.partition("; ")[0] == why
    assert found(scope, row).id == id
    assert planned(scope, row, row.changed).settled


def test_changed_by_hand_it_is_told_as_drift_and_mended(scope: Scope, row: Row) -> None:
    raised(scope, row)
    row.by_hand(scope, found(scope, row).id)
    step = step_of(raised(scope, row), row)
    assert step.action == ("replace" if KINDS[row.part.kind].versioned else "update")
    only_tags = all(change.field.startswith("tags.") for change in step.changes)
    by_hand = "its tags differ" if only_tags else "changed by hand"
    assert step.because == (by_hand if KINDS[row.part.kind].taggable else "differs from the blueprint")
    assert planned(scope, row).settled


def test_a_fixed_field_changed_it_is_replaced_or_refused_with_a_way_out(scope: Scope, row: Row) -> None:
    if row.moved is None:
        pytest.skip("it has no fixed field of its own")
    raised(scope, row)
    old = found(scope, row).id
    if KINDS[row.part.kind].holds:
        before = writes(scope)
        with pytest.raises(NeedsReplacing, match=f"--replace {row.part.key}"):
            planned(scope, row, row.moved)
        assert writes(scope) == before
    step = step_of(raised(scope, row, row.moved, replace=[row.part.key]), row)
    assert step.action == "replace"
    assert found(scope, row).id != old
    assert planned(scope, row, row.moved).settled


def test_vanished_behind_our_back_it_is_made_again(scope: Scope, row: Row) -> None:
    raised(scope, row)
    row.vanish(scope, found(scope, row).id)
    step = step_of(raised(scope, row), row)
    assert step.action == "create"
    assert planned(scope, row).settled


def test_two_with_one_parts_tags_stop_everything(scope: Scope, row: Row) -> None:
    if row.twin is None:
        pytest.skip("AWS's names make two of one impossible")
    raised(scope, row)
    row.twin(scope, row.part.key)
    before = writes(scope)
    with pytest.raises(Ambiguous, match=row.part.key):
        planned(scope, row)
    assert writes(scope) == before


def test_deleted_it_is_gone_and_deleting_again_is_fine(scope: Scope, row: Row) -> None:
    raised(scope, row)
    kind, id = KINDS[row.part.kind], found(scope, row).id
    kind.delete(scope, id)
    assert look(scope, kind, row.part.name) == []
    kind.delete(scope, id)
    assert look(scope, kind, row.part.name) == []


def test_striking_needs_no_blueprint_and_leaves_nothing(scope: Scope, row: Row) -> None:
    raised(scope, row)
    own = {one.kind for one in parts_of(row)}
    raise_all(scope, (), among=own)
    assert look_and_plan(scope, (), among=own).steps == ()


def test_its_declared_actions_are_the_calls_that_it_makes(scope: Scope, row: Row) -> None:
    """All that it calls in a plain life; beside, what AWS asks for along with that, and what other ways of it call."""
    raise_all(scope, row.needs, among={one.kind for one in row.needs})
    kind, own = KINDS[row.part.kind], Scope(scope.environment, scope.region, poll_seconds=0.05)
    scope.look_afresh()
    below = {KINDS[need.kind] for need in row.needs}
    ids = {one.key: one.id for other in below for one in other.owned(scope)} | answer(scope, [row.part])
    wanted = kind.wanted(row.part, ids)
    id = kind.create(own, row.part.name, wanted)
    kind.ready(own, id)
    list(kind.owned(own))
    if row.changed is not None:
        later = kind.wanted(row.changed, ids | answer(scope, [row.changed]))
        kind.update(own, id, later, frozenset(type(wanted).model_fields) - wanted.fixed())
        changed = kind.wanted(row.changed, ids | answer(scope, [row.changed]))
        kind.update(own, id, changed, frozenset(type(wanted).model_fields) - wanted.fixed())
    if kind.taggable:
        kind.tag(own, id, {"a": "b"}, frozenset({"c"}))
    kind.delete(own, id)
    called = {iam_action(call) for call in own.calls.by_operation()}
    assert called - set(kind.actions) == set()
    others, own_words = set(kind.actions) - called - BESIDE.keys() - PUT_TOGETHER, written(type(kind).__module__)
    assert {action for action in others if not own_words.intersection(methods(action))} == set()


@cache
def written(module: str) -> frozenset[str]:
    """All words in a module of tasks/ and in those that it stands on, among them the methods that they call."""
    seen, waiting, words = set[str](), [module], set[str]()
    while waiting:
        path = TASKS.parent / (name := waiting.pop()).replace(".", "/")
        file = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
        if name in seen or not name.startswith("tasks.") or not file.is_file():
            continue
        seen.add(name)
        words |= set(re.findall(r"\w+", file.read_text()))
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                waiting += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return frozenset(words)
