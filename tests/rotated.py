"""An environment of one group of servers to rotate, and images that are good or bad."""

from typing import Any

from blueprints.environment import Environment
from blueprints.reading import build
from tasks.images.rolling import Rolled, Rolling
from tasks.images.rotation import begin, standing
from tasks.scope import Scope
from tests.tasks.rows.compute import described

FIRST = "ami-12c6146b"


def document(name: str, image: Any = FIRST, **servers: Any) -> dict[str, Any]:
    """Three servers behind a load balancer."""
    app = {
        "image": {"id": image} if isinstance(image, str) else image,
        "port": 8080,
        "count": {"min": 3, "max": 3},
        "rotation": {"settle": 0, "within": 20, "batch": 1},
        **servers,
    }
    return {
        "name": name,
        "region": "eu-west-1",
        "network": {"cidr": "10.20.0.0/16", "zones": 2, "nat": "none"},
        "balancers": {"front": {"listeners": [{"port": 80, "to": "app"}]}},
        "servers": {"app": app},
    }


def environment(name: str, image: Any = FIRST, **servers: Any) -> Environment:
    """The same, read."""
    return build(document(name, image, **servers))


def register(scope: Scope, name: str, **tags: str) -> str:
    """An image of this name; `bad-...` and others are what their names say, see tests/physics/fates.py."""
    given = {
        "TagSpecifications": [{"ResourceType": "image", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}]
    }
    image = scope.ec2.register_image(
        Name=f"{name}-{scope.environment}", Architecture="x86_64", RootDeviceName="/dev/xvda", **(given if tags else {})
    )
    return str(image["ImageId"])


def rotate(blueprint: Environment, scope: Scope, image: str | None = None) -> Rolled:
    """One group, without Prefect and without a lease."""
    from datetime import UTC, datetime

    (one,) = standing(blueprint, scope, ("app",), image)
    begin(scope, one, datetime.now(UTC))
    return Rolling(scope, one.group.name, one.settings, one.port).run()


def versions(scope: Scope) -> list[str]:
    """The version that each instance of the group runs."""
    return sorted(one["LaunchTemplate"]["Version"] for one in described(scope, scope.name("app"))["Instances"])


def default_version(scope: Scope) -> int:
    """That of the group's template."""
    id = described(scope, scope.name("app"))["LaunchTemplate"]["LaunchTemplateId"]
    (template,) = scope.ec2.describe_launch_templates(LaunchTemplateIds=[id])["LaunchTemplates"]
    return int(template["DefaultVersionNumber"])


def sizes(scope: Scope) -> tuple[int, int, int]:
    """Minimum, desired capacity and maximum."""
    group = described(scope, scope.name("app"))
    return group["MinSize"], group["DesiredCapacity"], group["MaxSize"]
