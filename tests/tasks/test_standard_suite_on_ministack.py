"""The standard suite once more, on an emulator that shares no code with the first: for the kinds that both know."""

import itertools
from collections.abc import Iterator

import pytest

from tasks.scope import Scope
from tests.ministack import ministack
from tests.tasks.rows import ROWS
from tests.tasks.test_standard_suite import *  # noqa: F403

KNOWN = (
    *("managed-policy", "instance-profile", "layer", "queue", "function", "function-url", "permission", "event-rule"),
    *("event-source", "bucket", "bucket-policy", "bucket-notification", "bucket-replication", "site", "http-api"),
    *("api-key", "certificate", "dns-record", "distribution", "origin-access-control"),
)
"""Those that ministack keeps whole. It forgets the boundary of a role and the key of a log group, tags no stage of an
API, imports no REST API, and its VPCs, scaling groups and load balancers are too thin."""
CHOSEN = {name: ROWS[name] for name in KNOWN}
BY_TAG = "its tagging API knows no buckets, so that one which was named by hand isn't found"
AT_BIRTH = "GetApis tells only the tags that an API was born with"
KEY_AT_BIRTH = "GetApiKeys tells only the tags that a key was born with"
GAPS = {
    ("test_a_fixed_field_changed_it_is_replaced_or_refused_with_a_way_out", "bucket"): BY_TAG,
    ("test_two_with_one_parts_tags_stop_everything", "bucket"): BY_TAG,
    ("test_created_it_carries_the_identity_tags", "http-api"): AT_BIRTH,
    ("test_changed_by_the_blueprint_it_is_updated_in_place", "http-api"): AT_BIRTH,
    ("test_changed_by_hand_it_is_told_as_drift_and_mended", "http-api"): AT_BIRTH,
    ("test_made_in_an_environment_that_ends_it_tells_when_and_can_be_told_another_time", "http-api"): AT_BIRTH,
    ("test_made_in_an_environment_that_ends_it_tells_when_and_can_be_told_another_time", "api-key"): KEY_AT_BIRTH,
}
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """One for the file."""
    with ministack() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", url)
        yield url


@pytest.fixture
def scope(aws: str) -> Scope:
    """An environment that nobody else has, empty."""
    return Scope(f"m{next(_numbers)}", "eu-west-1", poll_seconds=0.05)
