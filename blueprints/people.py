"""People: users and groups of IAM, what they may do, and keys that go straight into Secrets Manager."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from blueprints.identity import PolicyId, PolicyName, policy_id, unknown_policies
from blueprints.part import Id, Name, Part, Piece, of
from blueprints.problem import Problem

MOST_GROUPS = 10  # of a user: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MOST_POLICIES = 10  # managed ones, of a user or a group
PersonName = Annotated[Name, Field(max_length=40)]


class Group(Part):
    """A group of IAM, whose members may do what its policies say."""

    kind: ClassVar[str] = "group"
    managed: tuple[PolicyId, ...] = Field(default=(), description="Managed policies.")


class User(Part):
    """A user of IAM, with the groups that it's in. It has no password, and no key unless one is asked for."""

    kind: ClassVar[str] = "user"
    groups: tuple[Annotated[Id, of("group")], ...] = ()
    managed: tuple[PolicyId, ...] = Field(default=(), description="Managed policies.")


class AccessKey(Part):
    """A key of a user for programs. Its secret half goes into Secrets Manager, and nowhere else."""

    kind: ClassVar[str] = "access-key"
    user: Annotated[Id, of("user")]
    generation: int = Field(default=1, ge=1, description="Another number is another key.")


# ---------------------------------------------------------------------- the section


class PeopleGroup(Piece):
    """A group: what its members may do."""

    policies: tuple[PolicyName, ...] = Field(
        default=(), max_length=MOST_POLICIES, description="Managed policies: policy/<name> of the document, or ARNs."
    )


class Person(Piece):
    """A user: no password, and no key unless one is asked for."""

    groups: tuple[PersonName, ...] = Field(
        default=(), max_length=MOST_GROUPS, description="Groups of this section that it's in."
    )
    policies: tuple[PolicyName, ...] = Field(
        default=(),
        max_length=MOST_POLICIES,
        description="Managed policies of its own: policy/<name> of the document, or ARNs.",
    )
    access_key: bool = Field(
        default=False, description="Whether it has a key for programs, kept in Secrets Manager and shown to nobody."
    )
    generation: int = Field(
        default=1, ge=1, description="Which key it is: another number makes a new one, and deletes the old one."
    )


class People(Piece):
    """Users and groups of IAM. Roles are for what runs, and come from what needs them."""

    groups: dict[PersonName, PeopleGroup] = Field(default_factory=dict, description="Groups by name.")
    users: dict[PersonName, Person] = Field(default_factory=dict, description="Users by name.")

    def parts(self) -> Iterator[Part]:
        """Groups, users, and their keys."""
        for name, group in self.groups.items():
            managed = tuple(policy_id(one) for one in group.policies)
            yield Group(name=name, where=f"people.groups.{name}", managed=managed)
        for name, person in self.users.items():
            where = f"people.users.{name}"
            yield User(
                name=name,
                where=where,
                groups=tuple(f"group/{one}" for one in person.groups),
                managed=tuple(policy_id(one) for one in person.policies),
            )
            if person.access_key:
                yield AccessKey(name=name, where=where, user=f"user/{name}", generation=person.generation)

    def problems(self, policies: Mapping[str, Any]) -> Iterator[Problem]:
        """Groups and policies that aren't there, and numbers without a key."""
        known = ", ".join(self.groups)
        for name, group in self.groups.items():
            named = [(f"policies.{number}", one) for number, one in enumerate(group.policies)]
            yield from unknown_policies(f"people.groups.{name}", named, policies)
        for name, person in self.users.items():
            where = f"people.users.{name}"
            named = [(f"policies.{number}", one) for number, one in enumerate(person.policies)]
            yield from unknown_policies(where, named, policies)
            for number, group_name in enumerate(person.groups):
                if group_name not in self.groups:
                    way_out = f"Name one of: {known}" if known else "Describe it in people.groups"
                    yield Problem(f"{where}.groups.{number}", f"there's no group {group_name}", way_out)
            if person.generation > 1 and not person.access_key:
                yield Problem(f"{where}.generation", "there's no key that it could be of", "Write access_key: true")
