"""Tags of one resource, looked up by its id: moto goes through all tags that there are, each time anybody asks."""

from typing import Any

from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.tags import EC2_PREFIX_TO_RESOURCE
from moto.ec2.utils import get_prefix


def tags_of(resource: Any) -> list[dict[str, str]]:
    """As moto tells them, in the time that they take."""
    if not resource.id:
        return []
    kind = EC2_PREFIX_TO_RESOURCE.get(get_prefix(resource.id), "")
    tags = dict(resource.ec2_backend.tags.get(resource.id, {}))
    return [
        {"resource_id": resource.id, "key": key, "value": value, "resource_type": kind} for key, value in tags.items()
    ]


TaggedEC2Resource.get_tags = tags_of  # type: ignore[method-assign]
