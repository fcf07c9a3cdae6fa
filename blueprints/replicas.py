"""Read replicas of databases: the piece that people write, and the part it is."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from blueprints.network import Network
from blueprints.part import Id, Part, Piece, Ready, of
from blueprints.places import GroupId
from blueprints.problem import Problem

Apply = Literal["now", "window"]
InstanceClass = Annotated[str, Field(pattern=r"^db\.[a-z0-9-]+\.[a-z0-9-]+$")]
MOST = 15  # of one database: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html
ROOM_TO_GROW = 1.1  # the least that `max_storage` must be of `storage`


class DatabaseReplica(Part):
    """A copy of a database for reading, which AWS keeps up to date; encrypted as that is, with its users."""

    kind: ClassVar[str] = "database-replica"
    source: Annotated[Ready, of("database")]
    version: str = Field(description="The major version, which is the database's.")
    instance_class: InstanceClass
    storage: int = Field(ge=20, le=65_536, description="GiB.")
    max_storage: int | None = Field(default=None, description="GiB that it may grow to by itself; None: it doesn't.")
    zone: str | None = Field(default=None, description="As eu-west-1a; None: AWS's choice.")
    multi_zone: bool = False
    subnet_group: Annotated[Id, of("database-subnet-group")]
    groups: tuple[GroupId, ...]
    parameter_group: Annotated[Id, of("database-parameter-group")]
    port: int
    minor_upgrades: bool = True
    apply: Apply = "window"


class Replica(Piece):
    """A copy of the database for reading, which follows it within seconds, and has an address of its own.

    Whoever the database admits may connect to it, at the same port, as the same users. It holds nothing of its own.
    """

    instance_class: InstanceClass | None = Field(
        default=None, description="Size of its machine; the database's, if not given."
    )
    storage: int | None = Field(
        default=None, ge=20, le=65_536, description="GiB of gp3, no less than the database's; as much, if not given."
    )
    max_storage: int | None = Field(
        default=None, le=65_536, description="GiB that AWS may let it grow to; the database's, if not given."
    )
    zone: str | None = Field(
        default=None, description="Which of the network's zones, by name or by letter; AWS's choice, if not given."
    )
    multi_zone: bool = Field(default=False, description="Whether it has one that stands by, in another zone.")

    def zone_name(self, network: Network, region: str) -> str | None:
        """The full name of its zone, or what is written, where the network has no such zone."""
        fitting = (name for name in network.zone_names(region) if self.zone in (name, name[-1]))
        return next(fitting, self.zone)

    def problems(self, where: str, database: Any, network: Network, region: str) -> Iterator[Problem]:
        """What doesn't fit with its database, or with the network."""
        storage = self.storage or database.storage
        if storage < database.storage:
            why = f"{storage} GiB are less than the {database.storage} of the database, and hold no copy of it"
            yield Problem(f"{where}.storage", why, "Give it as much, or leave it out")
        most = self.max_storage or database.max_storage
        if most is not None and most < ROOM_TO_GROW * storage:
            why = f"{most} GiB should be at least a tenth more than its storage, which is {storage}"
            yield Problem(f"{where}.max_storage", why, "Raise it")
        if self.zone is not None and self.multi_zone:
            why = "one that has another in a second zone stands in two, which AWS chooses"
            yield Problem(f"{where}.zone", why, "Leave out zone, or multi_zone")
        if self.zone is not None and (zone := self.zone_name(network, region)) not in network.zone_names(region):
            way_out = f"Name one of: {', '.join(network.zone_names(region))}"
            yield Problem(f"{where}.zone", f"{zone} is none of the network's zones", way_out)

    def part(self, name: str, where: str, database: Any, network: Network, region: str) -> DatabaseReplica:
        """The replica of a database's part."""
        return DatabaseReplica(
            name=f"{database.name}-{name}",
            where=where,
            source=database.key,
            instance_class=self.instance_class or database.instance_class,
            storage=self.storage or database.storage,
            max_storage=self.max_storage or database.max_storage,
            zone=self.zone_name(network, region),
            multi_zone=self.multi_zone,
            **{field: getattr(database, field) for field in AS_ITS_DATABASE},
        )


AS_ITS_DATABASE = ("version", "subnet_group", "groups", "parameter_group", "port", "minor_upgrades", "apply")
"""Fields that a replica has as its database's part has them."""
