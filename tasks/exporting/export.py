"""A living environment as a blueprint, proven by a plan: raising it changes nothing."""

from collections.abc import Iterator
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from blueprints.reading import build
from tasks.compute.groups import standing_groups
from tasks.errors import CastraError, Invalid, Refused
from tasks.exporting.balancers import balancers
from tasks.exporting.buckets import buckets
from tasks.exporting.instances import instances
from tasks.exporting.network import network
from tasks.exporting.others import key_pairs, policies, queues
from tasks.exporting.servers import servers
from tasks.exporting.standing import Section, Standing
from tasks.plan import Step
from tasks.reading import plan_of
from tasks.registry import KINDS
from tasks.report import changes_in_words
from tasks.scope import Scope
from tasks.survey import survey

UNTOLD = (
    "backups, rotation, account, role and the time after which it ends are in no resource: add what you had of them"
)
FROM_IDS = "images are named by their ids, and what a server runs at first is a text, whatever they were asked for by"


class Exported(BaseModel):
    """The document, as data and as YAML, and what to know of it."""

    model_config = ConfigDict(frozen=True)

    environment: str
    region: str
    parts: int
    document: dict[str, Any]
    text: str
    untold: tuple[str, ...]
    calls: dict[str, int]


def export(scope: Scope) -> Exported:
    """Read what stands of an environment, and write the blueprint that it would come from. Writes nothing.

    Raises CastraError where nothing stands, and Refused with each part that no blueprint written here would keep as it
    is: a document is told only where its plan has nothing to do.
    """
    found = survey(scope, KINDS.values()).found
    if not found:
        why = f"nothing stands of it in {scope.region}"
        raise CastraError(str(scope.environment), why, f"See what does: castra list --region {scope.region}")
    standing = Standing(found, scope.region, standing_groups(scope))
    written = _document(standing, scope)
    name = str(scope.environment)
    try:
        document = build(written, f"the document of {name}").model_dump(
            mode="json", exclude_defaults=True, exclude_none=True
        )
        text = _text(document)
        again = build(yaml.safe_load(text), f"the document of {name}")
        scope.tags = again.all_tags
        plan = plan_of(again, scope, [part.key for part in again.parts()])
    except Invalid as error:
        raise _refused(name, [f"{one.path}: {one.why}" for one in error.problems]) from error
    changes = [step for step in plan.changes if not _only_tags(step)]
    if changes:
        raise _refused(name, list(_untold(changes)))
    untold = (UNTOLD, FROM_IDS) if document.keys() & {"servers", "instances"} else (UNTOLD,)
    if plan.changes:
        which = f"{len(plan.changes)} parts carry tags by hand"
        told = f"{which}: raising it gives them Castra's other tags, and changes nothing else"
        untold = (*untold, told)
    common = {"environment": name, "region": scope.region, "parts": len(standing.found), "calls": scope.calls.summary()}
    return Exported(document=document, text=text, untold=untold, **common)


def _only_tags(step: Step) -> bool:
    """So with what was adopted: it has those tags only that somebody gave it."""
    return step.action == "update" and all(change.field.startswith("tags.") for change in step.changes)


def _document(standing: Standing, scope: Scope) -> Section:
    zones = _default_zones(standing, scope)
    tags = standing.own_tags()
    owner, purpose = tags.pop("owner", None), tags.pop("purpose", None)
    told = {
        "name": str(scope.environment),
        "region": scope.region,
        "owner": owner,
        "purpose": purpose,
        "tags": tags,
        "network": network(standing, zones),
        "policies": policies(standing),
        "key_pairs": key_pairs(standing),
        "balancers": balancers(standing),
        "servers": servers(standing, zones),
        "instances": instances(standing, zones),
        "queues": queues(standing),
        "buckets": buckets(standing),
    }
    return {section: value for section, value in told.items() if value}


def _default_zones(standing: Standing, scope: Scope) -> dict[str, str]:
    """The zones of subnets that aren't the environment's, by id: in the default VPC, say."""
    if standing.of("vpc"):
        return {}
    groups, balancing = standing.of("scaling-group").values(), ("load-balancer", "classic-balancer")
    named = {subnet for one in groups for subnet in one.state.subnets}
    named |= {subnet for kind in balancing for one in standing.of(kind).values() for subnet in one.state.subnets}
    named |= {one.state.subnet for one in standing.of("instance").values()}
    named |= {subnet for one in standing.of("interface-endpoint").values() for subnet in one.state.subnets}
    if not named:
        return {}
    told = scope.ec2.describe_subnets(SubnetIds=sorted(named))["Subnets"]
    return {one["SubnetId"]: one["AvailabilityZone"] for one in told}


def _untold(changes: list[Step]) -> Iterator[str]:
    """What such a blueprint would take away, in one line, and each part that it would change."""
    if gone := [step.part for step in changes if step.action == "delete"]:
        yield f"{', '.join(gone)}: no section that can be exported yet asks for {'it' if len(gone) == 1 else 'them'}"
    for step in changes:
        if step.action != "delete":
            yield f"{step.part}: {'; '.join(changes_in_words(step)) or step.because}"


def _refused(name: str, untold: list[str]) -> Refused:
    shown = "".join(f"\n  {one}." for one in untold)
    why = f"no blueprint that can be written from what AWS tells would keep it as it is:{shown}\n"
    return Refused(f"Exporting {name}", why, "Keep the blueprint that it was raised from, or write these parts by hand")


def _text(document: Section) -> str:
    dumped: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
    return dumped
