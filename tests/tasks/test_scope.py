"""Where work is done: names that nobody else has, tokens, tags, and an honest count of calls."""

import itertools
import pickle
import re
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprints.part import NAME
from tasks.errors import Unreadable, WrongAccount
from tasks.scope import (
    CREATED,
    ENVIRONMENT,
    EXTRA,
    FINGERPRINT,
    PART,
    RESERVED,
    Scope,
    as_dict,
    as_list,
    wanted_tags,
)
from tests.physics import Physics

REGION = "eu-west-1"
names = st.from_regex(NAME, fullmatch=True)
environments = names.map(lambda name: name[:40].rstrip("-"))
parts = names.map(lambda name: name[:100].rstrip("-"))
limits = st.sampled_from([32, 63, 64, 128, 255])
ways = st.fixed_dictionaries({"everywhere": st.booleans(), "double_hyphens": st.booleans()})


def name(environment: str, part: str, region: str = REGION, **way: Any) -> str:
    return Scope(environment, region).name(part, **way)


# ---------------------------------------------------------------------- names


@given(environments, parts, limits, ways)
def test_a_name_keeps_to_its_limit_and_to_letters_digits_and_hyphens(
    environment: str, part: str, limit: int, way: dict[str, bool]
) -> None:
    given_name = name(environment, part, limit=limit, **way)
    assert 0 < len(given_name) <= limit
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", given_name)
    if not way["double_hyphens"]:
        assert "--" not in given_name


@given(st.tuples(environments, parts), st.tuples(environments, parts), limits, ways)
def test_no_two_parts_of_two_environments_get_one_name(
    one: tuple[str, str], other: tuple[str, str], limit: int, way: dict[str, bool]
) -> None:
    assert (name(*one, limit=limit, **way) == name(*other, limit=limit, **way)) == (one == other)


@pytest.mark.parametrize("limit", [14, 20, 32, 255])
@pytest.mark.parametrize("double_hyphens", [True, False])
@pytest.mark.parametrize("everywhere", [True, False])
def test_names_that_read_alike_are_all_told_apart(limit: int, double_hyphens: bool, everywhere: bool) -> None:
    """`a-b` and `c`, `a` and `b-c`, and so on: every pair of short names."""
    short = ["-".join(pieces) for count in (1, 2, 3) for pieces in itertools.product("ab", repeat=count)]
    pairs = list(itertools.product(short, short))
    made = {name(one, other, limit=limit, double_hyphens=double_hyphens, everywhere=everywhere) for one, other in pairs}
    assert len(made) == len(pairs)


@pytest.mark.parametrize(
    ("expected", "environment", "part", "way"),
    [
        ("web--app", "web", "app", {}),
        ("web--app--eu-west-1", "web", "app", {"everywhere": True}),
        ("web--app--3f", "web", "app", {"variant": "3f"}),
        ("web-front-0e486c", "web", "front", {"double_hyphens": False}),
        ("web--a-rather-long-name-f-972be2", "web", "a-rather-long-name-for-a-balancer", {"limit": 32}),
    ],
)
def test_names_stay_what_they_are_from_version_to_version(
    expected: str, environment: str, part: str, way: dict[str, Any]
) -> None:
    """What stands is found by them: another name would make a second one."""
    assert name(environment, part, **way) == expected


@given(environments, parts, limits, ways)
def test_a_variant_sets_a_new_one_apart_from_the_one_it_replaces(
    environment: str, part: str, limit: int, way: dict[str, bool]
) -> None:
    made = {name(environment, part, limit=limit, variant=variant, **way) for variant in ("", "aaaaaa", "bbbbbb")}
    assert len(made) == 3


@given(environments, parts, limits, st.booleans())
def test_names_of_global_services_tell_the_region_and_others_dont(
    environment: str, part: str, limit: int, double_hyphens: bool
) -> None:
    def of(region: str, everywhere: bool) -> str:
        return name(environment, part, region, limit=limit, everywhere=everywhere, double_hyphens=double_hyphens)

    assert of("eu-west-1", True) != of("eu-west-2", True)
    assert of("eu-west-1", False) == of("eu-west-2", False)


# ---------------------------------------------------------------------- tokens

keys = st.builds("{}/{}".format, names, names)


@given(environments, keys, st.lists(names, max_size=2))
def test_a_token_is_the_same_again_and_short_enough_for_every_api(environment: str, key: str, more: list[str]) -> None:
    token = Scope(environment, REGION).token(key, *more)
    assert token == Scope(environment, REGION).token(key, *more)
    assert re.fullmatch(r"[0-9a-f]{32,64}", token)


token_inputs = st.tuples(environments, st.sampled_from(["eu-west-1", "us-east-1"]), keys, st.lists(names, max_size=2))


@given(token_inputs, token_inputs)
def test_another_environment_region_part_or_attempt_has_another_token(one: Any, other: Any) -> None:
    def token(environment: str, region: str, key: str, more: list[str]) -> str:
        return Scope(environment, region).token(key, *more)

    assert (token(*one) == token(*other)) == (one == other)


# ---------------------------------------------------------------------- tags

user_tags = st.dictionaries(st.text("abc-:", min_size=1, max_size=8), st.text(max_size=8), max_size=4)


@given(environments, keys, user_tags)
def test_tags_at_birth_carry_identity_a_name_and_the_users_own(environment: str, key: str, own: dict[str, str]) -> None:
    tags = Scope(environment, REGION, tags=own).birth_tags(key, "v1-0")
    assert (tags[ENVIRONMENT], tags[PART], tags[FINGERPRINT]) == (environment, key, "v1-0")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", tags[CREATED])
    assert tags["Name"] == f"{environment}-{key.partition('/')[2]}"
    assert own.items() <= tags.items()
    assert tags.get(EXTRA, "").split() == sorted(own)


@pytest.mark.parametrize("key", [ENVIRONMENT, PART, FINGERPRINT, CREATED])
def test_a_users_tag_never_decides_identity(key: str) -> None:
    tags = Scope("web", REGION, tags={key: "somebody else's"}).birth_tags("vpc/main", "v1-0")
    assert tags[key] != "somebody else's"


def test_what_isnt_finished_has_no_fingerprint_yet() -> None:
    assert FINGERPRINT not in Scope("web", REGION).birth_tags("vpc/main", None)


@given(user_tags)
def test_tags_that_are_kept_hold_no_identity(own: dict[str, str]) -> None:
    kept = wanted_tags("web", own, "vpc/main")
    assert {key for key in kept if key.startswith(RESERVED)} <= {EXTRA}
    assert kept == Scope("web", REGION, tags=own).wanted_tags("vpc/main")


@given(user_tags)
def test_tags_come_back_from_awss_form(own: dict[str, str]) -> None:
    assert as_dict(as_list(own)) == own
    assert as_dict(None) == {}


def test_an_environment_owns_its_own_only_and_a_scope_of_all_owns_whatever_is_tagged() -> None:
    web, everything = Scope("web", REGION), Scope(None, REGION)
    for tags, by_web, by_all in [
        ({ENVIRONMENT: "web"}, True, True),
        ({ENVIRONMENT: "web2"}, False, True),
        ({ENVIRONMENT: ""}, False, True),
        ({}, False, False),
    ]:
        assert (web.owns(tags), everything.owns(tags)) == (by_web, by_all)
    assert web.filters == [{"Name": "tag:castra:environment", "Values": ["web"]}]
    assert everything.filters == [{"Name": "tag-key", "Values": ["castra:environment"]}]


# ---------------------------------------------------------------------- calls


def test_calls_are_counted_by_operation_reads_apart_from_writes(scope: Scope) -> None:
    id = scope.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    list(scope.pages("ec2", "describe_vpcs", "Vpcs"))
    list(scope.pages("ec2", "describe_vpcs", "Vpcs"))
    _ = (scope.account, scope.account)
    scope.ec2_once.delete_vpc(VpcId=id)
    assert scope.calls.by_operation() == {
        "ec2:CreateVpc": 1,
        "ec2:DeleteVpc": 1,
        "ec2:DescribeVpcs": 2,
        "sts:GetCallerIdentity": 1,
    }
    assert scope.calls.summary() == {"read": 3, "write": 2}


def test_a_call_that_fails_is_counted_too_and_other_scopes_calls_arent(scope: Scope) -> None:
    with pytest.raises(ClientError):
        scope.ec2.delete_vpc(VpcId="vpc-0")
    Scope("other", REGION).ec2.describe_vpcs()
    assert scope.calls.by_operation() == {"ec2:DeleteVpc": 1}


def test_calls_of_many_threads_are_all_counted(scope: Scope) -> None:
    threads = [threading.Thread(target=scope.ec2.describe_vpcs) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert scope.calls.summary() == {"read": 12, "write": 0}


def test_calls_under_way_at_once_are_bounded_and_those_that_fail_give_their_turn_back(
    aws: Physics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.scope.CONNECTIONS", 3)
    ec2, lock, under_way, peak = Scope("busy", REGION).ec2, threading.Lock(), 0, 0

    def count(by: int) -> None:
        nonlocal under_way, peak
        with lock:
            under_way += by
            peak = max(peak, under_way)

    def ask() -> None:
        with pytest.raises(ClientError, match="InvalidVpcID"):
            ec2.describe_vpcs(VpcIds=["vpc-0"])

    ec2.meta.events.register("before-send", lambda **_: count(1))
    ec2.meta.events.register("needs-retry", lambda **_: count(-1))
    threads = [threading.Thread(target=ask) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (peak, under_way) == (3, 0)


def test_a_client_is_made_once_however_many_ask_at_once(scope: Scope) -> None:
    clients: list[Any] = []
    threads = [threading.Thread(target=lambda: clients.append(scope.client("s3"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len({id(client) for client in clients}) == 1


@pytest.mark.parametrize(("once", "sent"), [(True, 1), (False, 2)])
def test_a_create_without_token_is_sent_once_and_everything_else_until_it_is_answered(
    scope: Scope, aws: Physics, monkeypatch: pytest.MonkeyPatch, once: bool, sent: int
) -> None:
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None, time=time.time))
    client = scope.client("ec2", once=once)
    aws.rule("ec2:CreateInternetGateway", "error:InternalError:500", nth=1)
    before = aws.counts().get("ec2:CreateInternetGateway", 0)
    if once:
        with pytest.raises(ClientError):
            client.create_internet_gateway()
    else:
        client.create_internet_gateway()
    assert aws.counts()["ec2:CreateInternetGateway"] - before == sent


# ---------------------------------------------------------------------- account, listings, travel


def test_credentials_of_another_account_are_refused_and_both_are_named(aws: Physics) -> None:
    assert Scope("web", REGION, account="123456789012").account == "123456789012"
    with pytest.raises(WrongAccount, match=r"account 999999999999, the credentials belong to 123456789012"):
        _ = Scope("web", REGION, account="999999999999").account


def test_credentials_that_aws_doesnt_accept_are_told_as_that(aws: Physics) -> None:
    aws.rule("sts:GetCallerIdentity", "error:InvalidClientTokenId:403", nth=1)
    with pytest.raises(Unreadable, match="doesn't accept these credentials"):
        _ = Scope("web", REGION).account


def test_a_listing_that_several_kinds_read_is_made_once_until_looked_at_afresh() -> None:
    scope, made = Scope("web", REGION), itertools.count(1)
    first = [scope.listed("tags", lambda: next(made)) for _ in range(3)]
    scope.look_afresh()
    assert (first, scope.listed("tags", lambda: next(made))) == ([1, 1, 1], 2)


def test_a_listing_that_fails_is_tried_again_and_an_empty_one_is_not() -> None:
    scope = Scope("web", REGION)
    with pytest.raises(ZeroDivisionError):
        scope.listed("tags", lambda: 1 // 0)
    assert scope.listed("tags", list) == []
    assert scope.listed("tags", lambda: ["never"]) == []


def test_a_listing_asked_for_by_many_at_once_is_made_once() -> None:
    scope, made, got = Scope("web", REGION), itertools.count(1), []
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        got.append(scope.listed("tags", lambda: next(made)))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert got == [1] * 8


@settings(max_examples=20)
@given(environments, user_tags)
def test_a_scope_travels_to_another_process_and_means_the_same_there(environment: str, own: dict[str, str]) -> None:
    scope = Scope(environment, REGION, tags=own, account="123456789012", poll_seconds=0.5)
    there = pickle.loads(pickle.dumps(scope))
    for field in ("environment", "region", "tags", "expected_account", "poll_seconds"):
        assert getattr(there, field) == getattr(scope, field)
