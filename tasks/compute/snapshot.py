"""Snapshots that are copied: from another region, or to be encrypted."""

from collections.abc import Iterator, Mapping

from blueprints.images import CopiedSnapshot
from tasks.errors import CastraError, gone_is_fine
from tasks.kind import Fixed, Found, Kind, Phase, State
from tasks.retry import when_released
from tasks.scope import COPY_OF, KMS_KEY, Scope, as_dict, as_list
from tasks.waiting import wait_until

PHASES: Mapping[str, Phase] = {"pending": "pending", "completed": "standing", "error": "failed"}
WITHIN = 6 * 3600.0  # seconds: a first copy into a region takes all of the volume along


class SnapshotState(State):
    """`source` is `<region>/<id>`. https://docs.aws.amazon.com/ebs/latest/userguide/ebs-copy-snapshot.html

    AWS doesn't tell what a copy is of, nor, of the account's own key for EBS, that it was chosen by nobody: tags do.
    """

    source: Fixed[str]
    encrypted: Fixed[bool]
    kms_key: Fixed[str]


class SnapshotKind(Kind[CopiedSnapshot, SnapshotState]):
    """Snapshots that are copied: from another region, or to be encrypted."""

    name = "snapshot"
    actions = (
        "ec2:CopySnapshot",
        "ec2:CreateTags",
        "ec2:DeleteSnapshot",
        "ec2:DeleteTags",
        "ec2:DescribeSnapshots",
    )

    def owned(self, scope: Scope) -> Iterator[Found[SnapshotState]]:
        """DescribeSnapshots of the account's own, filtered by tag."""
        for snapshot in scope.pages("ec2", "describe_snapshots", "Snapshots", OwnerIds=["self"], Filters=scope.filters):
            tags = as_dict(snapshot.get("Tags"))
            if name := self.named_in(tags):
                state = SnapshotState(
                    source=tags.get(COPY_OF, ""),
                    encrypted=snapshot.get("Encrypted", False),
                    kms_key=snapshot.get("KmsKeyId", "") if KMS_KEY in tags else "",
                )
                outputs = {"id": snapshot["SnapshotId"]}
                phase = PHASES.get(snapshot["State"], "standing")
                yield Found(self.name, name, snapshot["SnapshotId"], state, tags, phase, outputs)

    def wanted(self, part: CopiedSnapshot, ids: Mapping[str, str]) -> SnapshotState:
        """See the base."""
        source = f"{part.source_region}/{part.source}"
        return SnapshotState(source=source, encrypted=True, kms_key=part.kms_key or "")

    def create(self, scope: Scope, name: str, wanted: SnapshotState) -> str:
        """CopySnapshot has neither ClientToken nor name: sent once. It takes 20 copies at a time into a region."""
        region, _, source = wanted.source.partition("/")
        key = {"KmsKeyId": wanted.kms_key} if wanted.kms_key else {}
        tags = self.birth_tags(scope, name, wanted) | {COPY_OF: wanted.source} | ({KMS_KEY: "chosen"} if key else {})
        copied = when_released(
            "another copy to end",
            scope.ec2_once.copy_snapshot,
            SourceSnapshotId=source,
            SourceRegion=region,
            Description=f"{scope.environment}: {self.key(name)}, a copy of {wanted.source}",
            Encrypted=True,
            **key,
            TagSpecifications=[{"ResourceType": "snapshot", "Tags": as_list(tags)}],
        )
        return str(copied["SnapshotId"])

    def ready(self, scope: Scope, id: str) -> None:
        """Minutes to hours, by how much there is to copy."""
        told = {"state": "not seen yet"}

        def completed() -> bool:
            seen = scope.ec2.describe_snapshots(Filters=[{"Name": "snapshot-id", "Values": [id]}], OwnerIds=["self"])
            for one in seen["Snapshots"]:
                told.update(state=one["State"], why=one.get("StateMessage") or "AWS gives no reason")
            if told["state"] == "error":
                raise CastraError(f"snapshot {id}", f"it failed: {told['why']}", "Mend that, and run again")
            return told["state"] == "completed"

        wait_until(scope, completed, f"snapshot {id}", WITHIN, lambda: f"it is {told['state']}")

    def update(self, scope: Scope, id: str, wanted: SnapshotState, changed: frozenset[str]) -> None:
        """There's nothing to change in place."""

    def delete(self, scope: Scope, id: str) -> None:
        """Waits until the image that stands on it has been deregistered."""
        with gone_is_fine("InvalidSnapshot.NotFound"):
            when_released(f"snapshot {id} to be let go", scope.ec2.delete_snapshot, SnapshotId=id)
