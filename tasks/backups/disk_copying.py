"""Copies of images and snapshots of EC2."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from tasks.backups.carrier import SHARED, Copied, copy_tags
from tasks.backups.copying import There, Wanted
from tasks.backups.disk_listing import PAGE, assembled
from tasks.backups.record import BACKUP, COPY_OF, group_of
from tasks.scope import Scope, as_dict, as_list

STATES = {"completed": "complete", "available": "complete", "pending": "pending"}


class DiskCarrier:
    """An image with all its snapshots, or one snapshot."""

    taken_names = frozenset({"InvalidAMIName.Duplicate"})

    def there(self, scope: Scope, region: str, environment: str, policy: str) -> There:
        """Two listings."""
        filters = [{"Name": f"tag:{BACKUP}", "Values": [group_of(environment, policy)]}]
        asked: dict[str, Any] = {"Filters": filters, "region": region, "PaginationConfig": PAGE}
        images = list(scope.pages("ec2", "describe_images", "Images", Owners=["self"], **asked))
        snapshots = list(scope.pages("ec2", "describe_snapshots", "Snapshots", OwnerIds=["self"], **asked))
        tagged = {one["ImageId"]: as_dict(one.get("Tags")) for one in images}
        tagged |= {one["SnapshotId"]: as_dict(one.get("Tags")) for one in snapshots}
        shared = {id: frozenset(tags[SHARED].split()) for id, tags in tagged.items() if SHARED in tags}
        encrypted = frozenset(one["SnapshotId"] for one in snapshots if one.get("Encrypted"))
        return There(assembled(images, snapshots, region), shared, encrypted)

    def send(self, scope: Scope, wanted: Wanted) -> str:
        """CopyImage has a unique name. CopySnapshot has neither that nor a ClientToken: it's sent once."""
        region = wanted.home.region
        if wanted.piece is None:
            asked = _asked(wanted, "image", "snapshot") | {"SourceImageId": wanted.id}
            asked["Name"] = f"castra-copy-{wanted.backup.region}-{wanted.id}"
            return str(scope.client("ec2", region=region).copy_image(**asked)["ImageId"])
        asked = _asked(wanted, "snapshot") | {"SourceSnapshotId": wanted.id}
        return str(scope.client("ec2", once=True, region=region).copy_snapshot(**asked)["SnapshotId"])

    def copies(self, scope: Scope, wanted: Wanted) -> Iterable[Copied]:
        """By the tag that says what they are of."""
        region, filters = wanted.home.region, [{"Name": f"tag:{COPY_OF}", "Values": [wanted.place]}]
        if wanted.piece is None:
            listed = scope.pages("ec2", "describe_images", "Images", region=region, Owners=["self"], Filters=filters)
            return [(one["ImageId"], as_dict(one.get("Tags"))[COPY_OF], _state(one["State"])) for one in listed]
        owned: dict[str, Any] = {"OwnerIds": ["self"], "Filters": filters}
        listed = scope.pages("ec2", "describe_snapshots", "Snapshots", region=region, **owned)
        return [(one["SnapshotId"], as_dict(one.get("Tags"))[COPY_OF], _state(one["State"])) for one in listed]

    def clear(self, scope: Scope, wanted: Wanted, id: str) -> None:
        """An image's name would be taken."""
        client = scope.client("ec2", region=wanted.home.region)
        if wanted.piece is None:
            client.deregister_image(ImageId=id)
        else:
            client.delete_snapshot(SnapshotId=id)

    def under_way(self, scope: Scope, wanted: Wanted) -> frozenset[str]:
        """See the protocol."""
        region, image = wanted.home.region, wanted.piece is None
        noun, mark = ("images", "state") if image else ("snapshots", "status")
        filters = [{"Name": "tag-key", "Values": [COPY_OF]}, {"Name": mark, "Values": ["pending"]}]
        asked: dict[str, Any] = {"Owners" if image else "OwnerIds": ["self"], "Filters": filters}
        asked |= {"region": region, "PaginationConfig": PAGE}

        def listing() -> frozenset[str]:
            found = scope.pages("ec2", f"describe_{noun}", noun.capitalize(), **asked)
            return frozenset(one["ImageId" if image else "SnapshotId"] for one in found)

        return scope.polled(f"{noun} being copied to {region}", float("-inf"), listing)

    def state(self, scope: Scope, wanted: Wanted, id: str) -> tuple[str, str]:
        """See the protocol."""
        client = scope.client("ec2", region=wanted.home.region)
        if wanted.piece is None:
            (one,) = client.describe_images(ImageIds=[id])["Images"]
            return _state(one["State"]), one.get("StateReason", {}).get("Message", "")
        (one,) = client.describe_snapshots(SnapshotIds=[id])["Snapshots"]
        return _state(one["State"]), one.get("StateMessage", "")

    def share(self, scope: Scope, wanted: Wanted, id: str) -> None:
        """Images by their launch permission, and all snapshots."""
        accounts = list(wanted.home.accounts)
        client = scope.client("ec2", region=wanted.home.region)
        snapshots = [id]
        if wanted.piece is None:
            (image,) = client.describe_images(ImageIds=[id])["Images"]
            snapshots = [device["Ebs"]["SnapshotId"] for device in image["BlockDeviceMappings"] if "Ebs" in device]
            client.modify_image_attribute(ImageId=id, LaunchPermission={"Add": [{"UserId": one} for one in accounts]})
        permitted: dict[str, Any] = {"Attribute": "createVolumePermission", "OperationType": "add"}
        for snapshot in snapshots:
            client.modify_snapshot_attribute(SnapshotId=snapshot, UserIds=accounts, **permitted)
        client.create_tags(Resources=[id], Tags=[{"Key": SHARED, "Value": " ".join(accounts)}])


def _asked(wanted: Wanted, *types: str) -> dict[str, Any]:
    tags = as_list(copy_tags(wanted, datetime.now(UTC)))
    asked: dict[str, Any] = {
        "SourceRegion": wanted.backup.region,
        "Description": f"Copy of {wanted.place}",
        "TagSpecifications": [{"ResourceType": type, "Tags": tags} for type in types],
    }
    return asked | ({"Encrypted": True, "KmsKeyId": wanted.home.key} if wanted.home.key else {})


def _state(told: str) -> str:
    return STATES.get(told, "failed")
