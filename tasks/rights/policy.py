"""The least that whoever raises, watches and strikes some blueprints must be allowed, as an IAM policy. Pure."""

import json
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from blueprints.environment import Environment
from blueprints.part import Part
from blueprints.secret_keys import service_of
from tasks.registry import KINDS
from tasks.rights import ec2
from tasks.rights.places import NAMED, places, words_of
from tasks.rights.statement import Statement, allow

READS = re.compile(r"^[a-z0-9-]+:(Describe|Get|List|GET$)")
SURVEYED = "s3:GetObject"
"""A survey looks for a site in every bucket of the environment's."""
CONTENTS = frozenset({SURVEYED, "secretsmanager:GetSecretValue"})
"""Reads of what somebody keeps, which are narrowed like writes."""
ENGINE = frozenset({"ec2:DescribeImages", "ssm:GetParameters", "sts:GetCallerIdentity"})
"""What is looked up beside the kinds: images, parameters that hold their ids, and whose credentials these are."""
SENDING = frozenset({"function", "layer"})
"""Kinds that send large archives by way of the bucket that has the leases, and else need nothing of S3."""
KEPT_THERE = frozenset({"s3:DeleteObject", "s3:GetObject", "s3:PutObject"})
LINKED = "iam:CreateServiceLinkedRole"
NAMELESS = frozenset({"lambda:CreateEventSourceMapping", "logs:PutResourcePolicy", "sns:Unsubscribe"}) | {
    f"logs:{verb}LogDelivery" for verb in ("Create", "Delete", "Update")
}
"""They take no ARN, though their service knows names."""
KEEPS_PASSWORDS = frozenset({"secretsmanager:CreateSecret", "secretsmanager:TagResource"})
"""https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html"""
USES_KEYS = frozenset({"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"})
"""https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecret.html"""
LARGEST = 6144
"""Characters of a managed policy, without blanks: IAM's quota."""


def policy_of(environments: Sequence[Environment]) -> dict[str, Any]:
    """The policy's document. What lists and describes stands as a pattern, so that it fits."""
    read, *others = statements_of(environments)
    return {"Version": "2012-10-17", "Statement": [allow("Read", map(_shortened, read["Action"]), ["*"]), *others]}


def statements_of(environments: Sequence[Environment]) -> list[Statement]:
    """Every read of a survey, and the writes of the kinds that the documents are made of, each by its own action.

    A survey looks for every kind, since what no document names any more must be found, too. Writes are narrowed to
    the environments' own names, paths and tags where AWS knows such.
    """
    kinds = {part.kind for environment in environments for part in environment.parts()}
    everything = {action for kind in KINDS.values() for action in kind.actions} | ENGINE
    reads = {action for action in everything if READS.match(action)} - CONTENTS
    writes = {action for kind in kinds - SENDING for action in KINDS[kind].actions} - reads
    writes |= {action for kind in kinds & SENDING for action in KINDS[kind].actions if action[:3] != "s3:"} - reads
    writes |= {SURVEYED} if any(action.startswith("s3:") for action in writes) else set()
    statements = [allow("Read", reads, ["*"]), *_written(writes, environments), *_depots(kinds, environments)]
    return [one for one in statements if one["Action"]]


def parts_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The same as several policies, each of which IAM takes; one, where it fits."""
    parts: list[dict[str, Any]] = [{**document, "Statement": []}]
    for statement in document["Statement"]:
        grown = {**document, "Statement": [*parts[-1]["Statement"], statement]}
        if size_of(grown) <= LARGEST or not parts[-1]["Statement"]:
            parts[-1] = grown
        else:
            parts.append({**document, "Statement": [statement]})
    return parts


def size_of(document: dict[str, Any]) -> int:
    """Characters, as IAM counts them."""
    return len(json.dumps(document, separators=(",", ":")))


def _written(writes: Collection[str], environments: Sequence[Environment]) -> Iterator[Statement]:
    by_service: dict[str, set[str]] = {}
    for action in writes:
        by_service.setdefault(_home_of(action), set()).add(action)
    yield from ec2.statements(by_service.pop("ec2", set()), environments)
    yield allow("Write", by_service.pop("", set()), ["*"])
    yield from _handed_on(environments)
    linked = by_service.get("iam", set()) & {LINKED}
    for service, actions in sorted(by_service.items()):
        where = [place for environment in environments for place in places(service, environment)]
        yield allow(_sid(service), actions - linked, where)
    homes = [words_of(environment, "iam")["everywhere"] for environment in environments]
    yield allow("LinkServices", linked, [f"{home}:role/aws-service-role/*" for home in homes])


def _handed_on(environments: Sequence[Environment]) -> Iterator[Statement]:
    """What AWS does in the name of whoever calls: RDS keeps passwords, Secrets Manager uses keys."""
    asking = [environment for environment in environments if any(map(_kept_by_rds, environment.parts()))]
    secrets = [f"{words_of(environment, 'secretsmanager')['home']}:secret:rds!db-*" for environment in asking]
    yield allow("MasterPasswords", KEEPS_PASSWORDS if asking else (), secrets)
    parts = (part for environment in environments for part in environment.parts() if part.kind == "secret")
    keys = sorted({str(key) for part in parts if (key := getattr(part, "kms_key", None))})
    through = {"kms:ViaService": sorted(map(service_of, keys))}
    yield allow("SecretKeys", USES_KEYS if keys else (), keys, through)


def _kept_by_rds(part: Part) -> bool:
    """Whether it's a database whose password is in a secret that RDS makes."""
    return part.kind == "database" and getattr(part, "secret", None) is None


def _home_of(action: str) -> str:
    """The service whose names narrow it; none where nothing does."""
    service = action.partition(":")[0]
    return service if service in (*NAMED, "ec2") and action not in NAMELESS else ""


def _depots(kinds: Collection[str], environments: Sequence[Environment]) -> Iterator[Statement]:
    """Of the bucket that has the leases, and archives on their way to Lambda."""
    depots = [words_of(environment, "s3")["depot"] for environment in environments]
    homes = [(depot, environment.name) for depot, environment in zip(depots, environments, strict=True)]
    held = [f"{depot}/leases/{name}{end}" for depot, name in homes for end in (".json", "--*")]
    sent = [f"{depot}/{kind}s/{name}--*" for kind in sorted(SENDING & set(kinds)) for depot, name in homes]
    yield allow("Archives", KEPT_THERE if sent else (), sent)
    yield allow("Lease", KEPT_THERE, held)
    yield allow("LeasesBucket", {"s3:CreateBucket", "s3:PutBucketPublicAccessBlock"}, depots)


def _shortened(action: str) -> str:
    """What lists, describes and gets settings as a pattern, so that the policy fits; what gets contents stays."""
    return re.sub(r":(Describe|List|GetBucket|GetFunction)\w*$", r":\1*", action)


def _sid(service: str) -> str:
    return {"elasticloadbalancing": "LoadBalancing", "autoscaling": "AutoScaling"}.get(service, service.capitalize())
