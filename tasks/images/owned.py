"""The account's own images and snapshots, as retiring sees them: two listings, however many there are."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from blueprints.retiring import Retiring
from tasks.backups.record import BACKUP
from tasks.images.provenance import IMAGE, REFUSED
from tasks.scope import ENVIRONMENT, PART, Scope, as_dict

DEPRECATED = "castra:retire-deprecated"
DISABLED = "castra:retire-disabled"
STEPS = (DEPRECATED, DISABLED)
NUMBER = re.compile(r"(\d+)$")
MADE_FOR = re.compile(r"^(?:Created by CreateImage\(i-[0-9a-f]+\) for|Copied for DestinationAmi) (ami-[0-9a-f]+)")
"""What AWS writes on a snapshot that it makes for an image."""


@dataclass(frozen=True)
class Image:
    """An image. `family` is the name that it was built under, or what else it was selected by; empty where nothing is.

    `snapshots` are those that it stands on; `deprecation` is when AWS deprecates it.
    """

    id: str
    name: str
    family: str
    state: str
    created: datetime
    snapshots: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    deprecation: datetime | None = None
    launched: datetime | None = None
    protected: bool = False
    public: bool = False

    @property
    def order(self) -> tuple[datetime, int, str]:
        """By age; AWS tells whole seconds, so that of two of one second the higher number in the name is the newer."""
        number = NUMBER.search(self.name)
        return self.created, int(number[1]) if number else 0, self.id

    @property
    def deprecated(self) -> datetime | None:
        """Since when it's deprecated: by Castra's tag, or by whatever else was ordered."""
        return (moment(self.tags.get(DEPRECATED)) or self.deprecation) if self.deprecation else None

    @property
    def disabled(self) -> datetime | None:
        """When Castra disabled it, by its tag."""
        return moment(self.tags.get(DISABLED))

    @property
    def refused(self) -> bool:
        """Whether a rotation found it bad."""
        return REFUSED in self.tags


@dataclass(frozen=True)
class Snapshot:
    """A snapshot: what AWS wrote on it, and what it costs at most."""

    id: str
    gib: int
    started: datetime
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def image(self) -> str:
        """The image that AWS made it for; empty where it was made for none."""
        found = MADE_FOR.match(self.description)
        return found[1] if found else ""

    @property
    def spoken_for(self) -> str:
        """What else it's for: a backup, or a part of an environment; empty where it's for nothing else."""
        if BACKUP in self.tags:
            return f"it is a backup of {self.tags[BACKUP]}"
        if PART in self.tags:
            return f"it is {self.tags[PART]} of {self.tags.get(ENVIRONMENT, '')}"
        return ""


def images_of(scope: Scope, policy: Retiring) -> tuple[Image, ...]:
    """All own images, the deprecated and the disabled ones too."""
    listed = scope.pages(
        "ec2", "describe_images", "Images", Owners=["self"], IncludeDeprecated=True, IncludeDisabled=True
    )
    return tuple(sorted((_image(one, policy) for one in listed), key=lambda image: image.id))


def snapshots_of(scope: Scope) -> tuple[Snapshot, ...]:
    """All own snapshots."""
    listed = scope.pages("ec2", "describe_snapshots", "Snapshots", OwnerIds=["self"])
    return tuple(sorted((_snapshot(one) for one in listed), key=lambda snapshot: snapshot.id))


def moment(text: str | datetime | None) -> datetime | None:
    """A time of AWS's or of a tag; None where it's none."""
    if isinstance(text, datetime):
        return text
    try:
        return datetime.fromisoformat(text or "")
    except ValueError:
        return None


def family_of(name: str, tags: Mapping[str, str], policy: Retiring) -> str:
    """What a policy knows an image by; empty where it's none of the policy's business. Backups never are."""
    if BACKUP in tags:
        return ""
    if IMAGE in tags:
        return tags[IMAGE] if not policy.only or tags[IMAGE] in policy.only else ""
    if pattern := next((pattern for pattern in policy.names if fnmatchcase(name, pattern)), ""):
        return pattern
    if policy.tags and policy.tags.items() <= tags.items():
        return ", ".join(f"{key}={value}" for key, value in policy.tags.items())
    return ""


def _image(told: Mapping[str, Any], policy: Retiring) -> Image:
    tags, name = as_dict(told.get("Tags")), told.get("Name", "")
    created = moment(told["CreationDate"])
    assert created is not None
    return Image(
        told["ImageId"],
        name,
        family_of(name, tags, policy),
        told["State"],
        created,
        tuple(sorted(_snapshot_ids(told))),
        tags,
        moment(told.get("DeprecationTime")),
        moment(told.get("LastLaunchedTime")),
        str(told.get("DeregistrationProtection", "")).startswith("enabled"),
        bool(told.get("Public")),
    )


def _snapshot_ids(told: Mapping[str, Any]) -> Iterator[str]:
    for device in told.get("BlockDeviceMappings", []):
        if snapshot := device.get("Ebs", {}).get("SnapshotId"):
            yield snapshot


def _snapshot(told: Mapping[str, Any]) -> Snapshot:
    return Snapshot(
        told["SnapshotId"],
        int(told.get("VolumeSize", 0)),
        told["StartTime"],
        told.get("Description", ""),
        as_dict(told.get("Tags")),
    )
