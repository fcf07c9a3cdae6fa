"""What EC2 must allow: to make what is tagged as the environment's, and to change only what carries that tag.

Which actions know which conditions: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from blueprints.environment import Environment
from tasks.rights.places import words_of
from tasks.rights.statement import allow
from tasks.scope import ENVIRONMENT, KEPT

MAKES = re.compile(r"^ec2:(Allocate|Copy|Create|Import|Register)")
NOTHING_NEW = frozenset({"ec2:CreateLaunchTemplateVersion", "ec2:CreateRoute", "ec2:CreateTags"})
ALONE = frozenset(
    {
        "ec2:AllocateAddress",
        "ec2:CopySnapshot",
        "ec2:CreateInternetGateway",
        "ec2:CreateLaunchTemplate",
        "ec2:CreateVolume",
        "ec2:CreateVpc",
        "ec2:DeleteNetworkInterface",
        "ec2:ImportKeyPair",
        "ec2:RegisterImage",
    }
)
"""Those that touch nothing of the environment's that stands already."""
LAUNCH = "ec2:RunInstances"
BORROWED = {
    "ec2:CreateVolume": "snapshot",
    "ec2:DeleteNetworkInterface": "network-interface",
    "ec2:RegisterImage": "snapshot",
}
"""What an action also touches that carries no tag of the environment's: what AWS made, or somebody else."""


def statements(writes: Collection[str], environments: Sequence[Environment]) -> Iterator[dict[str, Any]]:
    """For these actions of EC2, in these environments."""
    names = [environment.name for environment in environments]
    homes = [f"arn:{words['partition']}:ec2:{words['region']}:*:" for words in map(_words, environments)]
    anything = [f"{home}*" for home in homes]
    makes = {action for action in writes if MAKES.match(action)} - NOTHING_NEW
    yield allow("Make", makes, anything, {f"aws:RequestTag/{ENVIRONMENT}": names})
    yield allow("Change", set(writes) - ALONE - {LAUNCH}, anything, {f"aws:ResourceTag/{ENVIRONMENT}": names})
    if "ec2:CreateTags" in writes:
        calls = sorted(action.partition(":")[2] for action in makes | ({LAUNCH} & set(writes)))
        yield allow("TagWhatIsMade", {"ec2:CreateTags"}, anything, {"ec2:CreateAction": calls})
    if "ec2:AttachVolume" in writes:  # volumes and their last snapshots, which outlive their environment
        yield allow("TakeBack", {"ec2:CreateTags"}, anything, {f"aws:ResourceTag/{KEPT}": names})
        yield allow("LastSnapshot", {"ec2:CreateSnapshot"}, anything, {f"aws:RequestTag/{KEPT}": names})
    if LAUNCH in writes:
        yield allow("Launch", {LAUNCH}, anything)
    borrowed = {action: {BORROWED[action]} for action in sorted(BORROWED.keys() & set(writes))}
    if any(environment.network and environment.network.default for environment in environments):
        borrowed |= {action: borrowed.get(action, set()) | {"subnet", "vpc"} for action in makes - ALONE}
    kinds = sorted({kind for kinds in borrowed.values() for kind in kinds})
    yield allow("Borrow", borrowed, [f"{home}{kind}/*" for home in homes for kind in kinds])


def _words(environment: Environment) -> dict[str, str]:
    return words_of(environment, "ec2")
