"""EBS volumes of their own, which outlive the instance that they're attached to."""

from collections.abc import Iterator, Mapping
from uuid import uuid4

from blueprints.volumes import StandingVolume
from tasks.compute.blocks import MODIFIES, BlockState, asked_of, block_of, block_wanted, modify, owned_volumes
from tasks.compute.last_snapshot import SNAPSHOTS, kept_volume, let_go, take_last_snapshot
from tasks.errors import gone_is_fine
from tasks.kind import AtBirth, Fixed, Found, Kind, Phase, State
from tasks.retry import when_released
from tasks.scope import KEPT, KMS_KEY, ON_REMOVAL, Scope, as_dict, as_list
from tasks.waiting import wait_for, wait_until

PHASES: Mapping[str, Phase] = {"creating": "pending", "deleting": "leaving", "deleted": "leaving", "error": "failed"}
CHANGED = frozenset({"size", "block"})


class VolumeState(State):
    """https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volumes.html

    Whom it's attached to is told by that one. `snapshot` is what it was made of, if anything.
    """

    zone: Fixed[str]
    size: int
    block: BlockState
    encrypted: Fixed[bool]
    kms_key: Fixed[str]
    snapshot: AtBirth[str]
    on_removal: str

    def immovable(self, found: "VolumeState") -> frozenset[str]:
        """A volume can't be made smaller."""
        return self.fixed() | ({"size"} if self.size < found.size else set())


class VolumeKind(Kind[StandingVolume, VolumeState]):
    """EBS volumes of their own."""

    name = "volume"
    holds = "all that is on it"
    actions = tuple(
        sorted(
            (
                "ec2:CreateTags",
                "ec2:CreateVolume",
                "ec2:DeleteTags",
                "ec2:DeleteVolume",
                "ec2:DescribeVolumes",
                *MODIFIES,
                *SNAPSHOTS,
            )
        )
    )

    def owned(self, scope: Scope) -> Iterator[Found[VolumeState]]:
        """DescribeVolumes, filtered by tag. Those that instances were launched with carry the instance's part."""
        for volume in owned_volumes(scope):
            tags = as_dict(volume.get("Tags"))
            if name := self.named_in(tags):
                id, on_removal = volume["VolumeId"], tags.get(ON_REMOVAL, "keep")
                state = VolumeState(
                    zone=volume["AvailabilityZone"],
                    size=volume["Size"],
                    block=block_of(volume),
                    encrypted=volume["Encrypted"],
                    kms_key=volume.get("KmsKeyId", "") if KMS_KEY in tags else "",
                    snapshot=volume.get("SnapshotId") or "",
                    on_removal=on_removal,
                )
                keeps = {"keep": f"the volume {id} with all that is on it", "snapshot": f"a snapshot of {id}"}
                yield Found(
                    self.name,
                    name,
                    id,
                    state,
                    tags,
                    PHASES.get(volume["State"], "standing"),
                    keeps=keeps.get(on_removal, ""),
                    loses="" if on_removal in keeps else "all that is on it",
                )

    def wanted(self, part: StandingVolume, ids: Mapping[str, str]) -> VolumeState:
        """See the base."""
        return VolumeState(
            zone=part.zone,
            size=part.size,
            block=block_wanted(part.block),
            encrypted=part.encrypted,
            kms_key=part.kms_key or "",
            snapshot=part.snapshot or "",
            on_removal=part.on_removal,
        )

    def create(self, scope: Scope, name: str, wanted: VolumeState) -> str:
        """One that was kept is taken on. Else with a token for this call alone, which never answers with a dead one."""
        tags = self.birth_tags(scope, name, wanted) | {ON_REMOVAL: wanted.on_removal}
        key = {"KmsKeyId": wanted.kms_key} if wanted.kms_key else {}
        tags |= {KMS_KEY: "chosen"} if key else {}
        if kept := kept_volume(scope, self.key(name), wanted.zone):
            if (kept["Size"], block_of(kept)) != (wanted.size, wanted.block):
                modify(scope, kept["VolumeId"], max(wanted.size, kept["Size"]), wanted.block)
            self.tag(scope, kept["VolumeId"], tags, frozenset({KEPT}))
            return str(kept["VolumeId"])
        made = scope.ec2.create_volume(
            AvailabilityZone=wanted.zone,
            Size=wanted.size,
            Encrypted=wanted.encrypted,
            **asked_of(wanted.block),
            **key,
            **({"SnapshotId": wanted.snapshot} if wanted.snapshot else {}),
            ClientToken=str(uuid4()),
            TagSpecifications=[{"ResourceType": "volume", "Tags": as_list(tags)}],
        )
        return str(made["VolumeId"])

    def ready(self, scope: Scope, id: str) -> None:
        """Seconds."""

        def usable() -> bool:
            volumes = scope.ec2.describe_volumes(Filters=[{"Name": "volume-id", "Values": [id]}])["Volumes"]
            return [one["State"] for one in volumes] in (["available"], ["in-use"])

        wait_until(scope, usable, f"volume {id}", 300, lambda: "it isn't available")

    def update(self, scope: Scope, id: str, wanted: VolumeState, changed: frozenset[str]) -> None:
        """In place, while it's in use; the file system on it has to be grown by whoever uses it."""
        if changed & CHANGED:
            modify(scope, id, wanted.size if "size" in changed else None, wanted.block)
        if "on_removal" in changed:
            self.tag(scope, id, {ON_REMOVAL: wanted.on_removal})

    def delete(self, scope: Scope, id: str) -> None:
        """Kept, it only loses the tags that make it the environment's; else it goes, once a last snapshot is taken."""
        volumes = scope.ec2.describe_volumes(Filters=[{"Name": "volume-id", "Values": [id]}])["Volumes"]
        if not volumes:
            return
        tags = as_dict(volumes[0].get("Tags"))
        if (on_removal := tags.get(ON_REMOVAL, "keep")) == "keep":
            let_go(scope, id, tags)
            return
        if on_removal == "snapshot":
            take_last_snapshot(scope, id, tags)
        with gone_is_fine("InvalidVolume.NotFound"):
            when_released(f"volume {id} to be let go", scope.ec2.delete_volume, VolumeId=id)
            wait_for(scope, "ec2", "volume_deleted", f"volume {id}", 300, VolumeIds=[id])
