"""ensure, await_ready, remove: the Prefect tasks that carry one step out, and a pair of them for each kind."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import task_run
from prefect.tasks import exponential_backoff

from blueprints.part import Part
from tasks import progress
from tasks.decide import Ids, Removal, Step, decide, stays_until_replaced
from tasks.elsewhere import begun_before, tallied
from tasks.errors import Ambiguous, CastraError, NeedsReplacing
from tasks.kind import Found, Kind, unknowns
from tasks.registry import KINDS
from tasks.report import Outcome
from tasks.retry import classify, lost, made_nothing, worth_another_try
from tasks.scope import EXTRA, FINGERPRINT, RETIRED, Scope
from tasks.survey import answer, look
from tasks.telling import told_of_others
from tasks.waiting import wait_until

AnyKind = Kind[Any, Any]


SEEN_WITHIN = 8.0  # seconds until a listing tells of what was made just now; EC2's lag behind, by a few at most


def bring_about(
    kind: AnyKind,
    step: Step,
    scope: Scope,
    ids: Mapping[str, str],
    *,
    again: bool = False,
    seen_within: float = SEEN_WITHIN,
) -> Outcome:
    """Do what one step says. With `again`, AWS is looked at afresh first: what an earlier try made is found.

    It may have made something that isn't seen at once: for `seen_within` seconds nothing isn't believed.
    `ids` gives the id of every part that this one needs. Raises what AWS answers, as botocore has it.
    """
    started = time.monotonic()
    told = told_of_others(scope, step.asked, ids) if step.asked else {}
    wanted = kind.wanted(step.asked, Ids({**ids, **told}))
    if unknowns(wanted):
        raise CastraError(step.part, "an id that it needs isn't known", "This is a mistake in Castra; please report it")
    found = _made_before(kind, step, scope, seen_within) if again else step.found
    tags = scope.wanted_tags(step.part) if kind.taggable else None
    now = decide(step.part, wanted, found, tags)
    if now.action == "keep" and step.action != "keep" and not again:
        # What it follows was made anew under the same id, and may have taken it along: a function its permissions.
        found = _the_one(step.part, look(scope, kind, step.part.partition("/")[2]))
        now = decide(step.part, wanted, found, tags)
    if now.action == "replace" and step.action != "replace" and not again:
        raise NeedsReplacing(step.part, "it changed since the plan was made", "Plan again")
    scope.go_ahead.check()
    id = _write(kind, now, scope, wanted, tags)
    return Outcome(part=step.part, action=now.action, id=id, seconds=round(time.monotonic() - started, 3))


def _write(kind: AnyKind, step: Step, scope: Scope, wanted: Any, tags: Mapping[str, str] | None) -> str:
    """The calls of one decided step; gives the id of what stands afterwards."""
    name = step.part.partition("/")[2]
    if step.action == "replace":
        if stays_until_replaced(step, {kind.name: kind}):
            kind.tag(scope, str(step.id), {RETIRED: "true"})
        elif not kind.versioned or step.found.phase == "failed":
            kind.delete(scope, str(step.id))
    if step.action in ("create", "replace"):
        id = kind.create(scope, name, wanted)
        if kind.taggable and not kind.whole_at_birth:
            kind.tag(scope, id, {FINGERPRINT: wanted.fingerprint})
        return id
    id = str(step.id)
    if step.action == "update":
        changed = frozenset(change.field for change in step.changes if not change.field.startswith("tags."))
        if changed:
            kind.update(scope, id, wanted, changed)
        if tags is not None:
            dropped = frozenset(step.found.tags.get(EXTRA, "").split()) - tags.keys()
            dropped |= {EXTRA} - tags.keys() if EXTRA in step.found.tags else frozenset()
            kind.tag(scope, id, {FINGERPRINT: wanted.fingerprint, **tags}, dropped)
    return id


def _made_before(kind: AnyKind, step: Step, scope: Scope, within: float) -> Found[Any] | None:
    """What stands for a step that is tried again."""
    found: list[Found[Any]] = []

    def seen() -> bool:
        found[:] = look(scope, kind, step.part.partition("/")[2])
        return bool(found)

    if not seen() and step.action in ("create", "replace") and within:
        with suppress(CastraError):  # nothing was made
            wait_until(scope, seen, step.part, within)
    return _the_one(step.part, found)


def _the_one(key: str, found: list[Found[Any]]) -> Found[Any] | None:
    staying = [one for one in found if one.phase != "leaving"] or found[:1]
    if len(staying) > 1:
        raise Ambiguous(key, f"{' and '.join(one.id for one in staying)} both carry its tags", "Remove one of them")
    return staying[0] if staying else None


def _try_again(task: Any, run: Any, state: Any) -> bool:
    """Prefect's retry condition: the table of retry.py."""
    try:
        state.result()
    except Exception as error:  # noqa: BLE001 - any, to be judged
        return worth_another_try(error)
    return False


_of_steps: dict[str, Any] = {
    "cache_policy": NO_CACHE,
    "retries": 5,
    "retry_delay_seconds": exponential_backoff(1),
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": _try_again,
}


def _told(outcome: Outcome) -> Outcome:
    what = f"{outcome.action} {outcome.part}"
    progress.announce(progress.Event("done", what, outcome.id, outcome.seconds))
    return outcome


_tries: dict[str, tuple[float, BaseException]] = {}
"""By task run: when its last try began, and why it failed."""


@contextmanager
def _a_try() -> Iterator[BaseException | None]:
    """One try of a step; gives why the one before failed, and tells the time that was lost by it."""
    run, began = str(task_run.id), time.monotonic()
    before, failure = _tries.pop(run, (began, None))
    if failure is not None:
        lost(classify(failure), began - before)
    try:
        yield failure
    except Exception as error:
        if worth_another_try(error):
            _tries[run] = (began, error)
        raise


def _again() -> bool:
    return (task_run.run_count or 0) > 1 or begun_before(str(task_run.id))


@task(task_run_name="{step.action} {step.part}", **_of_steps)
def ensure(kind: AnyKind, step: Step, scope: Scope, known: dict[str, str], upstream: dict[str, Outcome]) -> Outcome:
    """Make or change one part. `known` are ids that the plan had, `upstream` the outcomes of steps that it needs."""
    ids = known | {key: outcome.id for key, outcome in upstream.items()}
    with progress.step(f"{step.action} {step.part}"), tallied(scope) as cost, _a_try() as failure:
        within = 0.0 if failure is not None and made_nothing(failure) else SEEN_WITHIN
        return cost(_told(bring_about(kind, step, scope, ids, again=_again(), seen_within=within)))


@task(task_run_name="await {outcome.part}", **_of_steps)
def await_ready(kind: AnyKind, outcome: Outcome, scope: Scope) -> Outcome:
    """Wait until a part can be used."""
    started = time.monotonic()
    with progress.step(f"await {outcome.part}"), tallied(scope) as cost, _a_try():
        kind.ready(scope, outcome.id)
        seconds = round(time.monotonic() - started, 3)
        progress.announce(progress.Event("done", f"await {outcome.part}", seconds=seconds))
        return cost(outcome.model_copy(update={"seconds": seconds, "elsewhere": None}))


@task(task_run_name="delete {removal.part}", **_of_steps)
def remove(kind: AnyKind, removal: Removal, scope: Scope) -> Outcome:
    """Remove one resource, and return once it's gone."""
    started = time.monotonic()
    with progress.step(f"delete {removal.part}"), tallied(scope) as cost, _a_try():
        scope.go_ahead.check()
        kind.delete(scope, removal.id)
        seconds = round(time.monotonic() - started, 3)
        return cost(_told(Outcome(part=removal.part, action="delete", id=removal.id, seconds=seconds)))


# ---------------------------------------------------------------------- alone, in anyone's flow


@cache
def tasks_of(kind: AnyKind) -> tuple[Task[..., Outcome], Task[..., list[Outcome]]]:
    """Two Prefect tasks of a kind, `create(scope, part, needs)` and `remove(scope, name)`, usable in any flow.

    `needs` takes the outcomes (or futures) of the parts that this one names; what isn't given is looked for by tag.
    Alone, create waits until the resource is ready. Both can be run again and again.
    """

    def create(scope: Scope, part: Part, needs: Iterable[Outcome] = ()) -> Outcome:
        ids = {outcome.part: outcome.id for outcome in needs} | answer(scope, [part])
        for key in part.needs:
            ids[key] = ids.get(key) or _standing_id(scope, part, key)
        found = _the_one(part.key, look(scope, kind, part.name))
        tags = scope.wanted_tags(part.key) if kind.taggable else None
        ids |= told_of_others(scope, part, ids)
        step = decide(part.key, kind.wanted(part, Ids(ids)), found, tags).model_copy(update={"asked": part})
        if step.action == "replace" and kind.holds:
            raise NeedsReplacing(
                part.key, f"it can't be changed in place: {kind.holds} would be lost", "Remove it first"
            )
        outcome = bring_about(kind, step, scope, ids)
        if step.action == "replace" and stays_until_replaced(step, {kind.name: kind}):
            kind.delete(scope, str(step.id))
        if kind.waits:
            kind.ready(scope, outcome.id)
        return outcome

    def remove_all(scope: Scope, name: str) -> list[Outcome]:
        scope.look_afresh()
        going = [found for found in kind.owned(scope) if found.name == name]
        for found in going:
            kind.delete(scope, found.id)
        return [Outcome(part=found.key, action="delete", id=found.id) for found in going]

    plural = (kind.__doc__ or kind.name).splitlines()[0].rstrip(".").lower()
    make = task(
        name=f"create {kind.name}",
        description=f"Make one of these, or bring it up to date: {plural}.",
        task_run_name=f"create {kind.name}/{{part.name}}",
        **_of_steps,
    )
    unmake = task(
        name=f"remove {kind.name}",
        description=f"Remove, by the name of its part, one of these: {plural}.",
        task_run_name=f"remove {kind.name}/{{name}}",
        **_of_steps,
    )
    return make(create), unmake(remove_all)


def _standing_id(scope: Scope, part: Part, key: str) -> str:
    kind, _, name = key.partition("/")
    found = _the_one(key, look(scope, KINDS[kind], name))
    if found is None:
        raise CastraError(
            part.key, f"needs {key}, which doesn't stand", "Make it first, or pass its outcome in `needs`"
        )
    return found.id
