"""The store of EC2: instances with their volumes, and lone volumes, as images and snapshots."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from blueprints.backups import BackupPolicy
from blueprints.environment import Environment
from blueprints.part import Part
from tasks.backups.carrier import Carrier
from tasks.backups.disk_copying import DiskCarrier
from tasks.backups.disk_listing import listed
from tasks.backups.disk_making import make_image, make_lone, make_set
from tasks.backups.disk_restoring import disk_parts, known_machine
from tasks.backups.policy import Taking
from tasks.backups.proof_parts import parts_of_proof
from tasks.backups.proving import Proof, check
from tasks.backups.record import Backup
from tasks.backups.restoring import Wish
from tasks.backups.sources import Covered, disks_covered
from tasks.backups.store import Asked, Made
from tasks.backups.using import in_use
from tasks.errors import gone_is_fine
from tasks.scope import Scope, as_list

GIB_MONTH = 0.05
"""US dollars for a GiB-month of EBS snapshots, standard tier, in us-east-1: https://aws.amazon.com/ebs/pricing/"""


class Disks:
    """Images and snapshots of EC2."""

    noun = "volume"
    gib_month = GIB_MONTH
    taken_names = frozenset({"InvalidAMIName.Duplicate"})
    kept = frozenset({"InvalidSnapshot.InUse", "OperationNotPermitted"})
    carrier: Carrier | None = DiskCarrier()

    def holds(self, id: str) -> bool:
        """By how its ids begin; a set's name is Castra's own."""
        return id.startswith(("i-", "vol-", "ami-", "snap-", "set-"))

    def listed(self, scope: Scope, asked: Asked, region: str) -> list[Backup]:
        """See the protocol."""
        return listed(scope, asked, region)

    def covered(self, policy: BackupPolicy, environment: Environment, scope: Scope) -> Covered:
        """See the protocol."""
        return disks_covered(policy, environment.name, scope)

    def make(self, scope: Scope, taking: Taking) -> Made:
        """See the protocol."""
        if taking.how == "image":
            return make_image(scope, taking)
        return make_set(scope, taking) if taking.source.is_instance else make_lone(scope, taking)

    def removals(self, scope: Scope, backup: Backup) -> Iterator[Callable[[], Any]]:
        """An image first, as nothing under it can go before; AWS can take its snapshots along."""
        ec2 = scope.client("ec2", region=backup.region)
        left = {piece.id for piece in backup.pieces}
        if backup.id.startswith("ami-"):

            def deregister() -> None:
                with gone_is_fine("InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"):
                    answer = ec2.deregister_image(ImageId=backup.id, DeleteAssociatedSnapshots=True)
                    results = answer.get("DeleteSnapshotResults", [])
                    left.difference_update(one["SnapshotId"] for one in results if one.get("ReturnCode") == "success")

            yield deregister
        for piece in sorted(left):

            def delete(id: str = piece) -> None:
                with gone_is_fine("InvalidSnapshot.NotFound"):
                    ec2.delete_snapshot(SnapshotId=id)

            yield delete

    def in_use(self, scope: Scope, beside: Collection[str]) -> Mapping[str, str]:
        """See the protocol."""
        return in_use(scope, beside)

    def parts(self, scope: Scope, backup: Backup, wish: Wish) -> tuple[Part, ...]:
        """See the protocol."""
        return disk_parts(scope, backup, wish)

    def proof_parts(self, scope: Scope, proof: Proof) -> tuple[Part, ...]:
        """See the protocol."""
        assert proof.backup is not None
        return parts_of_proof(proof, known_machine(scope, proof.backup), scope.region)

    def check(self, scope: Scope, proof: Proof, ids: Mapping[str, str]) -> str:
        """See the protocol."""
        return check(scope, proof, ids)

    def note(self, scope: Scope, backup: Backup, tags: Mapping[str, str]) -> None:
        """See the protocol."""
        ids = [id for id in backup.ids if id.startswith(("ami-", "snap-"))]
        with gone_is_fine("InvalidSnapshot.NotFound", "InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"):
            scope.client("ec2", region=backup.region).create_tags(Resources=ids, Tags=as_list(tags))
