"""Which backups are to be proven, and whether a restored one is good for anything."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from blueprints.backups import BackupPolicy, Prove
from tasks.backups.answering import unanswered
from tasks.backups.record import Backup
from tasks.compute.commands import run_script
from tasks.errors import CastraError
from tasks.operation import KEEP, Deed
from tasks.scope import Scope, short_hash
from tasks.waiting import wait_until

PROVE = "prove"
LONGEST_NAME = 40
REACHED_WITHIN = 300.0  # seconds until a new instance's agent has told Systems Manager of itself


@dataclass(frozen=True)
class Proof:
    """One proof that is due: of a policy's backup, in an environment of its own. No backup: there's none to prove."""

    environment: str
    policy: str
    series: str
    prove: Prove
    deed: Deed
    backup: Backup | None = None


@dataclass
class Proofs:
    """All that there is to prove, and what is proven already."""

    deeds: list[Deed] = field(default_factory=list)
    due: list[Proof] = field(default_factory=list)


def proofs_due(
    environment: str,
    policies: Mapping[str, BackupPolicy],
    backups: Iterable[Backup],
    now: datetime,
    *,
    anyway: bool = False,
) -> Proofs:
    """The newest whole backup of each thing that a policy covers, where its last proof is too old. Pure.

    With `anyway`, whatever its age.
    """
    backups, proofs = list(backups), Proofs()
    for name, policy in policies.items():
        if policy.prove is None:
            continue
        mine = [one for one in backups if one.policy == name and one.copy_of is None]
        for series in _series(policy, mine):
            of_it = [one for one in mine if one.series == series]
            _one(proofs, environment, name, policy.prove, series, of_it, now, anyway)
    return proofs


def _series(policy: BackupPolicy, backups: Iterable[Backup]) -> list[str]:
    """What the policy names, and, where it selects, all that it has backed up."""
    found = sorted({one.series for one in backups}) if policy.select else []
    return list(dict.fromkeys((*policy.parts, *found)))


def _one(
    proofs: Proofs,
    environment: str,
    policy: str,
    prove: Prove,
    series: str,
    backups: list[Backup],
    now: datetime,
    anyway: bool,
) -> None:
    what = f"{policy} {series}"
    whole = [one for one in backups if one.state == "complete"]
    newest = max(whole, key=lambda one: (one.moment, one.taken), default=None)
    proven = max((one.proven for one in backups if one.proven), default=None)
    age = None if proven is None else now - proven
    if age is not None and age < timedelta(days=prove.every_days) and not anyway:
        because = f"proven {_days(age)} ago; every {prove.every_days} days are asked for"
        proofs.deeds.append(Deed(what=what, action=KEEP, because=because, id=newest.id if newest else None))
        return
    because = "never proven yet" if age is None else f"last proven {_days(age)} ago"
    deed = Deed(what=what, action=PROVE, because=because, id=newest.id if newest else None, gib=_gib(newest))
    proofs.deeds.append(deed)
    proofs.due.append(Proof(environment_of(environment, policy, series), policy, series, prove, deed, newest))


def environment_of(environment: str, policy: str, series: str) -> str:
    """The environment that a backup is proven in: the same for the same, so that what a killed run left is found."""
    full = f"proof-{environment}-{policy}-{series.replace('/', '-')}"
    name = re.sub("[^a-z0-9]+", "-", full.lower()).strip("-")
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 7].rstrip('-')}-{short_hash(full)}"


def _gib(backup: Backup | None) -> int | None:
    return backup.gib if backup else None


def _days(age: timedelta) -> str:
    return f"{age.days} day{'' if age.days == 1 else 's'}"


# ---------------------------------------------------------------------- whether it's good


def check(scope: Scope, proof: Proof, ids: Mapping[str, str]) -> str:
    """What a restored backup has shown, in words; `ids` are its parts'. Raises CastraError for what it hasn't."""
    (instance,) = [id for part, id in ids.items() if part.startswith("instance/")]
    within = proof.prove.minutes * 60.0
    await_checks(scope, instance, within)
    passed = ["boots and passes its status checks"]
    if attached := _attached(scope, instance, [id for part, id in ids.items() if part.startswith("volume/")]):
        passed.append(f"{attached} volume{'s' if attached > 1 else ''} attached")
    passed += _answers(scope, proof, instance, within)
    if proof.prove.query:
        _ask(scope, proof, instance)
        passed.append("its query answers as it should" if proof.prove.expect else "its query succeeds")
    return "; ".join(passed)


def await_checks(scope: Scope, instance: str, within: float) -> None:
    """Wait until EC2's two status checks are passed. One that is failed is final.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-system-instance-status-check.html
    """
    told: dict[str, str] = {"instance": "not told yet"}

    def passed() -> bool:
        told.update(status_of(scope, instance))
        if "impaired" in told.values():
            failed = " and ".join(f"the {name} check" for name, status in told.items() if status == "impaired")
            raise CastraError(f"instance {instance}", f"{failed} of EC2 has failed: it doesn't come up")
        return set(told.values()) == {"ok"}

    wait_until(scope, passed, f"instance {instance}", within, lambda: f"its status checks say {told['instance']}")


def status_of(scope: Scope, instance: str) -> dict[str, str]:
    """EC2's status checks of an instance, by name; empty where it's gone."""
    asked: dict[str, Any] = {"IncludeAllInstances": True, "Filters": []}
    statuses = scope.ec2.describe_instance_status(InstanceIds=[instance], **asked)["InstanceStatuses"]
    if not statuses:
        return {}
    return {"instance": statuses[0]["InstanceStatus"]["Status"], "system": statuses[0]["SystemStatus"]["Status"]}


def _attached(scope: Scope, instance: str, volumes: list[str]) -> int:
    """How many volumes there are, all of them attached. Raises CastraError otherwise."""
    if not volumes:
        return 0
    for volume in scope.ec2.describe_volumes(VolumeIds=volumes)["Volumes"]:
        holders = [one["InstanceId"] for one in volume.get("Attachments", []) if one["State"] == "attached"]
        if holders != [instance]:
            raise CastraError(f"volume {volume['VolumeId']}", f"it isn't attached, but {volume['State']}")
    return len(volumes)


def _answers(scope: Scope, proof: Proof, instance: str, within: float) -> Iterator[str]:
    """Its port answers where it should."""
    if proof.prove.port is None:
        return
    (page,) = scope.ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    address, told = page["Instances"][0].get("PublicIpAddress", ""), [""]

    def answers() -> bool:
        told[0] = unanswered(address, int(proof.prove.port or 0), proof.prove.path)
        return not told[0]

    wait_until(scope, answers, f"instance {instance}", within, lambda: told[0])
    yield f"answers on {proof.prove.port}{proof.prove.path or ''}"


def _ask(scope: Scope, proof: Proof, instance: str) -> None:
    """Run the query. A new instance isn't known to Systems Manager at once."""
    what, lines = f"{proof.series}: query", [str(proof.prove.query)]
    within, label = proof.prove.minutes * 60.0, f"query of {instance}"
    said = run_script(scope, instance, lines, what, within, label, reached_within=REACHED_WITHIN)
    if proof.prove.expect and not re.search(proof.prove.expect, said):
        shown = said.strip()[:200] or "nothing"
        raise CastraError(what, f"its query printed {shown!r}, in which {proof.prove.expect!r} isn't found")
