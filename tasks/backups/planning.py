"""The plan of a back-up: what the policies cover, what stands of it, and so what there is to take."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from blueprints.backups import BackupPolicy
from blueprints.environment import Environment
from tasks.backups.covering import covered_by
from tasks.backups.listing import backups_in
from tasks.backups.policy import Due, due, slot_for
from tasks.each import each
from tasks.errors import Invalid, Problem
from tasks.scope import Scope

LONGEST_LABEL = 200


def plan_back_up(
    blueprint: Environment, scope: Scope, now: datetime, only: Iterable[str] = (), label: str | None = None
) -> Due:
    """What there is to back up, of all policies or `only` of these. Writes nothing; a few calls, however much there is.

    Raises Invalid for policies that the document doesn't have, and for a label that can't be one.
    """
    policies = chosen(blueprint, only, label)
    covered = dict(each(lambda name: covered_by(policies[name], blueprint, scope), policies))
    slots = {slot_for(policy, now, label) for policy in policies.values()}
    standing = backups_in(scope, blueprint.name, slots=slots) if slots else []
    return due(policies, covered, standing, now, label)


def chosen(blueprint: Environment, only: Iterable[str], label: str | None) -> Mapping[str, BackupPolicy]:
    """The policies asked for."""
    only = tuple(only)
    problems = []
    for name in only:
        if name not in blueprint.backups:
            way_out = f"There are: {', '.join(blueprint.backups) or 'none'}"
            problems.append(Problem(f"backups.{name}", "there's no such policy", way_out))
    if label is not None and not (len(label.strip()) > 0 and len(label) <= LONGEST_LABEL and label.isprintable()):
        problems.append(Problem("--label", "it's empty, too long, or has odd characters", "Write a few words"))
    if problems:
        raise Invalid("castra back-up", problems)
    return {name: policy for name, policy in blueprint.backups.items() if not only or name in only}
