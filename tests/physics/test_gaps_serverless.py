"""Where moto leaves something out of what functions need, shown to a bare client."""

from tests.physics import Physics

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
