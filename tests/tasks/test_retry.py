"""Whether to try again: the table, and patience with exactly one class of errors; nobody sleeps."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
    ResponseStreamingError,
    SSLError,
    WaiterError,
)
from hypothesis import given
from hypothesis import strategies as st

from tasks import progress
from tasks.errors import Ambiguous, CastraError, Halted, LeaseLost
from tasks.retry import TABLE, Rule, classify, counted, when_released, when_visible, worth_another_try


def answered(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "AnyOperation")


# ---------------------------------------------------------------------- the table


@pytest.mark.parametrize("rule", TABLE, ids=lambda rule: f"{rule.code} {' '.join(rule.words)}".strip())
def test_every_row_of_the_table_is_reached(rule: Rule) -> None:
    assert classify(answered(rule.code, f"Before {' and '.join(rule.words)} after.")) == rule.means


@pytest.mark.parametrize("rule", [rule for rule in TABLE if rule.words], ids=lambda rule: " ".join(rule.words))
def test_a_row_with_words_speaks_only_of_messages_that_have_them_all(rule: Rule) -> None:
    without = [row for row in TABLE if row.code == rule.code and not row.words]
    assert classify(answered(rule.code, "something else")) == (without[0].means if without else "final")
    if len(rule.words) > 1:
        others = {row.means for row in TABLE if row.code == rule.code and row is not rule}
        assert classify(answered(rule.code, rule.words[0])) in others | {"final"}


def test_no_row_stands_twice() -> None:
    assert len({(rule.code, rule.words) for rule in TABLE}) == len(TABLE)


@pytest.mark.parametrize(
    ("error", "means"),
    [
        (answered("RequestLimitExceeded"), "throttled"),
        (answered("Throttling", "Rate exceeded"), "throttled"),
        (answered("InternalError"), "broken"),
        (answered("503"), "broken"),
        (answered("InvalidVpcID.NotFound", "The vpc ID 'vpc-1' does not exist"), "propagation"),
        (answered("NoSuchEntity", "The role with name x cannot be found."), "propagation"),
        (answered("NoSuchEntity", "Policy arn:x does not exist or is not attachable."), "final"),
        (answered("ValidationError", "Invalid IAM Instance Profile: x"), "propagation"),
        (answered("ValidationError", "At least one subnet is needed"), "final"),
        (answered("DependencyViolation"), "dependency"),
        (answered("DeleteConflict"), "dependency"),
        (ConnectionClosedError(endpoint_url="x"), "broken"),
        (ReadTimeoutError(endpoint_url="x"), "broken"),
        (ConnectTimeoutError(endpoint_url="x"), "broken"),
        (EndpointConnectionError(endpoint_url="x"), "broken"),
        (ResponseStreamingError(error="x"), "broken"),
        (HTTPClientError(error="x"), "broken"),
    ],
)
def test_what_deserves_another_try_and_why(error: Exception, means: str) -> None:
    assert classify(error) == means
    assert worth_another_try(error) == (means != "final")


FINAL = [
    answered("AccessDenied"),
    answered("UnauthorizedOperation"),
    answered("AuthFailure"),
    answered("ExpiredToken"),
    answered("InvalidParameterValue", "Value (x) for parameter cidrBlock is invalid"),
    answered("InvalidParameterCombination"),
    answered("VpcLimitExceeded"),
    answered("AddressLimitExceeded"),
    answered("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10"),
    answered("MalformedPolicyDocument", "Syntax errors in policy."),
    answered("BucketAlreadyExists"),
    answered(""),
    ClientError({}, "AnyOperation"),
    ParamValidationError(report="x"),
    NoCredentialsError(),
    SSLError(endpoint_url="x", error="bad certificate"),
    WaiterError("vpc_available", "Max attempts exceeded", {}),
    CastraError("what", "why"),
    Ambiguous("what", "why"),
    Halted("halt", "why"),
    LeaseLost("lease", "why"),
    ValueError("a mistake"),
    KeyboardInterrupt(),
]


@pytest.mark.parametrize("error", FINAL, ids=lambda error: str(error)[:60] or type(error).__name__)
def test_what_trying_again_wont_mend_is_final(error: BaseException) -> None:
    assert classify(error) == "final"
    assert not worth_another_try(error)


@given(st.text(), st.text())
def test_whatever_isnt_in_the_table_is_final(code: str, message: str) -> None:
    if code not in {rule.code for rule in TABLE}:
        assert classify(answered(code, message)) == "final"


# ---------------------------------------------------------------------- patience


class Hours:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> Hours:
    hours = Hours()
    for name in ("tenacity.time", "tenacity.nap.time", "tasks.retry.time"):
        monkeypatch.setattr(name, hours)
    return hours


class Call:
    """Fails with these errors, one after the other (the last for ever, with `always`); then gives what it was given."""

    def __init__(self, *errors: Exception, always: bool = False) -> None:
        self.errors, self.always, self.count = list(errors), always, 0

    def __call__(self, *given: Any, **named: Any) -> Any:
        self.count += 1
        if self.errors:
            raise self.errors[0] if self.always else self.errors.pop(0)
        return given, named


Patience = Callable[..., Any]
UNSEEN = answered("InvalidVpcID.NotFound")
HELD = answered("DependencyViolation")
both = pytest.mark.parametrize(
    ("patience", "own", "shortest", "longest", "deadline"),
    [(when_visible, UNSEEN, 0.25, 2, 60), (when_released, HELD, 0.5, 5, 600)],
    ids=["visible", "released"],
)


@both
def test_what_succeeds_is_called_once_with_its_arguments_and_nobody_waits(
    hours: Hours, patience: Patience, own: Any, shortest: float, longest: float, deadline: float
) -> None:
    call = Call()
    assert patience("vpc", call, 1, name="x") == ((1,), {"name": "x"})
    assert (call.count, hours.slept) == (1, [])


@both
def test_its_own_class_is_tried_again_until_it_succeeds(
    hours: Hours, patience: Patience, own: Any, shortest: float, longest: float, deadline: float
) -> None:
    call = Call(*[own] * 6)
    patience("vpc", call)
    assert call.count == 7
    assert all(shortest <= pause <= longest for pause in hours.slept)
    assert hours.slept[0] <= 2 * shortest
    assert hours.slept[-1] == longest


@both
def test_it_gives_up_at_its_deadline_with_what_aws_said_last(
    hours: Hours, patience: Patience, own: Any, shortest: float, longest: float, deadline: float
) -> None:
    call = Call(own, always=True)
    with pytest.raises(ClientError) as caught:
        patience("vpc", call)
    assert caught.value is own
    assert deadline <= hours.now - 1000 <= deadline + longest


@both
@pytest.mark.parametrize(
    "other",
    [
        UNSEEN,
        HELD,
        answered("Throttling"),
        answered("InternalError"),
        ConnectionClosedError(endpoint_url="x"),
        *(error for error in FINAL if isinstance(error, Exception)),
    ],
    ids=lambda error: str(error)[:40] or type(error).__name__,
)
def test_every_other_class_is_raised_at_once(
    hours: Hours, patience: Patience, own: Any, shortest: float, longest: float, deadline: float, other: Exception
) -> None:
    if other is own:
        return
    for first in ([], [own]):
        call = Call(*first, other, always=False)
        with pytest.raises(type(other)) as caught:
            patience("vpc", call)
        assert caught.value is other
        assert call.count == len(first) + 1


def test_a_long_wait_is_told_with_its_reason_and_a_short_one_isnt(hours: Hours) -> None:
    events: list[progress.Event] = []

    def heard(event: progress.Event) -> None:
        if event.status != "retried":
            events.append(event)

    with progress.listening(heard), progress.step("create subnet/a"):
        when_visible("vpc vpc-1", Call(UNSEEN))
        assert [event.status for event in events] == ["started"]
        when_visible("vpc vpc-1", Call(*[UNSEEN] * 5))
    notes = [event.note for event in events if event.status == "waiting"]
    assert notes
    assert all(note.startswith("waiting for vpc vpc-1, ") and note.endswith(" s") for note in notes)


@both
def test_what_is_tried_again_is_counted_with_the_seconds_that_it_took(
    hours: Hours, patience: Patience, own: Any, shortest: float, longest: float, deadline: float
) -> None:
    with counted() as retries:
        patience("vpc", Call(own, own))
    (retried,) = retries.summary.values()
    assert (list(retries.summary), retried.count) == ([classify(own)], 2)
    assert retried.seconds == pytest.approx(sum(hours.slept), abs=0.1)
