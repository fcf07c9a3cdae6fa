"""Functions, what calls them, and queues, as plain clients tell them."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from tasks.scope import as_list
from tests.crash.apis import without


def functions(client: Any) -> Iterator[tuple[str, Any]]:
    """Each with what its alias leads to and who may call that; how often it was published is chance."""
    for name in [one["FunctionName"] for one in client.list_functions()["Functions"]]:
        live = {"FunctionName": name, "Qualifier": "live"}
        inside: dict[str, Any] = {"FunctionName": name}
        for told in ("get_function_configuration", "get_policy", "get_function_url_config"):
            with suppress(ClientError):  # it has none
                inside[told] = without(getattr(client, told)(**live), "ResponseMetadata", "FunctionUrl", "FunctionArn")
        if "get_policy" in inside:  # its statements stand in the order in which they were made
            inside["get_policy"] = sorted(map(json.dumps, json.loads(inside["get_policy"]["Policy"])["Statement"]))
        function = client.get_function(FunctionName=name)
        inside["Latest"] = without(function["Configuration"], "FunctionArn", "LastModified")
        yield "Functions", inside | {"Tags": as_list(function["Tags"]), "Concurrency": function.get("Concurrency")}
    for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
        tags = client.list_tags(Resource=mapping["EventSourceMappingArn"])["Tags"]
        yield "EventSources", without(mapping, "UUID", "EventSourceMappingArn") | {"Tags": as_list(tags)}


def queues(sqs: Any) -> Iterator[tuple[str, Any]]:
    for url in sqs.list_queues().get("QueueUrls", []):
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        tags = as_list(sqs.list_queue_tags(QueueUrl=url).get("Tags", {}))
        yield "Queues", without(told, "CreatedTimestamp", "LastModifiedTimestamp") | {"Tags": tags}


def rules(events: Any) -> Iterator[tuple[str, Any]]:
    for rule in events.list_rules()["Rules"]:
        tags = events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]
        yield "EventRules", rule | {"Tags": tags, "Targets": events.list_targets_by_rule(Rule=rule["Name"])["Targets"]}
