"""How everything stands with its backups: a row for each source of a policy, and for what none covers."""

from datetime import timedelta

from blueprints.reading import build
from tasks.backups.coverage import Coverage, coverage, late
from tests.tasks.backups.making import NOW, backup, nightly

SERVER = {"image": {"id": "ami-0123456789abcdef0"}, "instance_type": "t3.micro", "placement": "public"}
SHOP = build(
    {
        "name": "shop",
        "region": "eu-west-1",
        "network": {"cidr": "10.20.0.0/16", "zones": 1},
        "instances": {"db": SERVER, "web": SERVER},
        "backups": {"nightly": {"instances": ["db"], "when": {"cron": "0 2 * * *"}, "keep": {"daily": 7}}},
    }
)
COVERS = {"nightly": {"vol-1", "instance/db"}}


def test_what_no_policy_covers_comes_first_and_then_each_source_with_its_newest() -> None:
    proven = NOW - timedelta(days=3)
    own = nightly(3)
    copy = own[0].model_copy(update={"copy_of": "eu-west-1/snap-1", "region": "eu-central-1", "proven": proven})
    failed = backup(NOW, state="failed")
    rows = coverage(SHOP.backups, COVERS, [*own, copy, failed], NOW, ["instance/web", "instance/db"])
    assert [(row.what, row.policy) for row in rows] == [
        ("instance/web", ""),
        ("instance/db", "nightly"),
        ("vol-1", "nightly"),
    ]
    assert late(rows).keys() == {"nightly"}
    uncovered, without, good = rows
    assert uncovered.late == "no policy covers it"
    assert (without.backups, without.newest) == (0, None)
    assert without.late.startswith("there's no good one, and one was due at ")
    assert good == Coverage(
        what="vol-1",
        policy="nightly",
        backups=3,
        copies=1,
        newest=max(one.moment for one in own),
        proven=proven,
        gib=sum(one.gib for one in own) + copy.gib,
    )


def test_one_that_is_too_old_is_late() -> None:
    (row,) = [
        one for one in coverage(SHOP.backups, COVERS, nightly(1, NOW - timedelta(days=9)), NOW) if one.what == "vol-1"
    ]
    assert row.late.startswith("its newest good one is of ")


def test_another_policys_backups_cover_nothing_here() -> None:
    others = [one.model_copy(update={"policy": "hourly"}) for one in nightly(2)]
    assert {row.backups for row in coverage(SHOP.backups, COVERS, others, NOW)} == {0}
