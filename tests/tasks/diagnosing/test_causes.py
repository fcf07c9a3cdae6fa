"""Every cause that there is, is documented, and broken on purpose by a test."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from tasks.diagnosing.causes import Cause
from tasks.diagnosing.launches import OTHERWISE, REASONS

ROOT = Path(__file__).parents[3]
CAUSES = set(get_args(Cause))
"""All that a finding may have: it refuses others, and so does the type checker."""


def documented() -> set[str]:
    page = (ROOT / "docs" / "diagnosis.md").read_text()
    rows = re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
    return {word for row in rows for word in re.findall(r"`([a-z-]+)`", row)}


def marked(path: Path) -> Iterator[str]:
    """What a file's tests are marked to break. The mark fails those that aren't diagnosed with it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "breaks":
            yield from (str(one.value) for one in node.args if isinstance(one, ast.Constant))


def test_every_cause_is_documented_and_no_other_one() -> None:
    assert documented() == CAUSES


def test_every_cause_is_broken_on_purpose_by_a_test() -> None:
    broken = {cause for path in Path(__file__).parent.glob("test_*.py") for cause in marked(path)}
    assert broken == CAUSES


SAID = [
    ("The image id '[ami-1]' does not exist. Launching EC2 instance failed.", "image-gone"),
    ("AMI ami-1 is pending, and cannot be run. Launching EC2 instance failed.", "image-gone"),
    ("The architecture 'arm64' of the instance type does not match that of the specified AMI.", "launch-failed"),
    ("The key pair 'ops' does not exist. Launching EC2 instance failed.", "key-pair-gone"),
    ("The security group 'sg-1' does not exist. Launching EC2 instance failed.", "group-gone"),
    (
        "Your requested instance type (x1.32xlarge) is not supported in your requested Availability Zone",
        "type-not-offered",
    ),
    ("The requested configuration is currently not supported.", "type-not-offered"),
    ("We currently do not have sufficient m5.large capacity in the Availability Zone you requested", "no-capacity"),
    ("There is no Spot capacity available that matches your request.", "no-capacity"),
    ("You have requested more vCPU capacity than your current vCPU limit of 8 allows", "quota-reached"),
    ("20 instance(s) are already running. Launching EC2 instance failed.", "quota-reached"),
    ("Invalid IAM Instance Profile name. Launching EC2 instance failed.", "profile-gone"),
    ("Termination Reason: Client.InternalError: Client error on launch", "volume-key-refused"),
    ("EBS block device mappings not supported for instance-store AMIs.", "launch-failed"),
    ("Invalid device name upload. Launching EC2 instance failed.", "launch-failed"),
]
"""https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-instancelaunchfailure.html"""


@pytest.mark.parametrize(("words", "cause"), SAID)
def test_what_auto_scaling_says_of_a_failed_launch_is_taken_for_what_it_is(words: str, cause: str) -> None:
    found = next((one for one in REASONS if re.search(one[0], words, re.IGNORECASE)), OTHERWISE)
    assert found[1] == cause
