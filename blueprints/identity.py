"""Who may do what: roles and the instance profiles that carry them."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from blueprints.part import Id, Part, of

Document = dict[str, Any]
"""An IAM policy document, as JSON has it."""


class Role(Part):
    """An IAM role: who may assume it (AWS services by name), and what it may do."""

    kind: ClassVar[str] = "role"
    trusts: tuple[str, ...] = Field(description="Services that may assume it, such as ec2.amazonaws.com.", min_length=1)
    policies: dict[str, Document] = Field(default_factory=dict, description="Inline policies by name.")
    managed: tuple[str, ...] = Field(default=(), description="ARNs of managed policies.")
    description: str = ""


class InstanceProfile(Part):
    """What gives an instance its role."""

    kind: ClassVar[str] = "instance-profile"
    role: Annotated[Id, of("role")]
