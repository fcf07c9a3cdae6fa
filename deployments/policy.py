"""`python -m deployments.policy FILE...`: the IAM policy for whoever raises, watches and strikes these blueprints."""

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from blueprints.environment import Environment
from blueprints.problem import Invalid
from blueprints.reading import load
from tasks.registry import KINDS

READS = re.compile(r"^[a-z0-9-]+:(Describe|Get|List|GET$)")
ENGINE = frozenset({"ec2:DescribeImages", "ssm:GetParameters", "sts:GetCallerIdentity"})
"""What is looked up beside the kinds: images, parameters that hold their ids, and whose credentials these are."""
PASS = "iam:PassRole"
LARGEST = 6144
"""Characters of a managed policy, without blanks: IAM's quota."""


def policy(environments: Iterable[Environment]) -> dict[str, Any]:
    """The policy's document: every read of a survey, and the writes of the kinds that the documents are made of.

    A survey looks for every kind, since what no document names any more must be found, too.
    """
    kinds = {part.kind for environment in environments for part in environment.parts()}
    everything = {action for kind in KINDS.values() for action in kind.actions} | ENGINE
    reads = {action for action in everything if READS.match(action)}
    writes = {action for kind in kinds for action in KINDS[kind].actions} - reads
    bucket = "arn:aws:s3:::castra-*"
    statements = [
        _allow("Read", map(_shortened, reads), "*"),
        _allow("Write", writes - {PASS}, "*"),
        _allow("Lease", {"s3:DeleteObject", "s3:GetObject", "s3:PutObject"}, f"{bucket}/leases/*"),
        _allow("LeasesBucket", {"s3:CreateBucket", "s3:PutBucketPublicAccessBlock"}, bucket),
    ]
    if PASS in writes:
        statements.append(_allow("Pass", {PASS}, "arn:aws:iam::*:role/castra/*"))
    return {"Version": "2012-10-17", "Statement": [one for one in statements if one["Action"]]}


def _shortened(action: str) -> str:
    """What lists and describes as a pattern, so that the policy fits; what gets contents stays as it is."""
    return re.sub(r":(Describe|List)\w+$", r":\1*", action)


def _allow(sid: str, actions: Iterable[str], resource: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(set(actions)), "Resource": resource}


def main() -> None:
    """Print the policy, and say so where it's larger than IAM takes as one."""
    if not sys.argv[1:]:
        sys.exit("usage: python -m deployments.policy FILE...")
    try:
        told = policy([load(Path(file)) for file in sys.argv[1:]])
    except Invalid as error:
        sys.exit(str(error))
    print(json.dumps(told, indent=2))
    if (size := len(json.dumps(told, separators=(",", ":")))) > LARGEST:
        print(f"It has {size} characters, and a managed policy at most {LARGEST}: make two of it.", file=sys.stderr)


if __name__ == "__main__":
    main()
