"""The canonical form of policies: equal means equal, different stays different; and what is told of wrong ones."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.identity.policy import canonical, problems, trust
from tasks.kind import unknown, unknowns

words = st.text("abcXYZ012-_/*:", min_size=1, max_size=12)
actions = st.builds("{}:{}".format, st.sampled_from(["s3", "ec2", "iam"]), st.text("abcGetPut", min_size=1))
sets = st.lists(words, min_size=1, max_size=4, unique=True)
statements = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": st.lists(actions, min_size=1, unique=True)},
    optional={
        "Sid": st.text("abc123", max_size=8),
        "Resource": sets,
        "NotResource": sets,
        "Principal": st.dictionaries(st.sampled_from(["AWS", "Service", "Federated"]), sets, min_size=1),
        "Condition": st.dictionaries(
            st.sampled_from(["StringEquals", "Bool", "NumericLessThan"]),
            st.dictionaries(words, sets, min_size=1),
            min_size=1,
        ),
    },
)
documents = st.fixed_dictionaries(
    {"Version": st.just("2012-10-17"), "Statement": st.lists(statements, min_size=1, max_size=4)},
    optional={"Id": words},
)


def rewritten(value: Any, draw: Any, sets_here: bool = False) -> Any:
    """The same document in another form: keys and set members in another order, doubled, single ones bare."""
    if isinstance(value, dict):
        keys = draw(st.permutations(list(value)))
        return {key: rewritten(value[key], draw, sets_here=key != "Statement") for key in keys}
    if isinstance(value, list) and sets_here:
        if len(value) == 1 and draw(st.booleans()):
            return value[0]
        return draw(st.permutations(value)) + value[: draw(st.integers(0, 1))]
    if isinstance(value, list):
        return [rewritten(inner, draw) for inner in value]
    return value


@given(documents, st.data())
def test_however_a_document_is_written_it_has_one_text(document: dict[str, Any], data: st.DataObject) -> None:
    other = rewritten(document, data.draw)
    if len(other["Statement"]) == 1 and data.draw(st.booleans()):
        other["Statement"] = other["Statement"][0]
    assert canonical(other) == canonical(document)


@given(documents)
def test_what_aws_answers_for_it_has_the_same_text(document: dict[str, Any]) -> None:
    text = canonical(document)
    assert canonical(text) == text
    assert canonical(quote(text)) == text
    assert canonical(json.dumps(document, indent=4)) == text
    assert canonical(json.loads(text)) == text


@given(documents, st.data())
def test_another_meaning_has_another_text(document: dict[str, Any], data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(document["Statement"]) - 1))
    changed = json.loads(json.dumps(document))
    statement = changed["Statement"][number]
    match data.draw(st.sampled_from(["effect", "action", "dropped", "added"])):
        case "effect":
            statement["Effect"] = "Deny" if statement["Effect"] == "Allow" else "Allow"
        case "action":
            statement["Action"] += ["sqs:SendMessage"]
        case "dropped":
            del changed["Statement"][number]
        case "added":
            changed["Statement"].insert(number, {"Effect": "Deny", "Action": "kms:*", "Resource": "*"})
    assert canonical(changed) != canonical(document)


def test_the_order_of_statements_is_kept() -> None:
    first, second = ({"Effect": effect, "Action": "s3:*", "Resource": "*"} for effect in ("Allow", "Deny"))
    assert canonical({"Statement": [first, second]}) != canonical({"Statement": [second, first]})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"Principal": "*"}, {"Principal": {"AWS": ["*"]}}),
        ({"Principal": {"AWS": "123456789012"}}, {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}),
        ({"Principal": {"AWS": "123456789012"}}, {"Principal": {"AWS": ["arn:aws-cn:iam::123456789012:root"]}}),
        ({"Condition": {"Bool": {"a": True}}}, {"Condition": {"Bool": {"a": ["true"]}}}),
        ({"Condition": {"NumericLessThan": {"a": 5}}}, {"Condition": {"NumericLessThan": {"a": "5"}}}),
        ({"Condition": {}}, {}),
    ],
)
def test_what_aws_takes_for_the_same_is_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    whole = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    assert canonical({"Statement": whole | one}) == canonical({"Statement": [whole | other]})


def test_without_a_version_it_is_the_old_one_as_aws_has_it() -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    assert canonical({"Statement": statement}) == canonical({"Version": "2008-10-17", "Statement": statement})
    assert canonical({"Statement": statement}) != canonical({"Version": "2012-10-17", "Statement": statement})


@pytest.mark.parametrize("strange", ["not json", "%7Bnot json", "[]", "7", {"Statement": ["?"]}])
def test_what_is_no_policy_can_still_be_read_and_told_apart(strange: Any) -> None:
    assert canonical(strange) != canonical({"Statement": []})


def test_trust_is_the_same_in_whatever_order_services_are_named() -> None:
    services = ("lambda.amazonaws.com", "ec2.amazonaws.com")
    assert trust(services) == trust(services[::-1])
    assert json.loads(trust(services))["Statement"][0]["Principal"]["Service"] == sorted(services)


FINE = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("text", "here: isn't a policy document"),
        ({}, "here.Statement: there's none"),
        ({"Version": "2020-01-01", "Statement": FINE}, "here.Version: '2020-01-01' isn't a version"),
        ({"Statement": FINE | {"Resource": "arn:aws:s3:::${aws:username}"}}, "here.Version: without it"),
        ({"Statment": [], "Statement": FINE}, "here.Statment: AWS doesn't know this key"),
        ({"Statement": [FINE, "x"]}, "here.Statement[1]: isn't a statement"),
        ({"Statement": [FINE | {"Effect": "allow"}]}, "here.Statement[0].Effect: is 'allow'"),
        ({"Statement": [FINE | {"Action": "GetObject"}]}, "here.Statement[0].Action: 'GetObject' isn't an action"),
        ({"Statement": [FINE | {"Action": []}]}, "here.Statement[0].Action: is empty"),
        ({"Statement": [FINE | {"Resource": ["*", "things"]}]}, "here.Statement[0].Resource: 'things' isn't"),
        ({"Statement": [FINE | {"NotAction": "s3:*"}]}, "here.Statement[0]: should have Action or NotAction"),
        ({"Statement": [{"Effect": "Deny", "Action": "*"}]}, "here.Statement[0]: should have Resource or"),
        ({"Statement": [FINE | {"Principal": "*"}]}, "here.Statement[0].Principal: a role's own policy names no"),
        ({"Statement": [FINE | {"Sid": "a b"}]}, "here.Statement[0].Sid: 'a b' isn't made of letters"),
        ({"Statement": [FINE | {"Sid": "a"}] * 2}, "here.Statement[1].Sid: 'a' stands twice"),
        ({"Statement": [FINE | {"Condition": {"Bool": True}}]}, "here.Statement[0].Condition: isn't a condition"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(document: Any, told: str) -> None:
    (problem,) = problems(document, "here")
    assert str(problem).startswith(told)


def test_all_that_is_wrong_is_told_at_once() -> None:
    wrong = {"Statement": [{"Effect": "Maybe", "Action": "x"}, FINE | {"Resource": 7}]}
    places = [problem.path for problem in problems(wrong, "p")]
    assert places == ["p.Statement[0].Effect", "p.Statement[0]", "p.Statement[0].Action", "p.Statement[1].Resource"]


def test_an_id_that_is_not_known_yet_is_one_still() -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{unknown('bucket/files')}/*"}
    assert unknowns(canonical({"Statement": [statement]})) == {"bucket/files"}
