"""Environment: the document people write; it unfolds into parts, and is checked across its sections."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BeforeValidator, Field, SerializeAsAny, ValidationError
from pydantic.json_schema import SkipJsonSchema

from blueprints.balancing import Balancer
from blueprints.identity import Document, ManagedPolicy
from blueprints.key_pairs import PublicKey
from blueprints.network import Network
from blueprints.part import Name, Part, Piece
from blueprints.problem import Invalid, Problem
from blueprints.servers import Servers
from blueprints.wording import all_in_words

LONGEST_NAME = 40
OWN_TAGS = 50 - 7  # AWS's limit for one resource, without Castra's own and `Name`
SectionName = Annotated[Name, Field(max_length=LONGEST_NAME)]


def _only_parts(value: Any) -> Any:
    if not isinstance(value, list | tuple) or not all(isinstance(one, Part) for one in value):
        raise ValueError("can't stand in a document: it is for parts written in Python")
    return value


class Environment(Piece):
    """An AWS environment: its name and region, and what must stand in it."""

    name: Annotated[Name, Field(max_length=LONGEST_NAME, description="Unique in the account and region.")]
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$", examples=["eu-west-1"])
    account: str | None = Field(
        default=None, pattern=r"^[0-9]{12}$", description="Checked against the credentials before anything is done."
    )
    owner: str | None = Field(default=None, max_length=256, description="Whom to ask; becomes a tag.")
    tags: dict[str, str] = Field(default_factory=dict, description="Your own tags, for everything that takes tags.")
    network: Network | None = None
    balancers: dict[SectionName, Balancer] = Field(default_factory=dict)
    servers: dict[SectionName, Servers] = Field(default_factory=dict)
    policies: dict[SectionName, Document] = Field(
        default_factory=dict,
        description="Managed IAM policies by name, which servers name by policy/<name>, to carry or to be bounded by.",
    )
    key_pairs: dict[SectionName, PublicKey] = Field(
        default_factory=dict, description="Public keys for SSH by name, which servers name as their key_pair."
    )
    also: Annotated[SkipJsonSchema[tuple[SerializeAsAny[Part], ...]], BeforeValidator(_only_parts)] = Field(
        default=(), exclude=True, description="Parts written by hand in Python; no document has them."
    )

    @property
    def all_tags(self) -> dict[str, str]:
        """The user's own tags, with the owner."""
        return self.tags | ({"owner": self.owner} if self.owner else {})

    def parts(self) -> tuple[Part, ...]:
        """All parts it unfolds into. Raises Invalid where sections don't fit together."""
        if problems := tuple(self.problems()):
            raise Invalid(f"Environment {self.name}", problems)
        return tuple(self._unfold())

    def _unfold(self) -> Iterator[Part]:
        for name, document in self.policies.items():
            yield ManagedPolicy(name=name, where=f"policies.{name}", document=document)
        for name, key in self.key_pairs.items():
            yield key.part(name)
        if self.network is not None:
            yield from self.network.parts(self.region)
            for name, balancer in self.balancers.items():
                yield from balancer.parts(name, self.network, self.region, self.servers)
            for name, servers in self.servers.items():
                in_front = {front: one for front, one in self.balancers.items() if name in one.targets()}
                yield from servers.parts(name, self.network, self.region, in_front, self.key_pairs)
        yield from self.also

    def problems(self) -> Iterator[Problem]:
        """What doesn't fit together, across all sections."""
        for key, value in self.tags.items():
            yield from _tag_problems(key, value)
        if len(listed := " ".join(self.all_tags)) > 256 or len(self.all_tags) > OWN_TAGS:
            why = f"there are {len(self.all_tags)}, and their keys are {len(listed)} characters long together"
            yield Problem(
                "tags", why, f"At most {OWN_TAGS}, and 256 characters, are allowed: use fewer or shorter ones"
            )
        if self.network is not None:
            yield from self.network.problems(self.region)
        elif self.servers or self.balancers:
            yield Problem(
                "network", "is missing, and servers and balancers stand in one", "Add `network: {cidr: 10.0.0.0/16}`"
            )
        for name, balancer in self.balancers.items():
            yield from balancer.problems(name, self.network, self.region, self.servers)
        for name, servers in self.servers.items():
            yield from servers.problems(name, self.servers, self.balancers)
            yield from servers.policy_problems(name, self.policies)
        yield from self._placement_problems()
        yield from self._target_group_problems()

    def _placement_problems(self) -> Iterator[Problem]:
        """The default VPC has one kind of subnets."""
        for name, servers in self.servers.items():
            if self.network is not None and self.network.default and servers.placement == "private":
                why = "the default VPC has public subnets only"
                yield Problem(
                    f"servers.{name}.placement", why, "Write placement: public, or describe a VPC by network.cidr"
                )

    def _target_group_problems(self) -> Iterator[Problem]:
        """A target group is named after its balancer and its servers, which may come out alike: `a-b` and `c`, say."""
        owners: dict[str, str] = {}
        for name, balancer in self.balancers.items():
            for target in balancer.targets():
                owner = owners.setdefault(f"{name}-{target}", name)
                if owner != name:
                    why = f"its target group {name}-{target} would be named like one of balancers.{owner}"
                    yield Problem(f"balancers.{name}", why, "Rename one of the balancers, or the servers")


def _tag_problems(key: str, value: str) -> Iterator[Problem]:
    """AWS's limits: https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html"""
    if key.lower().startswith(("castra:", "aws:")) or key == "Name":
        yield Problem(f"tags.{key}", "this key is reserved", "Choose another one")
    if not 1 <= len(key) <= 128 or len(value) > 256 or " " in key:
        yield Problem(f"tags.{key}", "a key has 1 to 128 characters and no blank, a value at most 256", "Shorten it")


# ---------------------------------------------------------------------- reading


class _StrictLoader(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error, not a silent loss."""


def _mapping_without_doubles(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    merge = "tag:yaml.org,2002:merge"  # `<<`, which stands for the keys of another mapping
    keys = [merge if key.tag == merge else loader.construct_object(key, deep=True) for key, _ in node.value]
    for index, key in enumerate(keys):
        if key in keys[:index]:
            mark = node.value[index][0].start_mark
            raise yaml.MarkedYAMLError(problem=f"the key {key!r} stands twice", problem_mark=mark)
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_doubles)


def load(path: str | Path) -> Environment:
    """Read a document from a YAML file. Raises Invalid with every problem at once."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Invalid(str(path), [Problem(str(path), "there's no such file", "Check the path")]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(str(path), [Problem(str(path), f"it can't be read ({error})")]) from error
    return parse(text, source=str(path), folder=path.parent)


def parse(text: str, source: str = "document", folder: Path | None = None) -> Environment:
    """Read a document from YAML text. `folder` is where the files that it names are. Raises Invalid."""
    try:
        data = yaml.load(text, _StrictLoader)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: what looks like a date and is none
        mark, why = getattr(error, "problem_mark", None), getattr(error, "problem", None) or error
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "document"
        raise Invalid(source, [Problem(place, f"it isn't YAML: {why}")]) from None
    if not isinstance(data, dict):
        raise Invalid(source, [Problem("document", "should be a mapping", "Begin with `name:` and `region:`")])
    return build(data, source, folder)


def build(data: Mapping[str, Any], source: str = "document", folder: Path | None = None) -> Environment:
    """An environment from plain data, checked in itself and across sections. Raises Invalid with every problem."""
    context = {"folder": folder}
    try:
        environment = Environment.model_validate(data, context=context)
        problems = list(environment.problems())
    except ValidationError as error:
        problems = all_in_words(error, data, Environment)
        problems += _more_problems(data, error, context)
        raise Invalid(source, dict.fromkeys(problems)) from None
    if problems:
        raise Invalid(source, problems)
    return environment


STAND_INS: dict[str, Any] = {
    "name": "x",
    "region": "xx-x-0",
    "network": {"cidr": "10.0.0.0/16"},
    "servers": {"image": {"id": "ami-0"}, "port": 80},
    "policies": {},
    "key_pairs": {"public_key": f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'A' * 43}"},
    "balancers": {"listeners": [{"port": 80, "to": "x"}]},
}
"""What is put in place of a section that is wrong in itself, so that the others can still be checked against it."""


def _more_problems(data: Mapping[str, Any], error: ValidationError, context: Mapping[str, Any]) -> Iterator[Problem]:
    """What's wrong across sections in the rest of a document whose shape is wrong in places."""
    places = [one["loc"] for one in error.errors()]
    rest = _without(data, places)
    at_fault: set[str] = set()
    for place in places:
        at_fault.add(_replace_by_stand_in(rest, str(place[0]), place[1:]))
    if not isinstance(rest.get("servers", {}), dict) or ("servers",) in places:
        rest.pop("balancers", None)  # nothing can be said of what they name
    try:
        problems = Environment.model_validate(rest, context=dict(context)).problems()
    except ValidationError:
        return
    yield from (one for one in problems if not any(f"{one.path}.".startswith(fault) for fault in at_fault if fault))


def _replace_by_stand_in(rest: dict[str, Any], section: str, inner: tuple[int | str, ...]) -> str:
    """Put a stand-in where something is wrong; gives the beginning of the paths that nothing can be said about then."""
    if section in ("name", "region"):
        rest[section] = STAND_INS[section]
        return "network.zones." if section == "region" else ""
    if section == "network":
        if not inner or not isinstance(rest.get("network"), dict):
            rest["network"] = dict(STAND_INS["network"])
        else:
            rest["network"].pop(inner[0], None)
            if not rest["network"].get("default"):
                rest["network"].setdefault("cidr", STAND_INS["network"]["cidr"])
        return "network.subnets."
    if section in STAND_INS and inner and isinstance(rest.get(section), dict):
        if inner[-1] == "[key]":
            rest[section].pop(inner[0], None)
        else:
            rest[section][inner[0]] = STAND_INS[section]
        return f"{section}.{inner[0]}."
    return ""


def _without(data: Any, places: list[tuple[int | str, ...]], here: tuple[int | str, ...] = ()) -> Any:
    if isinstance(data, Mapping):
        return {key: _without(value, places, (*here, key)) for key, value in data.items() if (*here, key) not in places}
    if isinstance(data, list):
        return [_without(value, places, (*here, index)) for index, value in enumerate(data)]
    return data
