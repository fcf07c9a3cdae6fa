"""What still uses backups in EC2: whatever launches from an image, images on a snapshot, copies and restores."""

from collections.abc import Collection, Iterator

from tasks.backups.disk_listing import PAGE
from tasks.backups.record import BACKUP
from tasks.images.listing import read
from tasks.images.references import reached
from tasks.scope import COPY_OF, Scope, as_dict

MOST_TOLD = 2


def in_use(scope: Scope, beside: Collection[str] = ()) -> dict[str, str]:
    """The ids of images and snapshots that something uses, and what. `beside` are regions that copies may go to.

    Raises Unreadable for whatever can't be read: what isn't known to be free isn't free.
    """
    found = {id: "; ".join(whys[:MOST_TOLD]) for id, whys in reached(read(scope, beside)).items()}
    for id, why in (*_under_images(scope), *_being_restored(scope), *_being_copied(scope, beside)):
        found.setdefault(id, why)
    return found


def _under_images(scope: Scope) -> Iterator[tuple[str, str]]:
    """Snapshots that images of other origin stand on; a backup's own image goes together with its snapshots."""
    for image in scope.pages("ec2", "describe_images", "Images", Owners=["self"], PaginationConfig=PAGE):
        if BACKUP not in as_dict(image.get("Tags")):
            for device in image.get("BlockDeviceMappings", []):
                if snapshot := device.get("Ebs", {}).get("SnapshotId"):
                    yield snapshot, f"image {image['ImageId']} stands on it"


def _being_restored(scope: Scope) -> Iterator[tuple[str, str]]:
    creating = [{"Name": "status", "Values": ["creating"]}]
    for volume in scope.pages("ec2", "describe_volumes", "Volumes", Filters=creating, PaginationConfig=PAGE):
        if snapshot := volume.get("SnapshotId"):
            yield snapshot, f"volume {volume['VolumeId']} is being made from it"


def _being_copied(scope: Scope, regions: Collection[str]) -> Iterator[tuple[str, str]]:
    """By the copies' tags, which say what they are of."""
    tagged = {"Name": "tag-key", "Values": [COPY_OF]}
    for region in regions:
        listings = (
            ("describe_snapshots", "Snapshots", "SnapshotId", {"Name": "status", "Values": ["pending"]}),
            ("describe_images", "Images", "ImageId", {"Name": "state", "Values": ["pending"]}),
        )
        for listing, result, key, pending in listings:
            whose = {"OwnerIds": ["self"]} if result == "Snapshots" else {"Owners": ["self"]}
            asked = {"Filters": [tagged, pending], "PaginationConfig": PAGE} | whose
            for one in scope.pages("ec2", listing, result, region=region, **asked):
                origin, _, id = as_dict(one["Tags"])[COPY_OF].partition("/")
                if origin == scope.region:
                    yield id, f"it is being copied to {one[key]} in {region}"
