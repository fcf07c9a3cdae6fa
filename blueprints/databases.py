"""Databases of RDS: the section that people write, and the parts it unfolds into."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from blueprints.admitting import Admits
from blueprints.firewalls import Firewall, SecurityGroup
from blueprints.log_groups import KeyArn
from blueprints.network import Network
from blueprints.part import Id, Lookup, Name, Part, Piece, asking, of
from blueprints.places import GroupId, SubnetId, VpcId
from blueprints.problem import Problem
from blueprints.replicas import MOST, ROOM_TO_GROW, Apply, InstanceClass, Replica
from blueprints.secrets import Random, Secret
from blueprints.windows import Daily, Weekly, window_problems

Engine = Literal["postgres", "mysql", "mariadb"]
OnRemoval = Literal["snapshot", "wipe"]
PORTS: Mapping[Engine, int] = {"postgres": 5432, "mysql": 3306, "mariadb": 3306}
TLS: Mapping[Engine, str] = {
    "postgres": "rds.force_ssl",
    "mysql": "require_secure_transport",
    "mariadb": "require_secure_transport",
}
"""The parameter that refuses connections without TLS, where it is 1."""
VERSIONS: Mapping[Engine, tuple[str, str]] = {
    "postgres": (r"[1-9][0-9]", "17"),
    "mysql": (r"[0-9]+\.[0-9]+", "8.4"),
    "mariadb": (r"[0-9]+\.[0-9]+", "11.4"),
}
"""How a major version is written, and an example."""
HALF_AN_HOUR = 30  # minutes
PASSWORD_LENGTH = 32  # characters; MySQL and MariaDB take 41 at most
SubnetGroupId = Annotated[Id, of("database-subnet-group")] | Annotated[Lookup, asking("id")]
ParameterGroupId = Annotated[Id, of("database-parameter-group")] | Annotated[Lookup, asking("id")]


class DatabaseSubnetGroup(Part):
    """The subnets that databases may stand in, of two zones at least."""

    kind: ClassVar[str] = "database-subnet-group"
    vpc: VpcId
    subnets: tuple[SubnetId, ...] = Field(min_length=1)


class DatabaseParameterGroup(Part):
    """Settings of a database's engine, for one major version of it."""

    kind: ClassVar[str] = "database-parameter-group"
    family: str = Field(description="Engine and major version, such as postgres17.")
    parameters: dict[str, str] = Field(default_factory=dict, description="What isn't as the engine has it by itself.")


class Database(Part):
    """A database, encrypted, whose master password stands in Secrets Manager: RDS's own secret, or another part."""

    kind: ClassVar[str] = "database"
    engine: Engine
    version: str = Field(description="The major version; AWS sees to the minor ones.")
    instance_class: InstanceClass
    storage: int = Field(ge=20, le=65_536, description="GiB.")
    max_storage: int | None = Field(default=None, description="GiB that it may grow to by itself; None: it doesn't.")
    multi_zone: bool = False
    subnet_group: SubnetGroupId
    groups: tuple[GroupId, ...]
    parameter_group: ParameterGroupId
    port: int
    database: str | None = None
    user: str = "castra"
    secret: Annotated[Id, of("secret")] | None = Field(
        default=None, description="What has the user's name and password, as JSON; None: RDS makes and keeps it."
    )
    kms_key: str | None = Field(default=None, description="ARN of a key; None: the account's own one for RDS.")
    backup_retention: int = Field(default=7, ge=0, le=35, description="Days; 0: no backups.")
    backup_window: Daily | None = None
    maintenance_window: Weekly | None = None
    minor_upgrades: bool = True
    deletion_protection: bool = False
    apply: Apply = "window"
    on_removal: OnRemoval = "snapshot"
    encrypted: bool = Field(default=True, description="False only for what is restored from an unencrypted snapshot.")
    snapshot: str | None = Field(
        default=None, description="ARN of the snapshot that it's restored from at first; no change afterwards."
    )


# ---------------------------------------------------------------------- the section


def _number(value: Any) -> Any:
    if isinstance(value, float):
        raise ValueError(f'should be in quotes, as YAML takes 8.10 for 8.1: "{value}"')
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class RelationalDatabase(Piece):
    """A database of RDS in the private subnets: encrypted, reached by TLS only and by nobody who isn't admitted.

    There is no password in it, nor anywhere but in Secrets Manager: RDS makes the master user's, keeps it there and
    changes it every seven days. AWS makes no replicas of such a database: with `password: castra`, it is made once,
    as a secret of the environment, database-<name>.
    """

    engine: Engine = Field(description="Which database it is.")
    version: Annotated[str, BeforeValidator(_number, json_schema_input_type=str | int)] = Field(
        description='The major version: 17, "8.4", "11.4". AWS brings the minor ones in.'
    )
    instance_class: InstanceClass = Field(default="db.t4g.micro", description="Size of the machine, as RDS names it.")
    storage: int = Field(default=20, ge=20, le=65_536, description="GiB of gp3.")
    max_storage: int | None = Field(
        default=None, le=65_536, description="GiB that AWS may let it grow to by itself; if not given, it doesn't grow."
    )
    multi_zone: bool = Field(
        default=False, description="Whether a second one in another zone stands by, and takes over within minutes."
    )
    database: str | None = Field(
        default=None, pattern=r"^[a-zA-Z][a-zA-Z0-9_]{0,62}$", description="A first database that is made in it."
    )
    user: str = Field(default="castra", pattern=r"^[a-zA-Z][a-zA-Z0-9_]{0,15}$", description="The master user's name.")
    password: Literal["rds", "castra"] = Field(
        default="rds",
        description="Who makes the master user's: RDS, which changes it every seven days; or Castra, once, as replicas "
        "need it.",
    )
    replicas: dict[Name, Replica] = Field(
        default_factory=dict, max_length=MOST, description="Copies for reading, by name, with addresses of their own."
    )
    port: int | None = Field(default=None, ge=1150, le=65_535, description="The engine's own, if not given.")
    admits: Admits = Field(default=Admits(), description="Who may connect; nobody else may.")
    parameters: dict[str, str] = Field(
        default_factory=dict, description="Settings of the engine, as RDS names them; TLS is asked for beside these."
    )
    kms_key: KeyArn | None = Field(
        default=None, description="ARN of the key that encrypts it; if not given, the account's own for RDS."
    )
    backup_retention: int = Field(
        default=7, ge=0, le=35, description="Days for which AWS can restore it to any second; 0 is for none."
    )
    backup_window: Daily | None = Field(
        default=None, description="When it's backed up each day, in UTC: \"03:00-03:30\". AWS's choice, if not given."
    )
    maintenance_window: Weekly | None = Field(
        default=None, description="When AWS may change it, in UTC: sun:04:00-sun:05:00. AWS's choice, if not given."
    )
    minor_upgrades: bool = Field(default=True, description="Whether minor versions come in, in that window.")
    apply: Apply = Field(
        default="window", description="When changes that may interrupt it are made: in that window, or now."
    )
    deletion_protection: bool = Field(
        default=False, description="Whether Castra refuses to remove it. By hand, AWS lets nobody, in any case."
    )
    on_removal: OnRemoval = Field(default="snapshot", description="What stays of it: a last snapshot, or nothing.")

    @model_validator(mode="after")
    def _sound(self) -> "RelationalDatabase":
        pattern, example = VERSIONS[self.engine]
        if not re.fullmatch(pattern, self.version):
            raise ValueError(f"version {self.version} should be a major one of {self.engine}, such as {example}")
        if self.engine == "postgres" and self.user.lower() == "admin":
            raise ValueError("user admin is a word that PostgreSQL keeps for itself: choose another one")
        if self.max_storage is not None and self.max_storage < ROOM_TO_GROW * self.storage:
            raise ValueError(f"max_storage {self.max_storage} should be at least a tenth more than storage")
        return self

    @property
    def own_secret(self) -> bool:
        """Whether its password is a secret of the environment."""
        return self.password == "castra"

    def problems(self, where: str, document: Any) -> Iterator[Problem]:
        """What doesn't fit in itself, with its replicas, or with the rest of the document."""
        weekly, daily = ("maintenance_window", self.maintenance_window), ("backup_window", self.backup_window)
        yield from window_problems(where, HALF_AN_HOUR, weekly, daily)
        if self.replicas and not self.own_secret:
            why = "AWS makes no replicas of a database whose password RDS keeps"
            yield Problem(f"{where}.replicas", why, f"Set {where}.password: castra")
        if self.replicas and not self.backup_retention:
            why = "replicas begin with a backup, and there are none of it"
            yield Problem(f"{where}.backup_retention", why, "Set 1 at least, or leave it out")
        for name, replica in self.replicas.items() if document.network else ():
            yield from replica.problems(f"{where}.replicas.{name}", self, document.network, document.region)
        yield from self.admits.problems(f"{where}.admits", document)

    def parts(self, name: str, network: Network, region: str) -> Iterator[Part]:
        """The database with its settings, its security group, its password and its replicas."""
        own = secret_of(name)  # what's its own is called like that, whatever it is
        where, port = f"databases.{name}", self.port or PORTS[self.engine]
        yield SecurityGroup(name=own, where=where, vpc=network.vpc, description=f"Database {name}")
        inbound = tuple(self.admits.rules(port))
        yield Firewall(name=own, where=where, group=f"security-group/{own}", inbound=inbound)
        yield DatabaseParameterGroup(
            name=name,
            where=where,
            family=f"{self.engine}{self.version}",
            parameters={TLS[self.engine]: "1"} | self.parameters,
        )
        if self.own_secret:
            made = Random(length=PASSWORD_LENGTH)
            yield Secret(name=own, where=where, random=made, username=self.user, on_removal="wipe", recovery=0)
        database = Database(
            name=name,
            where=where,
            secret=f"secret/{own}" if self.own_secret else None,
            subnet_group=f"database-subnet-group/{SUBNETS}",
            groups=(f"security-group/{own}",),
            parameter_group=f"database-parameter-group/{name}",
            port=port,
            **{field: getattr(self, field) for field in AS_WRITTEN},
        )
        yield database
        for called, replica in self.replicas.items():
            yield replica.part(called, f"{where}.replicas.{called}", database, network, region)


SUBNETS = "main"  # one subnet group is for all databases
AS_WRITTEN = (
    *("engine", "version", "instance_class", "storage", "max_storage", "multi_zone", "database", "user", "kms_key"),
    *("backup_retention", "backup_window", "maintenance_window", "minor_upgrades", "apply"),
    *("deletion_protection", "on_removal"),
)
"""Fields that the part has as the section has them."""


def secret_of(name: str) -> str:
    """The name of the secret that a database's password stands in, where Castra makes it."""
    return f"database-{name}"


def database_parts(databases: Mapping[str, RelationalDatabase], network: Network, region: str) -> Iterator[Part]:
    """All databases, in the private subnets of the network."""
    if databases:
        subnets = network.subnet_keys("private", region)
        yield DatabaseSubnetGroup(name=SUBNETS, where="databases", vpc=network.vpc, subnets=subnets)
    for name, database in databases.items():
        yield from database.parts(name, network, region)


def database_problems(document: Any) -> Iterator[Problem]:
    """What doesn't fit with the rest of the document."""
    if document.databases and document.network is None:
        yield Problem("network", "is missing, and databases stand in one", "Add `network: {cidr: 10.0.0.0/16}`")
    elif document.databases and len(document.network.letters(document.region)) < 2:
        yield Problem("network.zones", "databases need subnets in two zones, even one that stands in one", "Set 2")
    for name, database in document.databases.items():
        yield from database.problems(f"databases.{name}", document)
        if database.own_secret and secret_of(name) in document.secrets:
            why = f"databases.{name}.password makes a secret of this name"
            yield Problem(f"secrets.{secret_of(name)}", why, "Rename one of them")
