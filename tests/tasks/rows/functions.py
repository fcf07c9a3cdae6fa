"""Rows of the kinds that functions need, in tasks/serverless."""

import io
import zipfile
from pathlib import Path
from typing import Any

from blueprints.addresses import CrossOrigin, FunctionUrl
from blueprints.functions import Function
from blueprints.granting import allowing, policy_of
from blueprints.identity import Role
from blueprints.log_groups import LogGroup
from blueprints.part import Id, Lookup, Ready, text
from blueprints.queues import Queue
from blueprints.topics import ALARMS_PUBLISH, Topic
from blueprints.triggers import EventRule, EventSource, Permission
from tasks.scope import Scope, as_list
from tests.tasks.rows.network import but
from tests.tasks.rows.row import Row
from tests.tasks.rows.serverless import LAYER

KEYS = [f"arn:aws:kms:eu-west-1:123456789012:key/{number}" for number in ("one", "two")]
LOGS = LogGroup(name="jobs", on_removal="wipe")
DEAD = Queue(name="jobs-dead", retention=1_209_600)
TOPIC = Topic(name="ops", title="The watch", emails=("ops@example.com",), policy=ALARMS_PUBLISH)
QUEUE = Queue(name="jobs", visibility=180, dead_letters=Id("queue/jobs-dead"))

FILES = Path(__file__).parent / "files"
WITH_QUEUES = policy_of([allowing(["sqs:*"], "*")])
ROLE = Role(name="function-hello", trusts=("lambda.amazonaws.com",), policies={"queues": WITH_QUEUES})
OTHER_ROLE = Role(name="function-other", trusts=("lambda.amazonaws.com",))
HELLO_LOGS, OTHER_LOGS = (LogGroup(name=f"function-{name}", on_removal="wipe") for name in ("hello", "other"))
FUNCTION = Function(
    name="hello",
    folder=str(FILES / "hello"),
    content=Lookup("built:function/hello"),
    handler="app.handler",
    runtime="python3.13",
    role=Id("role/function-hello"),
    environment={"WORD": "Hi", "QUEUE": Id("queue/jobs-dead")},
    logs=Id("log-group/function-hello"),
    concurrency=2,
    dead_letters=Id("queue/jobs-dead"),
)
CALLED = (DEAD, ROLE, HELLO_LOGS, FUNCTION)
URL = FunctionUrl(name="hello", function=Ready("function/hello"))
RULE = EventRule(name="hello-1", schedule="rate(5 minutes)", function=Ready("function/hello"))
READER = EventSource(name="hello-jobs", function=Ready("function/hello"), queue=Id("queue/jobs"))
PERMISSION = Permission(
    name="hello-schedule-1",
    function=Ready("function/hello"),
    principal="events.amazonaws.com",
    source=Id("event-rule/hello-1"),
)
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/hello:1"


def log_group(arn: str) -> str:
    return arn.partition(":log-group:")[2]


def keep_logs_for_ever(scope: Scope, id: str) -> None:
    scope.client("logs").delete_retention_policy(logGroupName=log_group(id))


def delete_logs(scope: Scope, id: str) -> None:
    scope.client("logs").delete_log_group(logGroupName=log_group(id))


def but_me(document: dict[str, Any]) -> dict[str, Any]:
    """The same for another service, too."""
    (statement,) = document["Statement"]
    more = statement | {"Sid": "More", "Principal": {"Service": "events.amazonaws.com"}}
    return document | {"Statement": [statement, more]}


def rename_topic(scope: Scope, id: str) -> None:
    sns = scope.client("sns")
    sns.set_topic_attributes(TopicArn=id, AttributeName="DisplayName", AttributeValue="Somebody")
    sns.subscribe(TopicArn=id, Protocol="email", Endpoint="else@example.com")


def second_topic(scope: Scope, key: str) -> None:
    scope.client("sns").create_topic(Name=scope.name("twin"), Tags=as_list(scope.birth_tags(key, None)))


def of_queue(scope: Scope, id: str) -> dict[str, Any]:
    return {"QueueUrl": scope.client("sqs").get_queue_url(QueueName=id.rpartition(":")[2])["QueueUrl"]}


def open_queue(scope: Scope, id: str) -> None:
    anybody = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sqs:*"}}'
    changes = {"Policy": anybody, "RedrivePolicy": "", "VisibilityTimeout": "5", "SqsManagedSseEnabled": "false"}
    scope.client("sqs").set_queue_attributes(**of_queue(scope, id), Attributes=changes)


def delete_queue(scope: Scope, id: str) -> None:
    scope.client("sqs").delete_queue(**of_queue(scope, id))


def zipped(content: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", content)
    return buffer.getvalue()


def change_function(scope: Scope, id: str) -> None:
    client = scope.client("lambda")
    client.update_function_code(FunctionName=id, ZipFile=zipped("handler = print"))
    environment = {"Variables": {"WORD": "Nothing"}}
    client.update_function_configuration(FunctionName=id, Environment=environment, MemorySize=512)
    client.delete_function_concurrency(FunctionName=id)


def delete_function(scope: Scope, id: str) -> None:
    scope.client("lambda").delete_function(FunctionName=id)


def open_address(scope: Scope, id: str) -> None:
    cors = {"AllowOrigins": ["*"], "AllowCredentials": False}
    name = id.removesuffix("/url")
    scope.client("lambda").update_function_url_config(FunctionName=name, Qualifier="live", AuthType="NONE", Cors=cors)


def delete_address(scope: Scope, id: str) -> None:
    scope.client("lambda").delete_function_url_config(FunctionName=id.removesuffix("/url"), Qualifier="live")


def change_rule(scope: Scope, id: str) -> None:
    name = id.rpartition("/")[2]
    scope.client("events").put_rule(Name=name, ScheduleExpression="rate(1 day)", State="DISABLED")
    targets = [{"Id": "castra", "Arn": f"{id}:elsewhere"}, {"Id": "mine", "Arn": f"{id}:mine"}]
    scope.client("events").put_targets(Rule=name, Targets=targets)


def delete_rule(scope: Scope, id: str) -> None:
    name, events = id.rpartition("/")[2], scope.client("events")
    ids = [target["Id"] for target in events.list_targets_by_rule(Rule=name)["Targets"]]
    events.remove_targets(Rule=name, Ids=ids)
    events.delete_rule(Name=name)


def stop_reading(scope: Scope, id: str) -> None:
    scope.client("lambda").update_event_source_mapping(UUID=id, Enabled=False, BatchSize=1)


def delete_reader(scope: Scope, id: str) -> None:
    scope.client("lambda").delete_event_source_mapping(UUID=id)


def forget_permission(scope: Scope, id: str) -> None:
    function, _, sid = id.partition("/")
    scope.client("lambda").remove_permission(FunctionName=function, StatementId=sid, Qualifier="live")


def widen_permission(scope: Scope, id: str) -> None:
    forget_permission(scope, id)
    function, _, sid = id.partition("/")
    scope.client("lambda").add_permission(
        FunctionName=function,
        StatementId=sid,
        Qualifier="live",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
    )


ROWS = (
    Row(
        part=LOGS,
        changed=LogGroup(name="jobs", retention=None, encryption_key=KEYS[0], on_removal="wipe"),
        by_hand=keep_logs_for_ever,
        vanish=delete_logs,
    ),
    Row(
        part=QUEUE,
        needs=(DEAD,),
        changed=Queue(name="jobs", visibility=0, retention=60, delay=900, wait=0, encryption_key=KEYS[0]),
        by_hand=open_queue,
        vanish=delete_queue,
    ),
    Row(
        part=TOPIC,
        changed=Topic(name="ops", emails=("b@example.com",), encryption_key=KEYS[0], policy=but_me(ALARMS_PUBLISH)),
        by_hand=rename_topic,
        vanish=lambda scope, id: scope.client("sns").delete_topic(TopicArn=id),
        twin=second_topic,
    ),
    Row(
        part=FUNCTION,
        needs=(DEAD, LAYER, ROLE, OTHER_ROLE, HELLO_LOGS, OTHER_LOGS),
        changed=but(
            FUNCTION,
            folder=str(FILES / "hallo"),
            runtime="python3.12",
            architecture="arm64",
            memory=256,
            timeout=900,
            role=Id("role/function-other"),
            environment={"LAYER": text("it is ", Id("layer/words"))},
            layers=(Id("layer/words"),),
            logs=Id("log-group/function-other"),
            concurrency=None,
            dead_letters=None,
        ),
        by_hand=change_function,
        vanish=delete_function,
    ),
    Row(
        part=URL,
        needs=CALLED,
        changed=but(URL, open=True, cors=CrossOrigin(origins=("https://a.example",), headers=("X-B", "a"), max_age=60)),
        by_hand=open_address,
        vanish=delete_address,
    ),
    Row(
        part=RULE,
        needs=CALLED,
        changed=but(RULE, schedule="cron(0 8 ? * MON-FRI *)"),
        by_hand=change_rule,
        vanish=delete_rule,
    ),
    Row(
        part=READER,
        needs=(*CALLED, QUEUE),
        changed=but(READER, batch=100, window=20, concurrency=5, partial_failures=True),
        moved=but(READER, queue=Id("queue/jobs-dead")),
        by_hand=stop_reading,
        vanish=delete_reader,
    ),
    Row(
        part=PERMISSION,
        needs=(*CALLED, RULE),
        changed=but(PERMISSION, principal="s3.amazonaws.com", source="arn:aws:s3:::things"),
        by_hand=widen_permission,
        vanish=forget_permission,
    ),
)
