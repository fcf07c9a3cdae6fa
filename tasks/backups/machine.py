"""What an instance was like when it was backed up: enough to make another one of it once it's gone."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

MACHINE, PLACE = "castra:machine", "castra:place"
LONGEST = 256  # characters that a tag's value may have
PROFILES = ":instance-profile"


class Machine(BaseModel):
    """An instance, as what it's restored into needs to know it. Volumes have a zone only.

    `root` is its root device; `profile` an instance profile's ARN, `key_pair` a name. What doesn't fit into two tags is
    left out: the key pair first, then the profile.
    """

    model_config = ConfigDict(frozen=True)

    instance_type: str = ""
    architecture: str = ""
    boot_mode: str = ""
    ena: bool = True
    root: str = ""
    zone: str = ""
    subnet: str = ""
    groups: tuple[str, ...] = ()
    profile: str = ""
    key_pair: str = ""

    @property
    def tags(self) -> dict[str, str]:
        """As a backup's tags have it. Pure."""
        what = {"type": self.instance_type, "arch": self.architecture, "boot": self.boot_mode, "root": self.root}
        what |= {"zone": self.zone, "ena": "" if self.ena else "no"}
        place = {"subnet": self.subnet, "groups": "+".join(self.groups), "profile": self.profile, "key": self.key_pair}
        tags = {MACHINE: words_of(what), PLACE: words_of(place)}
        return {key: value for key, value in tags.items() if value}


def machine_of(instance: Mapping[str, Any]) -> Machine:
    """From an instance as DescribeInstances tells it."""
    return Machine(
        instance_type=instance.get("InstanceType", ""),
        architecture=instance.get("Architecture", ""),
        boot_mode=instance.get("BootMode", ""),
        ena=instance.get("EnaSupport", True),
        root=instance.get("RootDeviceName", ""),
        zone=instance.get("Placement", {}).get("AvailabilityZone", ""),
        subnet=instance.get("SubnetId", ""),
        groups=tuple(sorted(group["GroupId"] for group in instance.get("SecurityGroups", []))),
        profile=instance.get("IamInstanceProfile", {}).get("Arn", ""),
        key_pair=instance.get("KeyName", ""),
    )


def read_machine(tags: Mapping[str, str]) -> Machine:
    """Back from a backup's tags; empty fields for what they don't say."""
    said = words_in(tags)
    fields = {_FIELDS[key]: value for key, value in said.items() if key in _FIELDS}
    groups = several(said.get("groups", ""))
    try:
        return Machine(**fields, groups=groups, ena=said.get("ena") != "no")
    except ValidationError:
        return Machine()


_FIELDS = {
    "type": "instance_type",
    "arch": "architecture",
    "boot": "boot_mode",
    "root": "root",
    "zone": "zone",
    "subnet": "subnet",
    "profile": "profile",
    "key": "key_pair",
}


def words_in(tags: Mapping[str, str]) -> dict[str, str]:
    """What both tags say, by its word."""
    return dict(word.split("=", 1) for name in (MACHINE, PLACE) for word in tags.get(name, "").split() if "=" in word)


def words_of(said: Mapping[str, str]) -> str:
    """`type=t3.small arch=x86_64`; the last ones are left out until it fits. Blanks can't stand in a value."""
    words = [f"{key}={value}" for key, value in said.items() if value and " " not in value]
    while words and len(" ".join(words)) > LONGEST:
        words.pop()
    return " ".join(words)


def several(word: str) -> tuple[str, ...]:
    """Of `sg-1+sg-2`, both."""
    return tuple(one for one in word.split("+") if one)


def whole(word: str) -> int:
    """The number that a word is; 0 for none: anybody may write a tag."""
    return int(word) if word.isdecimal() else 0
