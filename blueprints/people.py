"""People: users and groups of IAM, what they may do, and keys and passwords that go straight into Secrets Manager."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from blueprints.granting import partition
from blueprints.identity import PolicyId, PolicyName, policy_id, unknown_policies
from blueprints.part import Id, Name, Part, Piece, of
from blueprints.problem import Problem

MOST_GROUPS = 10  # of a user: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MOST_POLICIES = 10  # managed ones, of a user or a group
CHANGE_PASSWORD = "arn:{partition}:iam::aws:policy/IAMUserChangePassword"
PersonName = Annotated[Name, Field(max_length=40)]


class Group(Part):
    """A group of IAM, whose members may do what its policies say."""

    kind: ClassVar[str] = "group"
    managed: tuple[PolicyId, ...] = Field(default=(), description="Managed policies.")


class User(Part):
    """A user of IAM, with the groups that it's in. A password and a key are parts of their own."""

    kind: ClassVar[str] = "user"
    groups: tuple[Annotated[Id, of("group")], ...] = ()
    managed: tuple[PolicyId, ...] = Field(default=(), description="Managed policies.")


class AccessKey(Part):
    """A key of a user for programs. Its secret half goes into Secrets Manager, and nowhere else."""

    kind: ClassVar[str] = "access-key"
    user: Annotated[Id, of("user")]
    generation: int = Field(default=1, ge=1, description="Another number is another key.")


class LoginProfile(Part):
    """A user's way into AWS's console. The first password goes into Secrets Manager, and has to be changed."""

    kind: ClassVar[str] = "login-profile"
    user: Annotated[Id, of("user")]
    generation: int = Field(default=1, ge=1, description="Another number is another first password.")


# ---------------------------------------------------------------------- the section


class PeopleGroup(Piece):
    """A group: what its members may do."""

    policies: tuple[PolicyName, ...] = Field(
        default=(), max_length=MOST_POLICIES, description="Managed policies: policy/<name> of the document, or ARNs."
    )


class Person(Piece):
    """A user: no way into the console, and no key, unless they're asked for."""

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
    console: bool = Field(
        default=False,
        description="Whether it may sign in to AWS's console: by a first password that is kept in Secrets Manager, and "
        "has to be changed at once.",
    )
    password_generation: int = Field(
        default=1,
        ge=1,
        description="Which first password it is: another number makes a new one, for who has forgotten theirs.",
    )

    def managed(self, partition: str) -> tuple[PolicyId, ...]:
        """Its own policies; who is to change a password must be allowed to."""
        change = (CHANGE_PASSWORD.format(partition=partition),) if self.console else ()
        return tuple(policy_id(one) for one in dict.fromkeys((*self.policies, *change)))


class People(Piece):
    """Users and groups of IAM. Roles are for what runs, and come from what needs them."""

    groups: dict[PersonName, PeopleGroup] = Field(default_factory=dict, description="Groups by name.")
    users: dict[PersonName, Person] = Field(default_factory=dict, description="Users by name.")

    def parts(self, region: str) -> Iterator[Part]:
        """Groups, users, their keys, and their ways into the console."""
        for name, group in self.groups.items():
            managed = tuple(policy_id(one) for one in group.policies)
            yield Group(name=name, where=f"people.groups.{name}", managed=managed)
        for name, person in self.users.items():
            where = f"people.users.{name}"
            yield User(
                name=name,
                where=where,
                groups=tuple(f"group/{one}" for one in person.groups),
                managed=person.managed(partition(region)),
            )
            if person.access_key:
                yield AccessKey(name=name, where=where, user=f"user/{name}", generation=person.generation)
            if person.console:
                yield LoginProfile(name=name, where=where, user=f"user/{name}", generation=person.password_generation)

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
            yield from _console_problems(where, person)


def _console_problems(where: str, person: Person) -> Iterator[Problem]:
    """A number without a password, and one policy too many: who changes a password needs one for that."""
    if person.password_generation > 1 and not person.console:
        yield Problem(f"{where}.password_generation", "there's no password that it could be of", "Write console: true")
    if person.console and len(person.managed("aws")) > MOST_POLICIES:
        why = f"with the one for changing a password, it has more than {MOST_POLICIES} managed policies"
        yield Problem(f"{where}.policies", why, "Put some on a group")
