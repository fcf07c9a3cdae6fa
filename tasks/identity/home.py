"""Where an environment has its roles and profiles in IAM, which is global: a path names it, its region, the part."""

from collections.abc import Mapping
from typing import NamedTuple

from tasks.scope import ENVIRONMENT, PART, Scope

ROOT = "castra"


class Home(NamedTuple):
    """Whose home a path is."""

    environment: str
    region: str
    part: str


def path_of(scope: Scope, part: str) -> str:
    """`/castra/<environment>/<region>/<part>/`. AWS allows 512 characters, and no change afterwards."""
    return f"/{ROOT}/{scope.environment}/{scope.region}/{part}/"


def prefix_of(scope: Scope) -> str:
    """What the paths of all that's the scope's begin with; where it is of all environments, those of every region."""
    return f"/{ROOT}/" if scope.environment is None else f"/{ROOT}/{scope.environment}/{scope.region}/"


def home_at(scope: Scope, path: str) -> Home | None:
    """Whose home a path is, if the scope's."""
    root, *rest = path.strip("/").split("/")
    if root != ROOT or len(rest) != len(Home._fields):
        return None
    home = Home(*rest)
    return home if home.region == scope.region and scope.environment in (None, home.environment) else None


def part_at(scope: Scope, path: str, tags: Mapping[str, str]) -> str | None:
    """The key of the part, if path and tags agree that it's the scope's."""
    home, key = home_at(scope, path), tags.get(PART, "")
    agreed = home and (home.environment, home.part) == (tags.get(ENVIRONMENT), key.partition("/")[2])
    return key if agreed else None


def name_of(arn: str) -> str:
    """The name at the end of a role's, profile's or policy's ARN."""
    return arn.rpartition("/")[2]
