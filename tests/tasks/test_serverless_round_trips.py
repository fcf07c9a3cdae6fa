"""What each of these kinds would send to AWS reads back as what was wanted, whatever that is. Nothing is called."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.serverless import event_rule, event_source, function_url, queue
from tasks.serverless.event_rule import EventRuleState
from tasks.serverless.event_source import EventSourceState
from tasks.serverless.function_state import CONTENT, IMAGE, ZIP, FunctionState, configuration, state_of
from tasks.serverless.function_url import CrossOriginState, FunctionUrlState
from tasks.serverless.permission import PermissionState, permission_in
from tasks.serverless.queue import QueueState

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:e--hello"
words = st.text("abcXYZ019-_", min_size=1, max_size=12)
arns = st.builds("arn:aws:sqs:eu-west-1:123456789012:{}".format, words)
numbers = st.integers(0, 1000)


def tuples(of: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(of, max_size=3).map(tuple)


@st.composite
def functions(draw: Any) -> FunctionState:
    image = draw(st.booleans())
    return FunctionState(
        package=IMAGE if image else ZIP,
        code=draw(words),
        handler=None if image else draw(words),
        runtime=None if image else draw(words),
        architecture=draw(st.sampled_from(["x86_64", "arm64"])),
        memory=draw(numbers),
        timeout=draw(numbers),
        role=draw(arns),
        environment=draw(st.dictionaries(words, st.text(max_size=5), max_size=3)),
        subnets=draw(tuples(words)),
        groups=draw(tuples(words)),
        layers=() if image else draw(tuples(arns)),
        logs=f"arn:aws:logs:eu-west-1:123456789012:log-group:/castra/{draw(words)}",
        dead_letters=draw(st.none() | arns),
        concurrency=draw(st.none() | numbers),
    )


@quick
@given(functions())
def test_functions(wanted: FunctionState) -> None:
    told = configuration(wanted) | {
        "FunctionName": "e--hello",
        "FunctionArn": FUNCTION,
        "PackageType": wanted.package,
        "Architectures": [wanted.architecture],
        "CodeSha256": "c2hh",
    }
    told["Layers"] = [{"Arn": arn, "CodeSize": 1} for arn in told.get("Layers", ())]
    answer: dict[str, Any] = {"Configuration": told, "Code": {"ImageUri": wanted.code}}
    answer["Tags"] = {CONTENT: f"{wanted.code} c2hh"}
    if wanted.concurrency is not None:
        answer["Concurrency"] = {"ReservedConcurrentExecutions": wanted.concurrency}
    version = told | {"FunctionArn": f"{FUNCTION}:7", "Version": "7"}
    assert state_of(answer, version) == wanted
    assert not state_of(answer, version | {"Timeout": wanted.timeout + 1}).live
    assert not state_of(answer, None).live


@quick
@given(
    st.builds(
        QueueState,
        visibility=numbers,
        retention=numbers,
        delay=numbers,
        wait=numbers,
        dead_letters=arns,
        tries=numbers,
        encryption=st.sampled_from(["sqs"]) | arns,
    ),
    st.booleans(),
)
def test_queues(wanted: QueueState, alone: bool) -> None:
    wanted = wanted.model_copy(update={"dead_letters": None, "tries": None}) if alone else wanted
    sent = queue._attributes(wanted, frozenset(QueueState.model_fields))
    assert queue._state({key: value for key, value in sent.items() if value}) == wanted


@quick
@given(
    st.builds(
        EventSourceState,
        function=st.just(FUNCTION),
        queue=arns,
        batch=numbers,
        window=numbers,
        concurrency=st.none() | st.integers(2, 1000),
        partial_failures=st.booleans(),
        enabled=st.booleans(),
    )
)
def test_event_sources(wanted: EventSourceState) -> None:
    sent = event_source._settings(wanted)
    told = sent | {"FunctionArn": sent["FunctionName"], "EventSourceArn": wanted.queue}
    assert event_source._state(told | {"State": "Enabled" if sent["Enabled"] else "Disabled"}) == wanted


@quick
@given(
    st.builds(
        FunctionUrlState,
        function=st.just(FUNCTION),
        open=st.booleans(),
        streams=st.booleans(),
        cors=st.none()
        | st.builds(
            CrossOriginState,
            origins=tuples(words).filter(bool),
            methods=tuples(words),
            headers=tuples(words.map(str.lower)),
            exposed=tuples(words),
            credentials=st.booleans(),
            max_age=numbers,
        ),
    )
)
def test_addresses(wanted: FunctionUrlState) -> None:
    assert function_url._state(FUNCTION, function_url._settings(f"{FUNCTION}/url", wanted)) == wanted


@quick
@given(st.builds(EventRuleState, schedule=words, function=st.just(FUNCTION), enabled=st.booleans()))
def test_event_rules(wanted: EventRuleState) -> None:
    targets = [{"Id": event_rule.TARGET, "Arn": f"{wanted.function}:live"}]
    assert event_rule._state(event_rule._rule("e--x", wanted), targets) == wanted


@quick
@given(arns, st.sampled_from(["s3.amazonaws.com", "events.amazonaws.com"]))
def test_permissions_as_aws_writes_them(source: str, service: str) -> None:
    conditions = {"ArnLike": {"AWS:SourceArn": source}, "StringEquals": {"AWS:SourceAccount": "123456789012"}}
    statement = {"Principal": {"Service": service}, "Action": "lambda:InvokeFunction", "Condition": conditions}
    assert permission_in(FUNCTION, json.loads(json.dumps(statement))) == PermissionState(
        function=FUNCTION,
        principal=service,
        source=source,
        account="123456789012",
        action="lambda:InvokeFunction",
        by_address=False,
    )
