"""Publishing and rolling back, from flows and from a shell, with and without an environment around them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from blueprints.reading import load
from flows.cli import app
from flows.publish_site import publish_site
from flows.roll_back_site import roll_back_site
from tasks.reading import scope_of
from tests.conductor import raise_all
from tests.flows.shell import castra
from tests.flows.world import REGION, client
from tests.physics import Physics


@pytest.fixture
def bucket(aws: Physics, name: str) -> str:
    """A bucket of nobody's environment, with versions."""
    s3, called = client("s3"), f"{name}-alone"
    s3.create_bucket(Bucket=called, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=called, VersioningConfiguration={"Status": "Enabled"})
    return called


def raised(blueprint: Path) -> str:
    """The name of the bucket of a blueprint's site, raised without Prefect."""
    environment = load(blueprint)
    scope = scope_of(environment)
    raise_all(scope, environment.parts(), among=("bucket", "bucket-policy", "site"))
    return scope.bucket_name("app")


def page(bucket: str) -> str:
    return str(client("s3").get_object(Bucket=bucket, Key="index.html")["Body"].read().decode())


def test_the_flows_publish_to_any_bucket_and_go_back(aws: Physics, prefect: str, bucket: str, tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / "index.html").write_text(f"{number}")
        done = publish_site(str(tmp_path), bucket, REGION)
    assert (done.release, done.sent, page(bucket)) == (2, 1, "2")
    assert (roll_back_site(bucket, REGION).of, page(bucket)) == (1, "1")


def test_the_shell_publishes_a_blueprints_site_and_rolls_it_back(
    aws: Physics, prefect: str, name: str, tmp_path: Path
) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "index.html").write_text("one")
    blueprint = tmp_path / "site.yaml"
    blueprint.write_text(f"name: {name}\nregion: {REGION}\nsites: {{app: {{folder: dist, on_removal: wipe}}}}\n")
    bucket = raised(blueprint)
    (tmp_path / "dist" / "index.html").write_text("two")
    published = castra("publish", "app", "--blueprint", blueprint)
    assert published.returncode == 0, published.stderr
    assert f"Release 2 of {bucket}: 1 files written (0.0 MB), 0 unchanged, 0 removed" in published.stdout
    assert "1 of 1 files" in published.stderr
    back = castra("rollback-site", "app", "--blueprint", blueprint, "--json")
    assert back.returncode == 0, back.stderr
    assert (back.document["release"], back.document["of"], page(bucket)) == (3, 1, "one")


def test_what_is_wrong_with_the_call_is_told_at_once(aws: Physics, name: str, tmp_path: Path) -> None:
    blueprint = tmp_path / "site.yaml"
    (tmp_path / "dist").mkdir()
    blueprint.write_text(f"name: {name}\nregion: {REGION}\nsites: {{app: {{folder: dist}}}}\n")
    calls = {
        ("publish", "some-bucket", "--region", REGION): "--folder: is missing. Name the folder",
        ("publish", "x", "--blueprint", blueprint): "sites.x: there's no such site. There are: app",
        ("publish", "app", "-b", blueprint, "--folder", tmp_path): "--blueprint: it says all that there is to say",
        ("publish", "b", "--folder", tmp_path, "-r", REGION, "--compress", "zip"): "compress: 'zip' isn't one of",
    }
    for call, told in calls.items():
        said = CliRunner().invoke(app, [str(word) for word in call])
        assert (said.exit_code, told in said.output) == (2, True), said.output
