"""Alarms and the topics that they tell, as plain clients list them."""

from collections.abc import Iterator
from typing import Any

from tests.crash.apis import without


def alarms(cloudwatch: Any) -> Iterator[tuple[str, Any]]:
    """Each; an API's id, by which one is watched, is chance."""
    for page in cloudwatch.get_paginator("describe_alarms").paginate():
        for alarm in page["MetricAlarms"]:
            watched = [{**one, "Value": "*"} if one["Name"] == "ApiId" else one for one in alarm.get("Dimensions", [])]
            tags = cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
            yield "MetricAlarms", {**alarm, "Dimensions": watched, "Tags": tags}


def topics(sns: Any) -> Iterator[tuple[str, Any]]:
    """Each, with who subscribed to it."""
    for page in sns.get_paginator("list_topics").paginate():
        for arn in [one["TopicArn"] for one in page["Topics"]]:
            told = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
            subscribed = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
            told["Subscribed"] = [without(one, "SubscriptionArn") for one in subscribed]
            yield "Topics", told | {"Tags": sns.list_tags_for_resource(ResourceArn=arn)["Tags"]}
