"""Environment: the document people write; it unfolds into parts, and is checked across its sections."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SerializeAsAny
from pydantic.json_schema import SkipJsonSchema

from blueprints.alarms import Alarms
from blueprints.any_api import AnyApi
from blueprints.any_cache import AnyCache
from blueprints.api_domains import OwnDomain, taken_twice
from blueprints.backups import BackupPolicy
from blueprints.balancing import Balancer
from blueprints.buckets import Storage, logged_to
from blueprints.databases import RelationalDatabase, database_parts, database_problems
from blueprints.front_doors import FrontDoor, opened, renamed, told_why
from blueprints.functions import LambdaFunction
from blueprints.identity import Document, ManagedPolicy
from blueprints.images import BuiltImage
from blueprints.instances import Instance
from blueprints.key_pairs import PublicKey
from blueprints.layers import Library
from blueprints.lifetimes import Lifetime, lasting
from blueprints.naming import nameable
from blueprints.network import Network
from blueprints.notifications import asked_of, overlaps, part_of
from blueprints.own_tags import fits_a_tag, tag_problems
from blueprints.part import Name, Part, Piece
from blueprints.people import People
from blueprints.problem import Invalid, Problem
from blueprints.queues import MessageQueue
from blueprints.secrets import SecretSection, SomeParameter, kept_problems, resolved
from blueprints.servers import Servers
from blueprints.sites import StaticSite, domain_problems
from blueprints.topics import NotificationTopic
from blueprints.user_data import boot_problems, booting

LONGEST_NAME = 40
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
    role: str | None = Field(
        default=None,
        pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$",
        description="ARN of a role to be assumed, for work in another account.",
    )
    owner: str | None = Field(default=None, max_length=256, description="Whom to ask; becomes a tag.")
    purpose: Annotated[str | None, AfterValidator(fits_a_tag)] = Field(
        default=None, max_length=256, description="What it is for; becomes a tag."
    )
    expires_after: Lifetime | None = Field(
        default=None,
        description="How long it stands, from its first raising on: 8h, 3d or 1d12h. Then it ends itself. Else never.",
    )
    tags: dict[str, str] = Field(default_factory=dict, description="Your own tags, for everything that takes tags.")
    network: Network | None = None
    balancers: dict[SectionName, Balancer] = Field(default_factory=dict)
    apis: dict[SectionName, AnyApi] = Field(
        default_factory=dict, description="APIs of API Gateway by name, in front of functions or of servers."
    )
    api_domains: dict[SectionName, OwnDomain] = Field(
        default_factory=dict, description="Domains of your own, by which APIs are reached."
    )
    front_doors: dict[SectionName, FrontDoor] = Field(
        default_factory=dict, description="What stands in front, by name, where Castra is to choose it, and say why."
    )
    servers: dict[SectionName, Servers] = Field(default_factory=dict)
    instances: dict[SectionName, Instance] = Field(
        default_factory=dict, description="Instances that stand by themselves, by name."
    )
    images: dict[SectionName, BuiltImage] = Field(
        default_factory=dict, description="Images that are built here, by name, which servers name as `{built: NAME}`."
    )
    policies: dict[SectionName, Document] = Field(
        default_factory=dict,
        description="Managed IAM policies by name, which servers name by policy/<name>, to carry or to be bounded by.",
    )
    people: People = Field(default=People(), description="Users and groups of IAM; keys and passwords nobody is shown.")
    key_pairs: dict[SectionName, PublicKey] = Field(
        default_factory=dict, description="Public keys for SSH by name, which servers name as their key_pair."
    )
    layers: dict[SectionName, Library] = Field(
        default_factory=dict, description="Layers of Lambda by name: packages or files that functions share."
    )
    secrets: dict[SectionName, SecretSection] = Field(
        default_factory=dict, description="Secrets of Secrets Manager by name: random ones, or such that exist."
    )
    parameters: dict[SectionName, SomeParameter] = Field(
        default_factory=dict, description="Parameters of SSM by name: texts, random ones, or such that exist."
    )
    caches: dict[SectionName, AnyCache] = Field(default_factory=dict, description="Caches of ElastiCache by name.")
    queues: dict[SectionName, MessageQueue] = Field(default_factory=dict, description="Queues of SQS by name.")
    buckets: dict[SectionName, Storage] = Field(default_factory=dict, description="Buckets of S3 by name.")
    databases: dict[SectionName, RelationalDatabase] = Field(
        default_factory=dict, description="Databases of RDS by name: PostgreSQL, MySQL or MariaDB."
    )
    functions: dict[SectionName, LambdaFunction] = Field(
        default_factory=dict, description="Functions of Lambda by name."
    )
    sites: dict[SectionName, StaticSite] = Field(
        default_factory=dict, description="Sites by name: folders of pages, each published to a bucket of its own."
    )
    backups: dict[SectionName, BackupPolicy] = Field(
        default_factory=dict,
        description="Policies by name: what is backed up, when, and how long it's kept.",
    )
    topics: dict[SectionName, NotificationTopic] = Field(
        default_factory=dict, description="Topics of SNS by name, to which alarms are sent, and who is told by mail."
    )
    alarms: Alarms | None = Field(
        default=None, description="Who is told when something that runs isn't well; nobody, if not given."
    )
    also: Annotated[SkipJsonSchema[tuple[SerializeAsAny[Part], ...]], BeforeValidator(_only_parts)] = Field(
        default=(), exclude=True, description="Parts written by hand in Python; no document has them."
    )

    @property
    def all_tags(self) -> dict[str, str]:
        """The user's own tags, with the owner and the purpose."""
        told = {"owner": self.owner, "purpose": self.purpose}
        return self.tags | {key: value for key, value in told.items() if value}

    @property
    def lifetime(self) -> timedelta | None:
        """How long it is to stand; None for ever."""
        return lasting(self.expires_after) if self.expires_after else None

    def parts(self) -> tuple[Part, ...]:
        """All parts it unfolds into. Raises Invalid where sections don't fit together."""
        if problems := tuple(self.problems()):
            raise Invalid(f"Environment {self.name}", problems)
        return tuple(told_why(part, self.front_doors) for part in self._opened()._unfold())

    def _opened(self) -> "Environment":
        """With the APIs and load balancers that its front doors are, and the ARNs that its secrets stand for."""
        apis, balancers = opened(self.front_doors)
        fronts = {"apis": self.apis | apis, "balancers": self.balancers | balancers}
        return self.model_copy(update=fronts | resolved(self))

    def _unfold(self) -> Iterator[Part]:
        for name, document in self.policies.items():
            yield ManagedPolicy(name=name, where=f"policies.{name}", document=document)
        yield from self.people.parts(self.region)
        for name, key in self.key_pairs.items():
            yield key.part(name)
        for name, image in self.images.items():
            yield from image.parts(name, self.region)
        for name, library in self.layers.items():
            yield library.part(name)
        for several in (self.secrets, self.parameters):
            for name, kept in several.items():
                yield from kept.parts(name)
        for name, queue in self.queues.items():
            senders = [bucket for bucket, one in self.buckets.items() if name in {told.queue for told in one.notify}]
            yield from queue.parts(name, senders)
        for name, bucket in self.buckets.items():
            yield from bucket.parts(name, logging=name in logged_to(self.buckets))
            if asked := asked_of(name, self.functions, bucket.notify):
                yield part_of(name, asked)
        for name, function in self.functions.items():
            yield from function.parts(name, self.network, self.region)
        for name, site in self.sites.items():
            yield from site.parts(name)
        if self.network is not None:
            read_within = any(site.visibility == "vpc" for site in self.sites.values())
            yield from self.network.parts(self.region, reaching=("s3",) if read_within else ())
            for name, cache in self.caches.items():
                yield from cache.parts(name, self.network, self.region)
            for name, balancer in self.balancers.items():
                yield from balancer.parts(name, self.network, self.region, self.servers)
            for name, servers in self.servers.items():
                in_front = {front: one for front, one in self.balancers.items() if name in one.targets()}
                boots = booting(self, servers)
                yield from servers.parts(name, self.network, self.region, in_front, self.key_pairs, self.images, boots)
            for name, instance in self.instances.items():
                boots = booting(self, instance)
                yield from instance.parts(name, self.network, self.region, self.key_pairs, self.images, boots)
            yield from database_parts(self.databases, self.network, self.region)
        for name, api in self.apis.items():
            yield from api.parts(name, self.region)
        for name, own in self.api_domains.items():
            yield own.part(name, self.apis)
        for name, topic in self.topics.items():
            yield topic.part(name)
        if self.alarms is not None:
            yield from self.alarms.parts(self)
        yield from self.also

    def problems(self) -> Iterator[Problem]:
        """What doesn't fit together, across all sections."""
        wrong = [problem for name, door in self.front_doors.items() for problem in door.problems(name, self)]
        yield from wrong
        yield from self._problems() if wrong else renamed(self._opened()._problems(), self.front_doors)

    def _problems(self) -> Iterator[Problem]:
        yield from tag_problems(self.tags, self.all_tags)
        if self.network is not None:
            yield from self.network.problems(self.region)
        elif self.servers or self.balancers or self.instances:
            why = "is missing, and servers, instances and balancers stand in one"
            yield Problem("network", why, "Add `network: {cidr: 10.0.0.0/16}`")
        for name, balancer in self.balancers.items():
            yield from balancer.problems(name, self.network, self.region, self.servers)
        for name, servers in self.servers.items():
            yield from servers.problems(name, self.balancers, self.images)
            yield from servers.problems_around(f"servers.{name}", self.servers, self.instances, self.policies)
            yield from servers.grant_problems(f"servers.{name}", nameable(self))
        for name, instance in self.instances.items():
            yield from instance.problems(name, self.network, self.region, self.images)
            yield from instance.problems_around(f"instances.{name}", self.servers, self.instances, self.policies)
            yield from instance.grant_problems(f"instances.{name}", nameable(self))
        yield from kept_problems(self)
        yield from database_problems(self)
        for name, cache in self.caches.items():
            yield from cache.problems(name, self)
        yield from self.people.problems(self.policies)
        for name, queue in self.queues.items():
            yield from queue.problems(name, self.queues)
        for name, api in self.apis.items():
            yield from api.problems(name, self.region, self.functions)
        for name, own in self.api_domains.items():
            yield from own.problems(name, self.apis, self.region)
        yield from taken_twice(self.api_domains)
        for name, bucket in self.buckets.items():
            yield from bucket.problems(name, self.name, self.buckets)
            yield from bucket.queue_problems(name, self.queues)
            yield from overlaps(asked_of(name, self.functions, bucket.notify))
        for name, function in self.functions.items():
            yield from function.problems(name, self)
        for name, site in self.sites.items():
            yield from site.problems(name, self.buckets, self.network)
        yield from domain_problems(self.sites)
        yield from boot_problems(self)
        for name, image in self.images.items():
            yield from image.problems(name, self.region, self.images)
        if self.alarms is not None:
            yield from self.alarms.problems(self)
        for name, policy in self.backups.items():
            standing = (*self._standing_alone(), self.databases, self.caches, self.buckets)
            yield from policy.problems(name, self.region, *standing)
        yield from self._placement_problems()
        yield from self._target_group_problems()

    def _standing_alone(self) -> tuple[Collection[str], Collection[str]]:
        """Names of the instances and of the volumes that backups can cover."""
        return self.instances, [f"{name}-{volume}" for name, one in self.instances.items() for volume in one.volumes]

    def _placement_problems(self) -> Iterator[Problem]:
        """The default VPC has one kind of subnets."""
        machines = {f"servers.{name}": one.placement for name, one in self.servers.items()}
        machines |= {f"instances.{name}": one.placement for name, one in self.instances.items()}
        for where, placement in machines.items():
            if self.network is not None and self.network.default and placement == "private":
                why, way_out = "the default VPC has public subnets only", "describe a VPC by network.cidr"
                yield Problem(f"{where}.placement", why, f"Write placement: public, or {way_out}")

    def _target_group_problems(self) -> Iterator[Problem]:
        """A target group is named after its balancer and its servers, which may come out alike: `a-b` and `c`, say."""
        owners: dict[str, str] = {}
        for name, balancer in self.balancers.items():
            for target in balancer.targets():
                owner = owners.setdefault(f"{name}-{target}", name)
                if owner != name:
                    why = f"its target group {name}-{target} would be named like one of balancers.{owner}"
                    yield Problem(f"balancers.{name}", why, "Rename one of the balancers, or the servers")
