"""Parameters of SSM: texts, and random values, encrypted, which nothing here reads or tells."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.secrets import Parameter
from tasks.data.random_value import random_text
from tasks.each import batches, each
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.kind import Fixed, Found, Kind, State
from tasks.scope import ENVIRONMENT, FINGERPRINT, KEPT, ON_REMOVAL, PART, RETIRED, Scope, as_dict, as_list

ROOT = "/castra/"
GONE = ("InvalidResourceId", "ParameterNotFound")
PLAIN, SECURE = "String", "SecureString"
RANDOM = "castra:random"  # how its value was made: length and what's in it
NO_LONGER = (ENVIRONMENT, FINGERPRINT, RETIRED)  # tags that it loses when it's kept
AT_ONCE = 10  # names that GetParameters takes


class ParameterState(State):
    """A text, or how a random value was made, never that value. `length` is 0 where somebody else made it.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-parameter-store.html
    """

    type: Fixed[str]
    value: str | None
    length: Fixed[int]
    punctuation: Fixed[bool]
    on_removal: str

    def immovable(self, found: "ParameterState") -> frozenset[str]:
        """The value of one that was adopted stays, whatever it's like."""
        return self.fixed() if found.length or found.type == PLAIN else frozenset({"type"})


class ParameterKind(Kind[Parameter, ParameterState]):
    """Parameters of SSM. Named `/castra/<environment>/<name>`; the ARN is the id."""

    name = "parameter"
    holds = "the value in it"
    goes_first = True  # AWS keeps one of a name
    actions = (
        "ssm:AddTagsToResource",
        "ssm:DeleteParameter",
        "ssm:DescribeParameters",
        "ssm:GetParameters",
        "ssm:ListTagsForResource",
        "ssm:PutParameter",
        "ssm:RemoveTagsFromResource",
        "sts:GetCallerIdentity",
    )

    def owned(self, scope: Scope) -> Iterator[Found[ParameterState]]:
        """DescribeParameters by path, the texts by tens, and a call each for the tags: AWS has no other way."""
        under = f"{ROOT}{scope.environment}" if scope.environment else ROOT.rstrip("/")
        filters = [{"Key": "Path", "Option": "Recursive", "Values": [under]}]
        there = list(scope.pages("ssm", "describe_parameters", "Parameters", ParameterFilters=filters))
        texts = _texts(scope, [one["Name"] for one in there if one["Type"] == PLAIN])
        for parameter, tags in each(lambda one: _tags(scope, one["Name"]), there):
            called = parameter["Name"]
            if (name := self.named_in(tags)) and scope.owns(tags):
                state = _state(parameter["Type"], texts.get(called), tags)
                keeps = f"the parameter {called} with its value" if state.on_removal == "keep" else ""
                loses = "all versions of its value" if state.type == SECURE and not keeps else ""
                outputs = {"name": called}
                arn = _arn(scope, called)
                yield Found(self.name, name, arn, state, tags, outputs=outputs, keeps=keeps, loses=loses)

    def wanted(self, part: Parameter, ids: Mapping[str, str]) -> ParameterState:
        """See the base."""
        return ParameterState(
            type=SECURE if part.random else PLAIN,
            value=part.value,
            length=part.random.length if part.random else 0,
            punctuation=bool(part.random and part.random.punctuation),
            on_removal=part.on_removal,
        )

    def create(self, scope: Scope, name: str, wanted: ParameterState) -> str:
        """With its value, in one call. What stands under the name is taken on if it's ours, or was and was kept."""
        called = f"{ROOT}{scope.environment}/{name}"
        tags = self.birth_tags(scope, name, wanted) | _own_tags(wanted)
        try:
            _put(scope, called, wanted, Type=wanted.type, Tags=as_list(tags))
        except ClientError as error:
            if code_of(error) != "ParameterAlreadyExists":
                raise
            self._take_on(scope, name, called, wanted)
        return _arn(scope, called)

    def update(self, scope: Scope, id: str, wanted: ParameterState, changed: frozenset[str]) -> None:
        """A text is a new version; a random value stays as it is."""
        if "value" in changed:
            _put(scope, name_of(id), wanted, Overwrite=True)
        if changed - {"value"}:
            self.tag(scope, id, _own_tags(wanted))

    def delete(self, scope: Scope, id: str) -> None:
        """One that is to be kept only loses the tags that make it the environment's."""
        tags = _tags(scope, name_of(id))
        if tags.get(ON_REMOVAL, "wipe") == "keep":
            if ENVIRONMENT in tags:
                self.tag(scope, id, {KEPT: tags[ENVIRONMENT]}, frozenset(NO_LONGER))
            return
        with gone_is_fine(*GONE):
            scope.client("ssm").delete_parameter(Name=name_of(id))

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """SSM's way."""
        of: dict[str, str] = {"ResourceType": "Parameter", "ResourceId": name_of(id)}
        scope.client("ssm").add_tags_to_resource(**of, Tags=as_list(tags))
        if dropped:
            scope.client("ssm").remove_tags_from_resource(**of, TagKeys=sorted(dropped))

    def _take_on(self, scope: Scope, name: str, called: str, wanted: ParameterState) -> None:
        """Bring the parameter that's there to what is wanted. Raises CastraError if it isn't ours.

        A type can't be changed: AWS makes another one of the name. A random value stays where it was made as is wanted.
        The tags, which say how it was made, come last.
        """
        tags = _tags(scope, called)
        if tags.get(PART) != self.key(name) or scope.environment not in (tags.get(ENVIRONMENT), tags.get(KEPT)):
            why = f"there is a parameter {called} that doesn't carry its tags"
            ours = f"{ENVIRONMENT}={scope.environment} and {PART}={self.key(name)}"
            raise CastraError(self.key(name), why, f"Delete it, tag it with {ours}, or name it by `existing:`")
        by_name = [{"Key": "Name", "Option": "Equals", "Values": [called]}]
        (told,) = scope.client("ssm").describe_parameters(ParameterFilters=by_name)["Parameters"]
        found = _state(told["Type"], None, tags)
        given = self.birth_tags(scope, name, wanted) | _own_tags(wanted)
        if found.type != wanted.type:
            scope.client("ssm").delete_parameter(Name=called)
            _put(scope, called, wanted, Type=wanted.type, Tags=as_list(given))
            return
        if wanted.type == PLAIN or any(getattr(found, one) != getattr(wanted, one) for one in wanted.immovable(found)):
            _put(scope, called, wanted, Overwrite=True)
        self.tag(scope, _arn(scope, called), given, frozenset({KEPT} if KEPT in tags else ()))


def name_of(arn: str) -> str:
    """A parameter's name, from its ARN."""
    return arn.partition(":parameter")[2]


def _arn(scope: Scope, called: str) -> str:
    return f"arn:{scope.client('ssm').meta.partition}:ssm:{scope.region}:{scope.account}:parameter{called}"


def _put(scope: Scope, called: str, wanted: ParameterState, **more: Any) -> None:
    value = wanted.value if wanted.type == PLAIN else random_text(wanted.length, wanted.punctuation)
    scope.client("ssm").put_parameter(Name=called, Value=value, **more)


def _texts(scope: Scope, names: list[str]) -> dict[str, str]:
    """The values of those that aren't encrypted."""
    answers = each(lambda several: scope.client("ssm").get_parameters(Names=several), batches(names, AT_ONCE))
    return {one["Name"]: one["Value"] for _, answer in answers for one in answer["Parameters"]}


def _tags(scope: Scope, called: str) -> dict[str, str]:
    """None, if it has gone since it was listed."""
    with gone_is_fine(*GONE):
        told = scope.client("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=called)
        return as_dict(told.get("TagList"))
    return {}


def _own_tags(wanted: ParameterState) -> dict[str, str]:
    """What AWS doesn't keep otherwise."""
    made = f"{wanted.length}:{'punctuation' if wanted.punctuation else 'plain'}"
    return {ON_REMOVAL: wanted.on_removal} | ({RANDOM: made} if wanted.type == SECURE else {})


def _state(type: str, value: str | None, tags: Mapping[str, str]) -> ParameterState:
    length, _, content = tags.get(RANDOM, "0").partition(":")
    return ParameterState(
        type=type,
        value=value,
        length=int(length),
        punctuation=content == "punctuation",
        on_removal=tags.get(ON_REMOVAL, "wipe"),
    )
