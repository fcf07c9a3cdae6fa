"""Forms: what Prefect's UI shows of each deployment, what is refused, and a blueprint as text, by path, as object."""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.utilities.schema_tools.validation import ValidationError, validate

from blueprints.environment import Environment
from blueprints.problem import Invalid
from flows.forms import environment_of
from flows.spin_up import spin_up
from flows.tear_down import tear_down
from tests.flows.conftest import Heard
from tests.flows.world import REGION, ROOT, scope, small, small_document, standing, whole
from tests.physics import Physics

SIMPLE = {"string", "boolean", "integer", "number"}
DEPLOYED = sorted({one["entrypoint"] for one in yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]})


def form_of(entrypoint: str) -> Any:
    """The schema of a deployment's parameters, which the UI makes a form of and the server checks."""
    file, _, name = entrypoint.partition(":")
    flow: Any = getattr(import_module(file.removesuffix(".py").replace("/", ".")), name)
    return flow.parameters.model_dump_for_openapi()


def unfit(field: dict[str, Any], form: dict[str, Any]) -> Iterator[str]:
    """What a person couldn't fill in: anything but text, numbers, choices, and lists of these."""
    if not field.get("description"):
        yield "has no description"
    if "enum" in field.get("$ref", "") or field.get("type") in SIMPLE:
        return
    if field.get("type") == "array":
        item = field["items"]
        if "$ref" in item:
            item = form["definitions"][item["$ref"].rpartition("/")[2]]
        inner = item.get("properties", {"": item}).values()
        if any(one.get("type") not in SIMPLE for one in inner):
            yield f"has items of {item}"
    elif [one["type"] for one in field.get("anyOf", ())] != ["string", "object"] or "then" not in field:
        yield f"is {field}"


@pytest.mark.parametrize("entrypoint", DEPLOYED)
def test_every_form_has_fields_that_a_person_can_fill_in(entrypoint: str) -> None:
    form = form_of(entrypoint)
    assert {name: told for name, field in form["properties"].items() if (told := list(unfit(field, form)))} == {}


def refused(blueprint: Any) -> str:
    """What the server says to a document that is sent as an object; nothing where it takes it."""
    try:
        validate({"blueprint": blueprint}, form_of("flows/spin_up.py:spin_up"), raise_on_error=True)
    except ValidationError as error:
        return str(error)
    return ""


def test_an_object_is_checked_by_the_server_field_by_field() -> None:
    assert refused(small_document("web")) == refused(yaml.safe_dump(small_document("web"))) == ""
    wrong = small_document("web", network={"cidr": "10.0.0.0/16", "nat": "two"})
    where, why = "Validation failed for field 'blueprint.network.nat'.", "'two' is not one of ['none', 'one', 'each']"
    assert refused(wrong) == f"{where} Failure reason: {why}"
    assert "'name' is a required property" in refused({"region": REGION})
    assert "'netwrk' was unexpected" in refused(small_document("web") | {"netwrk": {}})


@pytest.mark.usefixtures("prefect")
def test_text_that_is_pasted_is_raised_and_ends_when_the_form_says(aws: Physics, name: str) -> None:
    text: Any = yaml.safe_dump(small_document(name))
    report = spin_up(text, expires_after="8h")
    assert standing(name) == whole(small(name))
    assert report.expires is not None
    assert 7 * 3600 < (report.expires - scope(name).now).total_seconds() <= 8 * 3600
    tear_down(name, REGION)


@pytest.mark.usefixtures("prefect")
def test_a_failure_of_what_was_pasted_tells_of_its_environment(aws: Physics, name: str, heard: list[Heard]) -> None:
    aws.rule("CreateVpc", "error:UnauthorizedOperation:403")
    text: Any = yaml.safe_dump(small_document(name, owner="ada"))
    with pytest.raises(Exception, match="no permission for ec2:CreateVpc"):
        spin_up(text)
    aws.rules.clear()
    (failed,) = heard
    assert (failed.event, failed.resource["castra.environment"]) == ("castra.environment.failed", name)
    assert failed.payload["owner"] == "ada"
    tear_down(name, REGION)


def test_a_path_is_one_of_the_workers_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ROOT)
    web = environment_of(" examples/web.yaml\n")
    assert isinstance(web, Environment)
    assert web.name == "web"
    outside = tmp_path / "web.yaml"
    outside.write_text("name: web\nregion: eu-west-1\n")
    for path in (str(outside), f"examples/../../{tmp_path.name}/web.yaml"):
        with pytest.raises(Invalid, match="it's outside of the worker's folder"):
            environment_of(path)
    with pytest.raises(Invalid, match="there's no such file"):
        environment_of("examples/nothing.yaml")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("web", "should be a mapping"),
        ("name: web\nregion: [", "it isn't YAML"),
        ("name: web\nregion: eu-west-1\nnetwrk: {cidr: 10.0.0.0/16}\n", "netwrk"),
    ],
)
def test_text_that_does_not_fit_is_told_with_its_place(text: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        environment_of(text)


def test_objects_and_environments_are_taken_as_they_are() -> None:
    document = small_document("web")
    assert environment_of(document) == environment_of(json.dumps(document)) == small("web")
    assert environment_of(web := small("web")) is web
