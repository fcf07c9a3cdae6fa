"""Restoring, proving and replacing from a shell: the plan first, then what came of it."""

from pathlib import Path
from typing import Any

import pytest

from blueprints.reading import load
from tasks.reading import resources, scope_of
from tests.conductor import raise_all
from tests.flows.shell import castra
from tests.flows.world import REGION, client, nothing_written, scope, written
from tests.physics import Physics
from tests.tasks.backups.test_restoration import DATA, IMAGE, back_up

pytestmark = pytest.mark.usefixtures("prefect")


@pytest.fixture
def site(aws: Physics, name: str, tmp_path: Path) -> Path:
    """A blueprint of a site with two releases."""
    (tmp_path / "dist").mkdir()
    blueprint = written({"name": name, "region": REGION, "sites": {"app": {"folder": "dist"}}}, tmp_path)
    for page in ("one", "two"):
        (tmp_path / "dist" / "index.html").write_text(page)
        environment = load(blueprint)
        raise_all(scope_of(environment), environment.parts(), among=("bucket", "bucket-policy", "site"))
    return blueprint


def page(name: str) -> str:
    bucket = scope(name).bucket_name("app")
    return str(client("s3").get_object(Bucket=bucket, Key="index.html")["Body"].read().decode())


def test_a_site_is_restored_to_an_earlier_release(aws: Physics, site: Path, name: str) -> None:
    asked = ("restore", name, "site/app", "--region", REGION)
    with nothing_written(aws):
        refused = castra(*asked)
    assert refused.returncode == 2
    assert "release 1 again, as release 3: 1 files written, 0 removed" in " ".join(refused.stdout.split())
    done = castra(*asked, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    (deed,) = done.document["deeds"]
    assert (deed["action"], deed["because"]) == ("restore", "release 1 again, as release 3")
    assert done.document["calls"]["write"] == 3  # the manifest before, the page, the manifest after
    assert page(name) == "one"
    newer = castra(*asked, "--backup", "2", "--yes")
    assert newer.returncode == 0, newer.stderr
    assert page(name) == "two"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("site/app", "--at", "2026-01-01"), 2, "--at: a site has none of that"),
        (("site/app", "--into", "other"), 2, "--into: a site has none of that"),
        (("site/app", "--backup", "snap-1"), 2, "--backup: snap-1 is no number of a release"),
        (("site/api",), 2, "has no bucket for it"),
        (("site/app", "--backup", "9"), 1, "it has no release 9"),
    ],
)
def test_what_no_site_has_is_refused(
    aws: Physics, site: Path, name: str, words: tuple[str, ...], code: int, told: str
) -> None:
    with nothing_written(aws):
        refused = castra("restore", name, *words, "--region", REGION, "--yes")
    assert (refused.returncode, told in " ".join(refused.stderr.split())) == (code, True), refused.stderr


@pytest.mark.thorough
def test_an_instance_is_proven_restored_and_replaced(aws: Physics, name: str, tmp_path: Path) -> None:
    server = {"image": IMAGE, "instance_type": "t3.micro", "placement": "public", "volumes": DATA}
    policy: dict[str, Any] = {"when": {"cron": "0 2 * * *"}, "keep": {"daily": 7}, "instances": ["db"], "prove": {}}
    network = {"cidr": "10.20.0.0/16", "zones": 1}
    document = {"name": name, "region": REGION, "network": network, "instances": {"db": server}}
    file = written(document | {"backups": {"nightly": policy}}, tmp_path)
    environment = load(file)
    raise_all(scope(name), environment.parts())
    back_up(environment)

    proven = castra("prove", file, "--yes", "--json")
    assert proven.returncode == 0, proven.stderr
    assert proven.document["figures"] | {"proven": 1, "unproven": 0} == proven.document["figures"]

    beside = castra("restore", name, "instance/db", "--region", REGION, "--yes", "--json")
    assert beside.returncode == 0, beside.stderr
    made = {deed["what"]: deed["id"] for deed in beside.document["deeds"] if deed["action"] == "create"}
    assert {one.partition("/")[0] for one in made} >= {"instance", "volume"}
    stands = {one.part: one.id for one in resources(scope(name))}
    assert {part: id for part, id in made.items() if part in stands}.items() <= stands.items()

    with nothing_written(aws):
        well = castra("replace", file, "db", "--yes")
    assert (well.returncode, "Nothing to do" in well.stdout) == (0, True)
    old = stands["instance/db"]
    client("ec2").create_tags(Resources=[old], Tags=[{"Key": "physics:impaired", "Value": ""}])
    replaced = castra("replace", file, "db", "--yes")
    assert replaced.returncode == 0, replaced.stderr
    (new,) = [one.id for one in resources(scope(name)) if one.part == "instance/db"]
    assert new != old
