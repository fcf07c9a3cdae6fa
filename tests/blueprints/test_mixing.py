"""Several instance types and spot servers as people write them."""

from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.mixing import Choice, Mixed
from blueprints.problem import Invalid
from blueprints.reading import build
from blueprints.servers import LaunchTemplate, ScalingGroup

TYPES = ["m7i.large", "m6i.large"]


def document(**servers: Any) -> dict[str, Any]:
    app = {"image": {"id": "ami-1"}, "count": {"min": 2, "max": 6}} | servers
    return {"name": "web", "region": "eu-west-1", "network": {"cidr": "10.0.0.0/16"}, "servers": {"app": app}}


def group_of(**servers: Any) -> ScalingGroup:
    return next(part for part in build(document(**servers)).parts() if isinstance(part, ScalingGroup))


def template_of(**servers: Any) -> LaunchTemplate:
    return next(part for part in build(document(**servers)).parts() if isinstance(part, LaunchTemplate))


def told(**servers: Any) -> list[str]:
    with pytest.raises(Invalid) as caught:
        build(document(**servers))
    return [str(problem).removeprefix("servers.app.") for problem in caught.value.problems]


def test_servers_that_say_nothing_of_it_are_as_they_were() -> None:
    assert group_of().mixed is None
    assert template_of().instance_type == "t3.small"


def test_several_types_alone_are_all_on_demand_and_the_first_is_the_templates() -> None:
    types = (Choice(type="m7i.large"), Choice(type="m6i.large"))
    assert group_of(instance_types=TYPES).mixed == Mixed(types=types, on_demand_base=0, on_demand_percentage=100)
    assert template_of(instance_types=TYPES).instance_type == "m7i.large"
    assert template_of(instance_types=TYPES, instance_type="m6i.large").instance_type == "m6i.large"


def test_spot_is_so_many_per_cent_of_what_is_above_the_base() -> None:
    spot = {"percent": 70, "base": 1, "strategy": "capacity-optimized"}
    assert group_of(instance_types=[{"type": "m7i.large", "weight": 2}], spot=spot).mixed == Mixed(
        types=(Choice(type="m7i.large", weight=2),),
        on_demand_base=1,
        on_demand_percentage=30,
        strategy="capacity-optimized",
    )


def test_spot_of_one_type_is_possible() -> None:
    mixed = group_of(instance_type="m7i.large", spot={"percent": 100}).mixed
    assert mixed == Mixed(types=(Choice(type="m7i.large"),), on_demand_percentage=0)
    assert mixed.strategy == "price-capacity-optimized"


def test_a_document_with_several_types_survives_the_way_to_a_worker() -> None:
    environment = build(document(instance_types=TYPES, spot={"percent": 50}))
    again = Environment.model_validate(environment.model_dump(mode="json"))
    assert again == environment
    assert again.parts() == environment.parts()


@pytest.mark.parametrize(
    ("servers", "why"),
    [
        ({"instance_types": [*TYPES, TYPES[0]]}, "instance_types.2: m7i.large stands twice. Name it once."),
        (
            {"instance_types": TYPES, "instance_type": "t3.micro"},
            "instance_type: t3.micro isn't among instance_types, which take its place. Take it out, or add it there.",
        ),
        (
            {"instance_types": [TYPES[0], {"type": TYPES[1], "weight": 2}]},
            "instance_types: m7i.large have no weight, others do. Give all a weight, or none.",
        ),
        (
            {"instance_types": TYPES, "spot": {"percent": 50, "base": 6}},
            "spot.base: 6 are on demand, and there are 6 at most: none would be spot. Lower it, or raise count.max.",
        ),
    ],
)
def test_what_does_not_fit_together_is_told(servers: dict[str, Any], why: str) -> None:
    assert told(**servers) == [why]
