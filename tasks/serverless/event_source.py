"""Event sources: queues that Lambda reads for a function."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.triggers import EventSource
from tasks.each import each
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.kind import Fixed, Found, Kind, Phase, State
from tasks.retry import when_released, when_visible
from tasks.scope import ENVIRONMENT, PART, Scope
from tasks.serverless.function_state import LIVE
from tasks.serverless.versions import GONE
from tasks.waiting import wait_until

WITHIN = 300.0  # seconds until it reads, or is gone
PHASES: dict[str, Phase] = {"Creating": "pending", "Enabling": "pending", "Updating": "pending", "Deleting": "leaving"}
PARTIAL = "ReportBatchItemFailures"


class EventSourceState(State):
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html

    `function` is the ARN of one that is called by its alias; with another qualifier, the ARN has that.
    """

    function: str
    queue: Fixed[str]
    batch: int
    window: int
    concurrency: int | None
    partial_failures: bool
    enabled: bool = True


class EventSourceKind(Kind[EventSource, EventSourceState]):
    """Event sources: queues that Lambda reads for a function. The UUID is the id."""

    name = "event-source"
    goes_first = True  # AWS keeps one of a queue and a function
    actions = (
        "lambda:CreateEventSourceMapping",
        "lambda:DeleteEventSourceMapping",
        "lambda:GetEventSourceMapping",
        "lambda:ListEventSourceMappings",
        "lambda:ListTags",
        "lambda:TagResource",
        "lambda:UntagResource",
        "lambda:UpdateEventSourceMapping",
    )

    def owned(self, scope: Scope) -> Iterator[Found[EventSourceState]]:
        """All of the account, and a call each for the tags of those whose function is named like ours."""
        start = f":function:{scope.environment}--" if scope.environment else ":function:"
        mappings = scope.pages("lambda", "list_event_source_mappings", "EventSourceMappings")
        ours = [one for one in mappings if start in one.get("FunctionArn", "") and "--" in one["FunctionArn"]]
        for mapping, tags in each(lambda mapping: _tags(scope, mapping["EventSourceMappingArn"]), ours):
            if (name := self.named_in(tags)) and scope.owns(tags):
                phase = PHASES.get(mapping.get("State", ""), "standing")
                yield Found(self.name, name, mapping["UUID"], _state(mapping), tags, phase)

    def wanted(self, part: EventSource, ids: Mapping[str, str]) -> EventSourceState:
        """See the base."""
        return EventSourceState(
            function=ids[part.function],
            queue=ids[part.queue],
            batch=part.batch,
            window=part.window,
            concurrency=part.concurrency,
            partial_failures=part.partial_failures,
        )

    def create(self, scope: Scope, name: str, wanted: EventSourceState) -> str:
        """What the role may do is visible some seconds late. One that is there already is taken on if it's ours."""
        tags = self.birth_tags(scope, name, wanted)
        try:
            made = when_visible(
                f"what function {wanted.function} may do",
                scope.client("lambda").create_event_source_mapping,
                EventSourceArn=wanted.queue,
                Tags=tags,
                **{key: value for key, value in _settings(wanted).items() if value != {}},
            )
        except ClientError as error:
            if code_of(error) != "ResourceConflictException":
                raise
            return self._taken_on(scope, name, wanted)
        return str(made["UUID"])

    def ready(self, scope: Scope, id: str) -> None:
        """Until Lambda reads the queue: up to a minute."""
        states: list[str] = []

        def reads() -> bool:
            states[:] = [str(scope.client("lambda").get_event_source_mapping(UUID=id)["State"])]
            return states[0] not in PHASES

        wait_until(scope, reads, f"event source {id}", WITHIN, lambda: f"it is {states[0]}")

    def update(self, scope: Scope, id: str, wanted: EventSourceState, changed: frozenset[str]) -> None:
        """In one call, and not while an earlier change is under way."""
        call = scope.client("lambda").update_event_source_mapping
        when_released(f"event source {id}", call, UUID=id, **_settings(wanted))

    def delete(self, scope: Scope, id: str) -> None:
        """AWS takes some seconds to let go of the queue."""
        client = scope.client("lambda")
        with gone_is_fine(GONE):
            when_released(f"event source {id}", client.delete_event_source_mapping, UUID=id)
        wait_until(scope, lambda: _gone(scope, id), f"event source {id}", WITHIN, lambda: "it is still being deleted")

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """Lambda's way, by the ARN."""
        arn = scope.client("lambda").get_event_source_mapping(UUID=id)["EventSourceMappingArn"]
        scope.client("lambda").tag_resource(Resource=arn, Tags=dict(tags))
        if dropped:
            scope.client("lambda").untag_resource(Resource=arn, TagKeys=sorted(dropped))

    def _taken_on(self, scope: Scope, name: str, wanted: EventSourceState) -> str:
        """The id of the one between this queue and function, as it's wanted. Raises CastraError if it isn't ours."""
        pair = {"EventSourceArn": wanted.queue, "FunctionName": f"{wanted.function}:{LIVE}"}
        listed = scope.pages("lambda", "list_event_source_mappings", "EventSourceMappings", **pair)
        for mapping in listed:
            tags = _tags(scope, mapping["EventSourceMappingArn"])
            if scope.owns(tags) and self.named_in(tags) == name:
                self.ready(scope, mapping["UUID"])
                self.update(scope, mapping["UUID"], wanted, frozenset(EventSourceState.model_fields))
                return str(mapping["UUID"])
        why = f"there is an event source of {wanted.function} for {wanted.queue} that doesn't carry its tags"
        ours = f"{ENVIRONMENT}={scope.environment} and {PART}={self.key(name)}"
        raise CastraError(self.key(name), why, f"Delete it, or tag it with {ours}")


def _gone(scope: Scope, id: str) -> bool:
    with gone_is_fine(GONE):
        scope.client("lambda").get_event_source_mapping(UUID=id)
        return False
    return True


def _tags(scope: Scope, arn: str) -> dict[str, str]:
    """None, if it has gone since it was listed."""
    with gone_is_fine(GONE):
        return dict(scope.client("lambda").list_tags(Resource=arn).get("Tags", {}))
    return {}


def _settings(wanted: EventSourceState) -> dict[str, Any]:
    """As Lambda takes them; empty takes away."""
    return {
        "FunctionName": f"{wanted.function}:{LIVE}",
        "BatchSize": wanted.batch,
        "MaximumBatchingWindowInSeconds": wanted.window,
        "ScalingConfig": {"MaximumConcurrency": wanted.concurrency} if wanted.concurrency else {},
        "FunctionResponseTypes": [PARTIAL] if wanted.partial_failures else [],
        "Enabled": wanted.enabled,
    }


def _state(mapping: Mapping[str, Any]) -> EventSourceState:
    return EventSourceState(
        function=_called(mapping["FunctionArn"]),
        queue=mapping["EventSourceArn"],
        batch=mapping["BatchSize"],
        window=mapping.get("MaximumBatchingWindowInSeconds") or 0,
        concurrency=(mapping.get("ScalingConfig") or {}).get("MaximumConcurrency"),
        partial_failures=PARTIAL in (mapping.get("FunctionResponseTypes") or ()),
        enabled=mapping.get("State") not in ("Disabled", "Disabling"),
    )


def _called(arn: str) -> str:
    """The function's ARN where its alias is called; else one that nothing wanted is equal to."""
    return arn.removesuffix(f":{LIVE}") if arn.endswith(f":{LIVE}") else f"{arn}:$LATEST"
