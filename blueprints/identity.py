"""Who may do what: policies, roles, and the instance profiles that carry them."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field

from blueprints.part import Id, Part, of
from blueprints.problem import Problem

Document = dict[str, Any]
"""An IAM policy document, as JSON has it; a role's may have ids, and texts with ids, in place of its texts."""

POLICY_ARN = r"^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$"
PolicyId = Annotated[Id, of("managed-policy")] | Annotated[str, Field(pattern=POLICY_ARN)]
"""A managed policy of the environment, or the ARN of another one."""


class ManagedPolicy(Part):
    """A policy of its own, which several roles may carry, or be bounded by."""

    kind: ClassVar[str] = "managed-policy"
    document: Document


class Role(Part):
    """An IAM role: who may assume it (AWS services by name), and what it may do."""

    kind: ClassVar[str] = "role"
    trusts: tuple[str, ...] = Field(description="Services that may assume it, such as ec2.amazonaws.com.", min_length=1)
    policies: dict[str, Document] = Field(default_factory=dict, description="Inline policies by name.")
    managed: tuple[PolicyId, ...] = Field(default=(), description="Managed policies.")
    permissions_boundary: PolicyId | None = Field(default=None, description="What it may do at most.")
    description: str = ""


class InstanceProfile(Part):
    """What gives an instance its role."""

    kind: ClassVar[str] = "instance-profile"
    role: Annotated[Id, of("role")]


# ---------------------------------------------------------------------- what sections say

PolicyName = Annotated[str, Field(pattern=rf"({POLICY_ARN})|(^policy/[a-z0-9]+(-[a-z0-9]+)*$)")]
"""`policy/<name>` for one of the document's own policies, or an ARN."""


def policy_id(named: str) -> Id | str:
    """What a part names such a policy by."""
    return Id(f"managed-{named}") if named.startswith("policy/") else named


def unknown_policies(where: str, named: Iterable[tuple[str, str | None]], known: Iterable[str]) -> Iterator[Problem]:
    """Those that are named, each with its field, and that aren't in the document."""
    known = tuple(known)
    for field, name in named:
        if name and name.startswith("policy/") and name.removeprefix("policy/") not in known:
            way_out = f"Name one of: {', '.join(f'policy/{one}' for one in known)}" if known else "Describe it there"
            yield Problem(f"{where}.{field}", f"there is no {name} in the section policies", way_out)
