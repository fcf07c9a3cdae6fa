"""Where moto leaves something out of what functions need, shown to a bare client."""

import io
import json
import urllib.request
import zipfile
from typing import Any

import pytest

from tests.physics import Physics
from tests.physics.builds import Builds, code_of

POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*"}]}'


def test_a_log_groups_tags_go_with_it(aws: Physics) -> None:
    logs = aws.client("logs")
    for tags in ({"a": "1"}, {}):
        logs.create_log_group(logGroupName="g", tags=tags)
        arn = logs.describe_log_groups()["logGroups"][0]["arn"].removesuffix(":*")
        assert logs.list_tags_for_resource(resourceArn=arn).get("tags", {}) == tags
        logs.delete_log_group(logGroupName="g")


def test_a_queue_keeps_its_policy_when_something_else_is_changed(aws: Physics) -> None:
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="q", Attributes={"Policy": POLICY})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "1"})
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"] == {"Policy": POLICY}


def zipped(word: str) -> bytes:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), f"def handler(event, context): return {word!r}")
    return code.getvalue()


@pytest.fixture
def functions(make: Builds) -> Any:
    """Lambda's client, where a function `f` stands with its first version and the alias `live`."""
    client, role = getattr(make, "lambda"), make.role(service="lambda.amazonaws.com")
    asked = {"FunctionName": "f", "Runtime": "python3.12", "Handler": "app.handler", "Role": role}
    client.create_function(**asked, Code={"ZipFile": zipped("one")}, LoggingConfig={"LogGroup": "/g"}, Publish=True)
    client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    return client


def test_a_function_tells_its_log_group_and_takes_another_processor_and_its_code_can_be_fetched(functions: Any) -> None:
    functions.update_function_code(FunctionName="f", ZipFile=zipped("two"), Architectures=["arm64"])
    functions.update_function_configuration(FunctionName="f", LoggingConfig={"LogGroup": "/h"})
    told, live = functions.get_function(FunctionName="f"), functions.get_function(FunctionName="f", Qualifier="live")
    now, before = told["Configuration"], live["Configuration"]
    assert (now["LoggingConfig"]["LogGroup"], now["Architectures"]) == ("/h", ["arm64"])
    assert (before["LoggingConfig"]["LogGroup"], before["Architectures"]) == ("/g", ["x86_64"])
    for answer, word in ((told, "two"), (live, "one")):
        with urllib.request.urlopen(answer["Code"]["Location"], timeout=10) as fetched:
            assert fetched.read() == zipped(word)


def test_a_layers_version_can_be_fetched(make: Builds) -> None:
    client = getattr(make, "lambda")
    client.publish_layer_version(LayerName="shared", Content={"ZipFile": zipped("one")})
    told = client.get_layer_version(LayerName="shared", VersionNumber=1)["Content"]
    with urllib.request.urlopen(told["Location"], timeout=10) as fetched:
        assert fetched.read() == zipped("one")


def test_a_versions_number_is_never_given_twice(functions: Any) -> None:
    for word in ("two", "three"):
        functions.update_function_code(FunctionName="f", ZipFile=zipped(word))
        functions.publish_version(FunctionName="f")
    functions.delete_function(FunctionName="f", Qualifier="2")
    assert functions.publish_version(FunctionName="f")["Version"] == "3", "nothing changed"
    functions.update_function_configuration(FunctionName="f", Timeout=9)
    assert functions.publish_version(FunctionName="f")["Version"] == "4"


def test_an_alias_has_a_policy_of_its_own_in_which_addresses_are_conditions(functions: Any) -> None:
    permit = {"FunctionName": "f", "Principal": "*", "Action": "lambda:InvokeFunctionUrl", "StatementId": "one"}
    functions.add_permission(**permit, FunctionUrlAuthType="NONE", Qualifier="live")
    assert code_of(functions.get_policy, FunctionName="f") == "ResourceNotFoundException"
    policy = functions.get_policy(FunctionName="f", Qualifier="live")["Policy"]
    (statement,) = json.loads(policy)["Statement"]
    assert statement["Condition"] == {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}


def test_an_addresss_rule_for_other_origins_goes_when_an_empty_one_comes(functions: Any) -> None:
    url = {"FunctionName": "f", "Qualifier": "live", "AuthType": "AWS_IAM"}
    functions.create_function_url_config(**url, Cors={"AllowOrigins": ["*"]})
    assert code_of(functions.create_function_url_config, **url) == "ResourceConflictException"
    functions.update_function_url_config(**url, Cors={})
    assert not functions.get_function_url_config(FunctionName="f", Qualifier="live").get("Cors")


def test_a_mapping_calls_the_alias_is_one_and_wants_a_role_that_may_read(make: Builds, functions: Any) -> None:
    url = make.sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "2"})["QueueUrl"]
    asked = {"QueueUrl": url, "AttributeNames": ["QueueArn"]}
    arn = make.sqs.get_queue_attributes(**asked)["Attributes"]["QueueArn"]
    live = functions.get_alias(FunctionName="f", Name="live")["AliasArn"]
    mapping = {"EventSourceArn": arn, "FunctionName": live}
    assert code_of(functions.create_event_source_mapping, **mapping) == "InvalidParameterValueException"
    make.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "30"})
    assert code_of(functions.create_event_source_mapping, **mapping) == "InvalidParameterValueException"
    statement = {"Effect": "Allow", "Action": ["sqs:ReceiveMessage"], "Resource": arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    make.iam.put_role_policy(RoleName="app", PolicyName="read", PolicyDocument=document)
    assert functions.create_event_source_mapping(**mapping)["FunctionArn"] == live
    assert code_of(functions.create_event_source_mapping, **mapping) == "ResourceConflictException"
