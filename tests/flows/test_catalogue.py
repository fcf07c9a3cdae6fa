"""Each item of the catalogue is raised by the flow that a form starts, and struck; and the verb that prints them."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from blueprints.catalog.items import HERE, ITEMS, Choice, Item, headline
from blueprints.reading import load
from flows.cli import app
from flows.raise_from_catalogue import raise_from_catalogue
from flows.tear_down import tear_down
from tasks.reading import plan_of, scope_of
from tests.flows.shell import castra
from tests.flows.world import REGION, client, keys, standing, whole
from tests.physics import Physics

KEPT: dict[Item, list[str]] = {"batch": ["inbox", "results"]}


QUICK: tuple[Item, ...] = ("jamstack",)


@pytest.mark.usefixtures("prefect")
@pytest.mark.parametrize(
    "item", [pytest.param(one, marks=() if one in QUICK else pytest.mark.thorough) for one in ITEMS]
)
def test_an_item_is_raised_and_settled_and_struck_but_for_what_holds_data(aws: Physics, name: str, item: Item) -> None:
    report = raise_from_catalogue(item, name, REGION, owner="a-team")
    environment = Choice(item=item, name=name, owner="a-team").environment()
    assert sorted(outcome.part for outcome in report.outcomes or ()) == keys(environment)
    assert standing(name) == whole(environment)
    assert plan_of(environment, scope_of(environment)).settled
    tear_down(name, REGION)
    assert standing(name) == []
    buckets = [one["Name"] for one in client("s3").list_buckets()["Buckets"] if one["Name"].startswith(f"{name}--")]
    assert sorted(bucket.split("--")[1] for bucket in buckets) == KEPT.get(item, [])


def code_of(item: Item, folder: str) -> ModuleType:
    """A function's code, as Lambda would load it."""
    spec = importlib.util.spec_from_file_location(f"of_{folder}", HERE / item / folder / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_function_of_the_jamstack_greets() -> None:
    answer = code_of("jamstack", "greet").handler({"pathParameters": {"name": "Zoë"}}, None)
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"greeting": "Hello, Zoë"})


def test_the_function_of_the_batch_counts_each_file_and_names_what_failed(
    aws: Physics, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = client("s3")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("RESULTS", "counted")
    for bucket in ("came", "counted"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="came", Key="a b.txt", Body=b"one\ntwo\n")
    told = [_message("first", "a+b.txt"), _message("second", "missing"), {"messageId": "third", "body": "{}"}]
    answer = code_of("batch", "work").handler({"Records": told}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "second"}]}
    body = s3.get_object(Bucket="counted", Key="a b.txt.json")["Body"].read()
    assert json.loads(body) == {"file": "a b.txt", "bytes": 8, "lines": 2}


def _message(id: str, key: str) -> dict[str, Any]:
    record = {"s3": {"bucket": {"name": "came"}, "object": {"key": key}}}
    return {"messageId": id, "body": json.dumps({"Records": [record]})}


# ---------------------------------------------------------------------- the verb


def said(*words: object) -> str:
    """What the verb prints to standard output, in this process."""
    ended = CliRunner().invoke(app, ["catalogue", *map(str, words)])
    assert ended.exit_code == 0, ended.output
    return ended.stdout


def test_the_catalogue_is_listed_with_what_each_item_is() -> None:
    listed = said()
    assert [line.split(maxsplit=1) for line in listed.splitlines()[1:]] == [[one, headline(one)] for one in ITEMS]
    assert json.loads(said("--json")) == {"items": [{"item": one, "is": headline(one)} for one in ITEMS]}


def test_an_item_is_printed_as_it_is_or_as_one_wants_it() -> None:
    assert castra("catalogue", "web").stdout == (HERE / "web.yaml").read_text()
    document = yaml.safe_load(said("web", "--name", "shop", "--count", 3, "--size", "large", "--owner", "me"))
    servers = document["servers"]["app"]
    assert (document["name"], document["owner"]) == ("shop", "me")
    assert (servers["count"], servers["instance_type"]) == ({"min": 3, "max": 6}, "t3.large")


def test_a_bastion_is_opened_to_the_networks_and_the_key_that_are_given(tmp_path: Path) -> None:
    key = tmp_path / "key.pub"
    key.write_text("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIp0Ra7LkZ3rPTrpLgWqCqqUqTTZXpjHCbGHwzSQZPlM ada@example\n")
    document = yaml.safe_load(said("bastion", "--ssh-from", "203.0.113.0/24", "--public-key", key))
    assert document["key_pairs"] == {"people": {"public_key": key.read_text().rpartition(" ")[0]}}
    assert document["instances"]["bastion"]["admits"] == [{"port": 22, "networks": ["203.0.113.0/24"]}]
    refused = CliRunner().invoke(app, ["catalogue", "bastion", "--ssh-from", "0.0.0.0/0", "--json"])
    assert refused.exit_code == 2
    assert [one["path"] for one in json.loads(refused.stdout)["error"]["problems"]] == ["ssh_from.0"]
    assert CliRunner().invoke(app, ["catalogue", "bastion", "--public-key", str(tmp_path / "none")]).exit_code == 2


def test_an_item_with_folders_is_written_whole(tmp_path: Path) -> None:
    told = json.loads(said("jamstack", "--into", tmp_path, "--json"))
    assert told == {"item": "jamstack", "written": [str(tmp_path / "jamstack"), str(tmp_path / "jamstack.yaml")]}
    assert load(tmp_path / "jamstack.yaml").parts()


def test_what_there_isnt_is_told_all_at_once() -> None:
    refused = CliRunner().invoke(app, ["catalogue", "wep", "--size", "huge", "--json"])
    assert refused.exit_code == 2
    assert CliRunner().invoke(app, ["catalogue", "web", "--expires-after", "soon"]).exit_code == 2
    assert [one["path"] for one in json.loads(refused.stdout)["error"]["problems"]] == ["item", "size"]
    assert CliRunner().invoke(app, ["catalogue", "--name", "x"]).exit_code == 2
