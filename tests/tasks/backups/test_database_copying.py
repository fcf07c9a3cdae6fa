"""Copies of databases' backups: each once, under a key of the region that they go to, shared and restored there."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from blueprints.environment import Environment
from tasks.backups.copies import plan_copies
from tasks.backups.listing import backups_in
from tasks.backups.pruning import in_use
from tasks.backups.restoration import plan_restore
from tasks.backups.restoring import Wish
from tasks.backups.sending import Courier
from tasks.errors import Invalid
from tasks.operation import Deed
from tasks.scope import Scope, as_dict
from tests.conductor import carry_out
from tests.physics import Physics
from tests.tasks.backups.carrying_out import scoped, taken
from tests.tasks.backups.test_databases import REGION, blueprint, standing
from tests.tasks.conftest import Weather

THERE, ACCOUNT = "eu-central-1", "210987654321"
SLOW = {"database_snapshot_copied": 300}


def shop(**copy: Any) -> Environment:
    return blueprint(copies=[{"region": THERE} | copy])


@pytest.fixture
def slow(weather: Weather) -> Physics:
    """A database with a backup; copies take five minutes of AWS's, which are a third of a second here."""
    aws = weather(scale=1000, times=SLOW)
    standing(aws)
    taken(scoped(blueprint()), blueprint())
    return aws


def copied(document: Environment) -> list[Deed]:
    scope = scoped(document)
    planned, copies = plan_copies(document, scope, datetime.now(UTC))
    courier = Courier(scope, copies.wanted)
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(courier.carry_out, planned.changes))


def there(aws: Physics) -> list[dict[str, Any]]:
    return list(aws.client("rds", THERE).describe_db_snapshots(SnapshotType="manual")["DBSnapshots"])


def settled(document: Environment) -> bool:
    return plan_copies(document, scoped(document), datetime.now(UTC))[0].settled


def test_each_is_copied_once_under_the_default_key_of_that_region_and_awaited(slow: Physics) -> None:
    document = shop()
    (deed,) = copied(document)
    (one,) = there(slow)
    assert (deed.action, deed.id, one["Status"]) == ("copy", one["DBSnapshotArn"], "available")
    assert f":{THERE}:" in one["KmsKeyId"]
    tags = as_dict(one["TagList"])
    (original,) = backups_in(scoped(document), "shop")
    assert tags["castra:copy-of"] == f"{REGION}/{original.id}"
    assert tags["castra:source-part"] == "database/main"
    assert settled(document)


def test_a_copy_whose_answer_was_lost_is_found_and_not_made_again(slow: Physics) -> None:
    slow.rule("CopyDBSnapshot", "lose-answer", nth=1)
    copied(shop())
    assert len(there(slow)) == 1


def test_where_too_many_of_others_are_on_their_way_it_waits(weather: Weather) -> None:
    aws = weather(times=SLOW)
    standing(aws)
    document = shop()
    taken(scoped(document), document)
    (original,) = backups_in(scoped(document), "shop")
    asked = {"SourceDBSnapshotIdentifier": original.id, "SourceRegion": REGION, "KmsKeyId": "alias/aws/rds"}
    for number in range(20):
        aws.client("rds", THERE).copy_db_snapshot(**asked, TargetDBSnapshotIdentifier=f"others-{number}")
    over = threading.Event()

    def arrive_once_it_was_refused() -> None:
        while not over.wait(0.2):
            if "SnapshotQuotaExceeded" in aws.outcomes():
                aws.advance(301)

    arriving = threading.Thread(target=arrive_once_it_was_refused)
    arriving.start()
    try:
        copied(document)
    finally:
        over.set()
        arriving.join()
    assert aws.outcomes()["SnapshotQuotaExceeded"] > 0
    assert [one.state for one in backups_in(scoped(document), "shop", region=THERE)] == ["complete"]


def test_a_hundred_snapshots_are_too_many_and_told(slow: Physics) -> None:
    slow.rule("CopyDBSnapshot", "error:SnapshotQuotaExceeded:400")
    with pytest.raises(Exception, match="SnapshotQuotaExceeded"):
        copied(shop())


def test_one_that_has_failed_is_removed_and_copied_again(slow: Physics) -> None:
    document = shop()
    copied(document)
    in_moto(THERE)[0].status = "failed"
    (deed,) = copied(document)
    assert (deed.because, [one["Status"] for one in there(slow)]) == (f"its copy {deed.id} has failed", ["available"])


def test_it_is_shared_under_a_key_and_refused_without_one(slow: Physics) -> None:
    with pytest.raises(Invalid, match="what is under an account's default key can't be shared"):
        copied(shop(account=ACCOUNT))
    assert there(slow) == []
    key = slow.client("kms", THERE).create_key()["KeyMetadata"]["Arn"]
    document = shop(account=ACCOUNT, key=key)
    copied(document)
    (one,) = there(slow)
    named = {"DBSnapshotIdentifier": one["DBSnapshotIdentifier"]}
    told = slow.client("rds", THERE).describe_db_snapshot_attributes(**named)["DBSnapshotAttributesResult"]
    assert told["DBSnapshotAttributes"] == [{"AttributeName": "restore", "AttributeValues": [ACCOUNT]}]
    assert (one["KmsKeyId"], settled(document)) == (key, True)


def test_what_is_being_copied_is_in_use(slow: Physics) -> None:
    document = shop()
    copied(document)
    (copy,) = in_moto(THERE)
    copy.status = "copying"
    (backup,) = backups_in(scoped(document), "shop")
    why = f"it is being copied to {copy.db_snapshot_identifier} in {THERE}"
    assert in_use(scoped(document), [THERE])[backup.id] == why


def test_a_copy_is_restored_in_its_own_region_into_a_network_of_its_own(slow: Physics) -> None:
    copied(shop())
    scope = Scope("shop", THERE, poll_seconds=0.05)
    with pytest.raises(Invalid, match="doesn't say where the database stood, or that is in another region"):
        plan_restore(scope, Wish("database/main"))
    planned = plan_restore(scope, Wish("database/main", into="again"))
    carry_out(planned.plan, planned.scope)
    (one,) = slow.client("rds", THERE).describe_db_instances()["DBInstances"]
    assert (one["Engine"], one["AllocatedStorage"], one["StorageEncrypted"]) == ("postgres", 30, True)
    assert plan_restore(scope, Wish("database/main", into="again")).operation.settled


def in_moto(region: str) -> list[Any]:
    from moto.backends import get_backend
    from moto.core import DEFAULT_ACCOUNT_ID

    found = get_backend("rds")[DEFAULT_ACCOUNT_ID][region].database_snapshots.values()
    return [one for one in found if one.snapshot_type == "manual"]
