"""Images that are built: how they unfold, and who waits for them."""

from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.images import CopiedSnapshot, RegisteredImage
from blueprints.part import Part
from blueprints.problem import Invalid
from blueprints.servers import LaunchTemplate, ScalingGroup
from tasks.order import in_order

KEY = "arn:aws:kms:eu-west-1:123456789012:key/golden"
SNAPSHOT = "snap-0abcdef1234567890"


def parts(image: Any, **more: Any) -> dict[str, Part]:
    servers = {"app": {"image": image}}
    network = {"cidr": "10.0.0.0/16"}
    document = {"name": "web", "region": "eu-west-1", "network": network, "servers": servers} | more
    return {part.key: part for part in Environment.model_validate(document).parts()}


def of(made: dict[str, Part], kind: type[Part], key: str) -> Any:
    part = made[key]
    assert isinstance(part, kind)
    return part


def test_a_snapshot_named_in_place_is_an_image_that_the_template_names_and_the_group_awaits() -> None:
    made = parts({"from_snapshot": SNAPSHOT})
    image = of(made, RegisteredImage, "image/servers-app")
    assert (image.snapshot, image.architecture, image.needs) == (SNAPSHOT, "x86_64", ())
    assert of(made, LaunchTemplate, "launch-template/app").image == "image/servers-app"
    assert "image/servers-app" not in of(made, LaunchTemplate, "launch-template/app").awaits
    assert "image/servers-app" in of(made, ScalingGroup, "scaling-group/app").awaits
    order = [part.key for part in in_order(made.values())]
    assert order.index("image/servers-app") < order.index("launch-template/app") < order.index("scaling-group/app")


@pytest.mark.parametrize(
    ("more", "region"),
    [
        ({"encrypt": True}, "eu-west-1"),
        ({"region": "us-east-1"}, "us-east-1"),
        ({"kms_key": KEY}, "eu-west-1"),
    ],
)
def test_one_that_is_elsewhere_or_to_be_encrypted_is_copied_first(more: dict[str, Any], region: str) -> None:
    made = parts({"built": "golden"}, images={"golden": {"from_snapshot": {"snapshot": SNAPSHOT} | more}})
    copy = of(made, CopiedSnapshot, "snapshot/golden")
    assert (copy.source, copy.source_region, copy.kms_key) == (SNAPSHOT, region, more.get("kms_key"))
    assert of(made, RegisteredImage, "image/golden").awaits == ("snapshot/golden",)


def test_one_image_may_be_named_by_several() -> None:
    servers = {name: {"image": {"built": "golden"}} for name in ("app", "web")}
    options = {"architecture": "arm64", "boot_mode": "uefi", "ena": False, "root_device": "/dev/sda1"}
    images = {"golden": {"from_snapshot": {"snapshot": SNAPSHOT} | options}}
    made = parts(None, servers=servers, images=images)
    assert [key for key in made if key.startswith("image/")] == ["image/golden"]
    image = of(made, RegisteredImage, "image/golden")
    assert {field: getattr(image, field) for field in options} == options
    assert {of(made, LaunchTemplate, f"launch-template/{name}").image for name in servers} == {"image/golden"}


def test_an_image_that_nobody_describes_is_a_problem_with_its_place() -> None:
    with pytest.raises(Invalid) as caught:
        parts({"built": "golden"}, images={"other": {"from_snapshot": SNAPSHOT}})
    (problem,) = caught.value.problems
    assert (problem.path, problem.way_out) == ("servers.app.image.built", "Name one of: other")


@pytest.mark.parametrize("image", [{}, {"id": "ami-1", "built": "golden"}, {"from_snapshot": "vol-1"}])
def test_an_image_is_given_in_one_way(image: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"servers\.app\.image"):
        parts(image)


def test_an_entry_must_say_how_it_is_built() -> None:
    with pytest.raises(ValueError, match="should say how it is built"):
        parts({"id": "ami-1"}, images={"golden": {}})


BAKE = {"base": {"ssm": "/golden"}, "commands": ["true"]}


@pytest.mark.parametrize(
    "entry", [{"bake": BAKE}, {"from_instance": "db"}, {"from_snapshot": SNAPSHOT, "numbered": True}]
)
def test_one_that_is_built_beside_is_looked_up_and_is_no_part(entry: dict[str, Any]) -> None:
    made = parts({"built": "golden"}, images={"golden": entry})
    assert of(made, LaunchTemplate, "launch-template/app").image == "built-image:golden"
    assert of(made, LaunchTemplate, "launch-template/app").lookups == ("built-image:golden",)
    assert not [key for key in made if key.startswith("image/")]


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"bake": BAKE, "from_instance": "db"}, "in exactly one way"),
        ({"bake": BAKE, "numbered": True}, "the others always are"),
        ({"from_snapshot": SNAPSHOT, "share": ["123456789012"]}, "say `numbered: true`"),
        ({"bake": BAKE, "encrypt": True, "share": ["123456789012"]}, "name a kms_key, of each copy too"),
        ({"bake": BAKE, "kms_key": "arn:x", "copies": ["eu-central-1"], "share": ["123456789012"]}, "of each copy too"),
        ({"from_snapshot": {"snapshot": SNAPSHOT, "encrypt": True}, "numbered": True}, "encrypted as a whole"),
        ({"bake": BAKE, "copies": ["eu-central-1", {"region": "eu-central-1"}]}, "to a region once"),
        ({"bake": {"base": {"ssm": "/golden"}}}, "what is done: bootstrap or commands"),
        ({"bake": BAKE | {"base": {"from_snapshot": SNAPSHOT}}}, "a base that stands already"),
    ],
)
def test_an_entry_that_contradicts_itself_is_told_why(entry: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parts({"id": "ami-1"}, images={"golden": entry})


def test_bases_must_be_built_themselves_and_stand_on_each_other_in_no_circle() -> None:
    def on(base: str) -> dict[str, Any]:
        return {"bake": BAKE | {"base": {"built": base}}, "copies": ["eu-west-1"] if base == "none" else []}

    images = {"a": on("b"), "b": on("a"), "c": on("none"), "d": on("part"), "part": {"from_snapshot": SNAPSHOT}}
    with pytest.raises(Invalid) as caught:
        parts({"id": "ami-1"}, images=images | {"e": on("c")})
    assert [(problem.path, problem.why) for problem in caught.value.problems] == [
        ("images.a.bake.base.built", "it stands on itself, by way of its base"),
        ("images.b.bake.base.built", "it stands on itself, by way of its base"),
        ("images.c.bake.base.built", "there is no none in the section images"),
        ("images.c.copies.0", "eu-west-1 is where it is built"),
        ("images.d.bake.base.built", "part is a part of the environment"),
    ]
