"""What is particular to buckets and their policies."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from blueprints.buckets import tls_only
from blueprints.part import Part
from blueprints.reading import build
from blueprints.storage import WARMTH, Bucket, BucketPolicy, CorsRule, LifecycleRule, OldVersions, WebRedirect, Website
from tasks.decide import Plan
from tasks.errors import CastraError, Invalid
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.storage import lifecycle, website
from tasks.storage.listing import bucket_of
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.storage import BARE

KIND = KINDS["bucket"]
KEPT = Bucket(name="uploads", versioning=True)
AMONG = ("bucket", "bucket-policy")


def document(**buckets: Any) -> dict[str, Any]:
    return {"name": "e", "region": "eu-west-1", "buckets": buckets}


def raised(scope: Scope, *parts: Part) -> Plan:
    return raise_all(scope, parts, among=AMONG)


def fill(scope: Scope, bucket: str, count: int) -> None:
    for number in range(count):
        scope.client("s3").put_object(Bucket=bucket, Key=f"{number % 3}", Body=b"x")


def buckets(scope: Scope) -> list[str]:
    """All that there are, but the depot."""
    return [one["Name"] for one in scope.client("s3").list_buckets()["Buckets"]]


# ---------------------------------------------------------------------- what becomes of it


def test_kept_it_stays_with_all_in_it_and_says_so_and_nothing_is_left_over(strict: Scope) -> None:
    raised(strict, KEPT)
    name = strict.bucket_name("uploads")
    fill(strict, name, 4)
    plan = look_and_plan(strict, (), among=AMONG)
    (step,) = plan.steps
    assert step.because == f"the environment is struck; the bucket {name} with its objects stays"
    raised(strict)
    assert look_and_plan(strict, (), among=AMONG).steps == ()
    assert len(strict.client("s3").list_object_versions(Bucket=name)["Versions"]) == 4


def test_kept_it_is_taken_on_again_with_its_objects_when_the_environment_is_raised(strict: Scope) -> None:
    raised(strict, KEPT)
    fill(strict, strict.bucket_name("uploads"), 1)
    raised(strict)
    raised(strict, BARE)
    (found,) = look(strict, KIND, "uploads")
    assert (found.state.versioning, found.state.on_removal) == (False, "wipe")
    assert strict.client("s3").get_object(Bucket=bucket_of(found.id), Key="0")["Body"].read() == b"x"
    assert look_and_plan(strict, (BARE,), among=AMONG).settled


def test_in_us_east_1_which_makes_a_bucket_twice_without_a_word_it_is_taken_on_too(physics: Physics) -> None:
    there = Scope("strict", "us-east-1", poll_seconds=0.05)
    raised(there, KEPT)
    fill(there, there.bucket_name("uploads"), 1)
    raised(there)
    physics.log.clear()
    raised(there, KEPT)
    assert "s3:CreateBucket" not in physics.counts()
    assert look_and_plan(there, (KEPT,), among=AMONG).settled
    assert look_and_plan(Scope("strict", "eu-west-1"), (), among=AMONG).steps == ()


def test_wiped_it_goes_with_every_version_and_delete_marker_in_batches(physics: Physics, strict: Scope) -> None:
    raised(strict, BARE.model_copy(update={"versioning": True}))
    name = strict.bucket_name("uploads")
    fill(strict, name, 6)
    strict.client("s3").delete_object(Bucket=name, Key="0")
    physics.log.clear()
    (step,) = raised(strict).steps
    assert step.because == "the environment is struck; all objects in it go"
    assert buckets(strict) == []
    assert physics.counts()["s3:DeleteObjects"] == 1
    assert "s3:DeleteObject" not in physics.counts()


def test_what_is_written_while_it_is_wiped_goes_too(physics: Physics, strict: Scope) -> None:
    raised(strict, BARE)
    fill(strict, strict.bucket_name("uploads"), 1)
    physics.rule("DeleteBucket", "error:BucketNotEmpty:409", nth=1)
    raised(strict)
    assert buckets(strict) == []


def test_keep_or_wipe_is_changed_in_place(strict: Scope) -> None:
    raised(strict, BARE)
    plan = raised(strict, Bucket(name="uploads"))
    assert [(step.action, [one.field for one in step.changes]) for step in plan.changes] == [("update", ["on_removal"])]
    raised(strict)
    assert buckets(strict) == [strict.bucket_name("uploads")]


# ---------------------------------------------------------------------- names


def test_a_name_is_unique_by_account_and_region_and_cut_where_it_is_too_long(strict: Scope) -> None:
    assert strict.bucket_name("uploads") == "strict--uploads--123456789012--eu-west-1"
    long = strict.bucket_name("a-part-with-a-name-that-is-really-long")
    assert (len(long), long[:8]) == (63, "strict--")
    assert long != Scope("strict", "eu-west-2").bucket_name("a-part-with-a-name-that-is-really-long")


def test_one_of_this_account_that_is_not_ours_is_refused_and_left_alone(strict: Scope) -> None:
    place = {"LocationConstraint": "eu-west-1"}
    strict.client("s3").create_bucket(Bucket="somebody-elses", CreateBucketConfiguration=place)
    with pytest.raises(CastraError, match="a bucket somebody-elses in this account that doesn't carry its tags"):
        raised(strict, Bucket(name="uploads", called="somebody-elses", versioning=True))
    assert "Status" not in strict.client("s3").get_bucket_versioning(Bucket="somebody-elses")


def test_a_name_that_another_account_has_is_told(physics: Physics, strict: Scope) -> None:
    physics.rule("CreateBucket", "error:BucketAlreadyExists:409")
    with pytest.raises(CastraError, match="another account has a bucket taken, and names are unique in the world"):
        raised(strict, Bucket(name="uploads", called="taken"))


def test_one_named_by_hand_is_found_by_its_tags_and_goes_with_the_environment(physics: Physics, strict: Scope) -> None:
    part = Bucket(name="uploads", called="our-own-name", on_removal="wipe")
    raised(strict, part)
    asked = [call for call in physics.log.snapshot() if "ResourceARNList" in call.params]
    assert [call.operation for call in asked] == ["GetResources"]  # nobody can strike before it's seen
    assert look_and_plan(strict, (part,), among=AMONG).settled
    raised(strict)
    assert buckets(strict) == []


def test_an_answer_that_was_lost_makes_no_second_one_and_loses_no_tag(physics: Physics, strict: Scope) -> None:
    physics.rule("CreateBucket", "lose-answer", nth=1)
    strict.tags["team"] = "blue"
    raised(strict, BARE)
    (found,) = look(strict, KIND, "uploads")
    assert (found.tags["team"], found.fingerprint) == ("blue", found.state.fingerprint)


# ---------------------------------------------------------------------- what S3 is told


def test_a_document_becomes_a_bucket_that_refuses_plain_http_and_lets_logs_in(strict: Scope) -> None:
    parts = build(document(uploads={"logs": {"to": "logs", "prefix": "up/"}}, logs={})).parts()
    raise_all(strict, parts, among=AMONG)
    s3 = strict.client("s3")
    logging = s3.get_bucket_logging(Bucket=strict.bucket_name("uploads"))["LoggingEnabled"]
    assert (logging["TargetBucket"], logging["TargetPrefix"]) == (strict.bucket_name("logs"), "up/")
    policy = json.loads(s3.get_bucket_policy(Bucket=strict.bucket_name("logs"))["Policy"])
    said = {statement["Sid"]: statement for statement in policy["Statement"]}
    assert set(said) == {"TlsOnly", "LogsComeIn"}
    assert said["LogsComeIn"]["Condition"] == {"StringEquals": {"aws:SourceAccount": ["123456789012"]}}
    assert look_and_plan(strict, parts, among=AMONG).settled


def test_a_public_website_can_be_read_by_anybody_and_a_later_change_closes_it(strict: Scope) -> None:
    site = {"website": {"public": True, "spa": True}, "on_removal": "wipe"}
    raise_all(strict, build(document(site=site)).parts(), among=AMONG)
    (found,) = look(strict, KIND, "site")
    assert found.outputs["website"] == f"http://{strict.bucket_name('site')}.s3-website-eu-west-1.amazonaws.com"
    assert (found.state.website.error, found.state.public_policy) == ("index.html", "allowed")
    raise_all(strict, build(document(site={"on_removal": "wipe"})).parts(), among=AMONG)
    (found,) = look(strict, KIND, "site")
    policy = strict.client("s3").get_bucket_policy(Bucket=bucket_of(found.id))["Policy"]
    assert (found.state.website, found.state.public_policy) == (None, "blocked")
    assert "EverybodyReads" not in policy


def test_a_policy_that_is_no_longer_asked_for_is_taken_off_a_bucket_that_stays(strict: Scope) -> None:
    statement = {"Version": "2012-10-17", "Statement": [tls_only()]}
    raised(strict, BARE, BucketPolicy(name="uploads", bucket="bucket/uploads", document=statement))
    raised(strict, BARE)
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        strict.client("s3").get_bucket_policy(Bucket=strict.bucket_name("uploads"))


def test_a_policy_goes_along_with_its_bucket_without_a_call_of_its_own(physics: Physics, strict: Scope) -> None:
    raise_all(strict, build(document(uploads={"on_removal": "wipe"})).parts(), among=AMONG)
    physics.log.clear()
    raised(strict)
    assert [call.name for call in physics.writes()] == ["s3:DeleteBucket"]


def test_a_bucket_is_replicated_by_a_role_that_may_read_the_one_and_write_the_other_and_nothing_else(
    strict: Scope,
) -> None:
    among = (*AMONG, "bucket-replication", "role")
    wiped = {"versioning": True, "on_removal": "wipe"}
    data = document(first=wiped | {"replicate": {"to": "second", "prefix": "in/"}}, second=wiped)
    parts = build(data).parts()
    raise_all(strict, parts, among=among)
    (role,) = look(strict, KINDS["role"], "replication-first")
    first, second = (f"arn:aws:s3:::{strict.bucket_name(name)}" for name in ("first", "second"))
    statements = json.loads(role.state.policies["replicate"])["Statement"]
    assert [statement["Resource"] for statement in statements] == [[first], [f"{first}/*"], [f"{second}/*"]]
    assert "s3.amazonaws.com" in role.state.trust
    (replication,) = look(strict, KINDS["bucket-replication"], "first")
    assert (replication.state.role, replication.state.rules[0].to) == (role.id, second)
    assert look_and_plan(strict, parts, among=among).settled
    raise_all(strict, (), among=among)
    assert look_and_plan(strict, (), among=among).steps == ()


def test_a_second_bucket_in_another_region_is_named_by_its_arn() -> None:
    data = document(first={"versioning": True, "replicate": {"to": "arn:aws:s3:::far"}})
    (part,) = [one for one in build(data).parts() if one.kind == "bucket-replication"]
    assert (part.to, part.needs) == ("arn:aws:s3:::far", ("bucket/first", "role/replication-first"))  # type: ignore[attr-defined]


days = st.integers(1, 300)
moves = st.lists(st.sampled_from(WARMTH), unique=True).map(
    lambda tiers: {tier: 30 * (index + 1) for index, tier in enumerate(sorted(tiers, key=WARMTH.index))}
)
words = st.text("abc/", max_size=4)
rules = st.builds(
    LifecycleRule,
    prefix=words,
    move=moves,
    tags=st.dictionaries(st.sampled_from("ab"), words, max_size=2),
    larger_than=st.none() | st.integers(0, 10),
    smaller_than=st.none() | st.integers(20, 30),
    expire=st.integers(300, 400),
    old_versions=st.none() | st.builds(OldVersions, move=moves, expire=days, keep=st.none() | st.integers(1, 9)),
    enabled=st.booleans(),
)
redirects = st.builds(
    WebRedirect,
    prefix=st.just("a/"),
    error=st.none() | st.integers(400, 599),
    to_prefix=st.none() | words,
    host=st.just("example.com"),
    code=st.sampled_from([301, 302, 307]),
)
sites = st.builds(Website, error=st.none() | st.just("e.html"), redirects=st.lists(redirects, max_size=3).map(tuple))


@given(rule=rules, site=sites)
@settings(max_examples=60, deadline=None)
def test_what_is_sent_reads_back_the_same(rule: LifecycleRule, site: Website) -> None:
    assert lifecycle.told(lifecycle.sent("x", rule)) == rule
    assert website.told(website.sent(site)) == site


origins = st.lists(st.sampled_from(["*", "https://a.example", "https://b.example"]), min_size=1, unique=True).map(tuple)
cors = st.builds(
    CorsRule,
    origins=origins,
    methods=st.lists(st.sampled_from(["GET", "PUT", "HEAD"]), min_size=1, unique=True).map(tuple),
    headers=st.sampled_from([(), ("*",), ("a", "b")]),
    expose=st.sampled_from([(), ("ETag",)]),
    max_age=st.none() | st.integers(0, 9),
)
owners = st.sampled_from(
    [("owner-enforced", "private"), ("owner-preferred", "authenticated-read"), ("object-writer", "log-delivery-write")]
)
made_up = st.builds(
    lambda owner, **fields: Bucket(name="uploads", ownership=owner[0], acl=owner[1], on_removal="wipe", **fields),
    owners,
    versioning=st.booleans(),
    kms_key=st.none() | st.just("alias/ours"),
    bucket_key=st.booleans(),
    public_policy=st.booleans(),
    lifecycle=st.dictionaries(st.sampled_from(["a", "b c"]), rules, max_size=2),
    cors=st.lists(cors, max_size=2).map(tuple),
    website=st.none() | sites,
)


@given(parts=st.lists(made_up, min_size=2, max_size=2))
@settings(
    max_examples=10, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_is_asked_of_a_bucket_in_turn_reads_back_as_asked(strict: Scope, parts: list[Bucket]) -> None:
    for part in parts:
        raised(strict, part)
        assert look_and_plan(strict, (part,), among=AMONG).settled


# ---------------------------------------------------------------------- what doesn't fit


@pytest.mark.parametrize(
    ("bucket", "told"),
    [
        ({"name": "No"}, "buckets.it.name: 'No' isn't of the right form"),
        ({"name": "mine--x-s3"}, "buckets.it.name: 'mine--x-s3' is of a form that AWS reserves"),
        ({"acl": "public-read"}, "buckets.it.acl: ACLs don't count where the owner is enforced"),
        ({"logs": {"to": "it"}}, "buckets.it.logs.to: each log would be logged again"),
        ({"logs": {"to": "logs"}}, "buckets.it.logs.to: there's no bucket logs. Describe it in the section buckets"),
        ({"website": {"spa": True, "error": "e"}}, "buckets.it.website.spa: "),
        ({"website": {}, "tls_only": True}, "buckets.it.tls_only: S3's web server speaks plain HTTP only"),
        ({"website": {"public": True}, "kms_key": "alias/x"}, "buckets.it.kms_key: everybody may read it"),
        ({"replicate": {"to": "it"}, "versioning": True}, "buckets.it.replicate.to: it would be replicated to itself"),
        ({"replicate": {"to": "x"}, "versioning": True}, "buckets.it.replicate.to: there's no bucket x. Describe it"),
        ({"replicate": {"to": "arn:aws:s3:::far"}}, "buckets.it.versioning: only versions are replicated"),
        ({"on_removal": "burn"}, "buckets.it.on_removal: 'burn' isn't one of the choices"),
        ({"lifecycle": {"a": {}}}, "buckets.it.lifecycle.a: should say move, expire"),
        ({"lifecycle": {"a": {"move": {"standard-ia": 7}}}}, "buckets.it.lifecycle.a.move: AWS moves to standard-ia"),
        ({"lifecycle": {"a": {"move": {"glacier": 9}, "expire": 9}}}, "buckets.it.lifecycle.a: expire after 9 days"),
        (
            {"policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*"}]}},
            "buckets.it.policy.Statement[0]: it lets everybody in, which the public access block forbids",
        ),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(bucket: dict[str, Any], told: str) -> None:
    with pytest.raises(Invalid) as raised:
        build(document(it=bucket))
    assert str(raised.value.problems[0]).startswith(told)


def test_a_policy_that_is_none_is_refused_before_anything_is_made(strict: Scope) -> None:
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "read", "Resource": "{bucket}"}]}
    with pytest.raises(Invalid) as raised:
        look_and_plan(strict, build(document(it={"policy": policy})).parts(), among=AMONG)
    told = [str(problem) for problem in raised.value.problems]
    assert told[0].startswith("buckets.it.policy.Statement[0]: should have Principal")
    assert told[1].startswith("buckets.it.policy.Statement[0].Action: 'read' isn't an action")
