"""One copy of a backup: sent to another region, awaited, and shared with another account. Nothing is made twice."""

import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_exponential_jitter

from tasks.backups.copies import SHARED
from tasks.backups.copying import Wanted
from tasks.backups.disk_listing import PAGE
from tasks.backups.record import DEVICE, SET, tags_of
from tasks.errors import CastraError, code_of
from tasks.operation import Deed
from tasks.progress import waiting
from tasks.retry import classify, made_nothing, when_visible, worth_another_try
from tasks.scope import COPY_OF, CREATED, Scope, as_dict, as_list
from tasks.waiting import wait_until

AT_ONCE = 20  # copies to one region: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-copy-snapshot.html
DAY = 86_400.0  # seconds; a first copy carries all data of a volume
SEEN_WITHIN = 8.0  # seconds until a listing tells of what was made just now


class Courier:
    """Carries out what a plan of copies says, from many threads: at most 20 copies to a region at once."""

    def __init__(self, scope: Scope, wanted: dict[str, Wanted]) -> None:
        self.scope, self.wanted = scope, wanted
        self._rooms: dict[str, threading.BoundedSemaphore] = defaultdict(lambda: threading.BoundedSemaphore(AT_ONCE))
        self._lock = threading.Lock()

    def carry_out(self, deed: Deed) -> Deed:
        """Copy or share one thing. One that is there already is waited for."""
        wanted = self.wanted[deed.what]
        if deed.action == "share":
            id = str(wanted.there)
        else:
            with self._room(wanted.home.region):
                self.scope.go_ahead.check()
                id = self._sent(wanted)
                self._await(wanted, id)
        if wanted.home.accounts:
            self._share(wanted, id)
        return deed.model_copy(update={"id": id})

    def _room(self, region: str) -> threading.BoundedSemaphore:
        with self._lock:
            return self._rooms[region]

    # ------------------------------------------------------------------ copying

    def _sent(self, wanted: Wanted) -> str:
        """The id of the copy: the one under way, or a new one. What failed before makes room for it."""
        if wanted.there:
            return wanted.there
        if wanted.failed:
            self._clear(wanted)
        return self._image(wanted) if wanted.piece is None else self._snapshot(wanted)

    def _snapshot(self, wanted: Wanted) -> str:
        """CopySnapshot has no ClientToken: sent once, and looked for by tag before a second try."""
        client = self.scope.client("ec2", once=True, region=wanted.home.region)
        asked = self._asked(wanted, "snapshot") | {"SourceSnapshotId": wanted.id}
        return self._patiently(wanted, lambda: str(client.copy_snapshot(**asked)["SnapshotId"]))

    def _image(self, wanted: Wanted) -> str:
        """CopyImage has a ClientToken, and the name is unique in its region."""
        client = self.scope.client("ec2", region=wanted.home.region)
        asked = self._asked(wanted, "image", "snapshot") | {"SourceImageId": wanted.id}
        asked["Name"] = f"castra-copy-{wanted.backup.region}-{wanted.id}"
        return self._patiently(wanted, lambda: str(client.copy_image(**asked)["ImageId"]))

    def _asked(self, wanted: Wanted, *types: str) -> dict[str, Any]:
        tags = as_list(copy_tags(wanted, datetime.now(UTC)))
        asked: dict[str, Any] = {
            "SourceRegion": wanted.backup.region,
            "Description": f"Copy of {wanted.place}",
            "TagSpecifications": [{"ResourceType": type, "Tags": tags} for type in types],
        }
        return asked | ({"Encrypted": True, "KmsKeyId": wanted.home.key} if wanted.home.key else {})

    def _patiently(self, wanted: Wanted, send: Callable[[], str]) -> str:
        """Send it, and again after an error that passes, such as too many copies of others; but look for it first."""
        lost: list[ClientError | BaseException] = []

        def once() -> str:
            if lost and not (made_nothing(lost[-1]) or _full(lost[-1])) and (id := self._made(wanted)):
                return id
            self.scope.go_ahead.check()
            try:
                return send()
            except Exception as error:
                if code_of(error) == "InvalidAMIName.Duplicate" and (id := self._made(wanted)):
                    return id
                lost.append(error)
                if _full(error):
                    waiting("waiting for other copies to that region to end")
                raise

        poll = self.scope.poll_seconds
        return Retrying(
            retry=retry_if_exception(worth_another_try),
            wait=wait_exponential_jitter(multiplier=poll, max=15 * poll, jitter=poll),
            stop=stop_after_delay(DAY),
            reraise=True,
        )(once)

    def _made(self, wanted: Wanted) -> str | None:
        """The copy that a try has made whose answer was lost; it may show itself late."""
        found: list[str] = []

        def seen() -> bool:
            found[:] = [id for id, place, state in self._listed(wanted) if place == wanted.place and state != "failed"]
            return bool(found)

        with suppress(CastraError):  # nothing was made
            wait_until(self.scope, seen, wanted.name, SEEN_WITHIN)
        return found[0] if found else None

    def _listed(self, wanted: Wanted) -> list[tuple[str, str, str]]:
        """Id, origin and state of what is a copy of the same thing."""
        region, filters = wanted.home.region, [{"Name": f"tag:{COPY_OF}", "Values": [wanted.place]}]
        if wanted.piece is None:
            listed = self.scope.pages(
                "ec2", "describe_images", "Images", region=region, Owners=["self"], Filters=filters
            )
            return [(one["ImageId"], as_dict(one.get("Tags"))[COPY_OF], _state(one["State"])) for one in listed]
        owned: dict[str, Any] = {"OwnerIds": ["self"], "Filters": filters}
        listed = self.scope.pages("ec2", "describe_snapshots", "Snapshots", region=region, **owned)
        return [(one["SnapshotId"], as_dict(one.get("Tags"))[COPY_OF], _state(one["State"])) for one in listed]

    def _clear(self, wanted: Wanted) -> None:
        """Remove what has failed: an image's name would be taken."""
        client = self.scope.client("ec2", region=wanted.home.region)
        for id in [id for id, _, state in self._listed(wanted) if state == "failed"]:
            self.scope.go_ahead.check()
            if wanted.piece is None:
                client.deregister_image(ImageId=id)
            else:
                client.delete_snapshot(SnapshotId=id)

    # ------------------------------------------------------------------ waiting and sharing

    def _await(self, wanted: Wanted, id: str) -> None:
        """Wait until it's complete: one listing of all that is under way for all that wait."""

        def complete() -> bool:
            if id in self._under_way(wanted):
                return False
            state, why = when_visible(f"copy {id}", self._state, wanted, id)
            if state == "failed":
                raise CastraError(wanted.name, why or "the copy has failed", "Run again: another one is made")
            return state == "complete"

        wait_until(self.scope, complete, wanted.name, DAY, lambda: "it isn't complete")

    def _under_way(self, wanted: Wanted) -> frozenset[str]:
        region, image = wanted.home.region, wanted.piece is None
        noun, mark = ("images", "state") if image else ("snapshots", "status")
        filters = [{"Name": "tag-key", "Values": [COPY_OF]}, {"Name": mark, "Values": ["pending"]}]
        asked: dict[str, Any] = {"Owners" if image else "OwnerIds": ["self"], "Filters": filters}
        asked |= {"region": region, "PaginationConfig": PAGE}

        def listing() -> frozenset[str]:
            found = self.scope.pages("ec2", f"describe_{noun}", noun.capitalize(), **asked)
            return frozenset(one["ImageId" if image else "SnapshotId"] for one in found)

        return self.scope.polled(f"{noun} being copied to {region}", float("-inf"), listing)

    def _state(self, wanted: Wanted, id: str) -> tuple[str, str]:
        client = self.scope.client("ec2", region=wanted.home.region)
        if wanted.piece is None:
            (one,) = client.describe_images(ImageIds=[id])["Images"]
            return _state(one["State"]), one.get("StateReason", {}).get("Message", "")
        (one,) = client.describe_snapshots(SnapshotIds=[id])["Snapshots"]
        return _state(one["State"]), one.get("StateMessage", "")

    def _share(self, wanted: Wanted, id: str) -> None:
        """Sharing twice is sharing once. The tag says that it's done, as only a call for each snapshot would tell."""
        self.scope.go_ahead.check()
        accounts = list(wanted.home.accounts)
        client = self.scope.client("ec2", region=wanted.home.region)
        snapshots = [id]
        if wanted.piece is None:
            (image,) = client.describe_images(ImageIds=[id])["Images"]
            snapshots = [device["Ebs"]["SnapshotId"] for device in image["BlockDeviceMappings"] if "Ebs" in device]
            client.modify_image_attribute(ImageId=id, LaunchPermission={"Add": [{"UserId": one} for one in accounts]})
        permitted: dict[str, Any] = {"Attribute": "createVolumePermission", "OperationType": "add"}
        for snapshot in snapshots:
            client.modify_snapshot_attribute(SnapshotId=snapshot, UserIds=accounts, **permitted)
        client.create_tags(Resources=[id], Tags=[{"Key": SHARED, "Value": " ".join(accounts)}])


def copy_tags(wanted: Wanted, now: datetime) -> dict[str, str]:
    """A copy's tags: the backup's own, with how long this one is kept, and what it is a copy of. Pure."""
    backup, piece = wanted.backup, wanted.piece
    tags = tags_of(
        backup.environment, backup.policy, backup.source, backup.part, backup.slot, backup.how, backup.expected,
        wanted.home.tiers, backup.zone,
    )  # fmt: skip
    if piece and backup.id != piece.id:
        tags[SET] = backup.id
    if piece and piece.device:
        tags[DEVICE] = piece.device
    return tags | backup.machine_tags | {COPY_OF: wanted.place, CREATED: f"{now:%Y-%m-%dT%H:%M:%SZ}"}


def _state(told: str) -> str:
    return {"completed": "complete", "available": "complete", "pending": "pending"}.get(told, "failed")


def _full(error: BaseException) -> bool:
    """Whether it was refused because too much is being copied already: it made nothing."""
    return code_of(error) == "ResourceLimitExceeded" and classify(error) != "final"
