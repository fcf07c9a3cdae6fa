"""What each kind reads back equals what was asked, for states that hypothesis makes: one becomes the next, in place."""

from collections.abc import Mapping
from string import ascii_lowercase
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blueprints.http_apis import Cors, HttpRoute, Throttle
from blueprints.rest_apis import Method
from blueprints.storage import CorsRule, LifecycleRule, OldVersions, WebRedirect, Website
from tasks.scope import Scope
from tests.tasks.rows import ROWS
from tests.tasks.rows.api import API, FUNCTION
from tests.tasks.test_standard_suite import planned, raised

Fields = st.SearchStrategy[dict[str, Any]]
words = st.text(ascii_lowercase, min_size=1, max_size=12)
tiers = st.sampled_from([{}, {"standard-ia": 30}, {"one-zone-ia": 45, "glacier": 80}, {"deep-archive": 1}])
old_versions = st.builds(OldVersions, move=tiers, expire=st.integers(200, 400), keep=st.none() | st.integers(1, 100))
rules = st.builds(
    LifecycleRule,
    prefix=words.map(lambda word: f"{word}/") | st.just(""),
    move=tiers,
    expire=st.integers(500, 36_500),
    old_versions=st.none() | old_versions,
    abort_uploads=st.none() | st.integers(1, 30),
    enabled=st.booleans(),
)
methods = st.lists(st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"]), min_size=1, unique=True).map(tuple)
cors_rules = st.builds(
    CorsRule,
    origins=words.map(lambda word: (f"https://{word}.example.com",)) | st.just(("*",)),
    methods=methods,
    headers=st.sampled_from([(), ("*",), ("x-a", "x-b")]),
    max_age=st.none() | st.integers(0, 86_400),
)
redirects = st.builds(
    WebRedirect, prefix=words, to_prefix=words, code=st.sampled_from([301, 302, 307]), protocol=st.none()
)
websites = st.builds(
    Website,
    error=st.none() | words,
    redirects=st.lists(redirects, max_size=2, unique_by=lambda one: one.prefix).map(tuple),
) | st.builds(Website, redirect_all=st.just("example.com"), redirect_protocol=st.sampled_from([None, "http", "https"]))
throttles = st.builds(Throttle, rate=st.integers(1, 10_000), burst=st.integers(1, 5_000))
paths = st.lists(words, min_size=1, max_size=3, unique=True).map(lambda steps: "/" + "/".join(steps))
keys = st.builds(lambda method, path: f"{method} {path}", st.sampled_from(["GET", "POST", "ANY"]), paths)
routes = st.builds(
    HttpRoute,
    key=keys,
    to=st.sampled_from([FUNCTION, "https://things.example.com/v1"]),
    timeout=st.integers(50, 30_000),
    authorizer=st.sampled_from([None, "iam"]),
)
rest_methods = st.builds(Method, key=keys, to=st.just(FUNCTION), timeout=st.integers(50, 29_000), api_key=st.booleans())
environments = st.dictionaries(words.map(str.upper), st.text(max_size=20).filter(str.isprintable), max_size=4)

STATES: Mapping[str, Fields] = {
    "bucket": st.fixed_dictionaries(
        {
            "versioning": st.just(True),
            "kms_key": st.sampled_from([None, "alias/ours"]),
            "bucket_key": st.booleans(),
            "public_policy": st.booleans(),
            "lifecycle": st.dictionaries(words, rules, max_size=3),
            "cors": st.lists(cors_rules, max_size=3).map(tuple),
            "website": st.none() | websites,
        }
    ),
    "queue": st.fixed_dictionaries(
        {
            "visibility": st.integers(0, 43_200),
            "retention": st.integers(60, 1_209_600),
            "delay": st.integers(0, 900),
            "wait": st.integers(0, 20),
            "tries": st.integers(1, 1000),
        }
    ),
    "log-group": st.fixed_dictionaries({"retention": st.sampled_from([None, 1, 30, 400, 3653])}),
    "function": st.fixed_dictionaries(
        {
            "memory": st.integers(128, 10_240),
            "timeout": st.integers(1, 900),
            "environment": environments,
            "concurrency": st.none() | st.integers(0, 50),
        }
    ),
    "event-rule": st.fixed_dictionaries(
        {"schedule": st.integers(2, 90).map(lambda n: f"rate({n} minutes)") | st.just("cron(0 8 ? * MON-FRI *)")}
    ),
    "event-source": st.fixed_dictionaries(
        {
            "batch": st.integers(1, 10),
            "window": st.integers(0, 300),
            "concurrency": st.none() | st.integers(2, 1000),
            "partial_failures": st.booleans(),
        }
    ),
    "http-api": st.fixed_dictionaries(
        {
            "description": words,
            "default_endpoint": st.booleans(),
            "cors": st.none() | st.builds(Cors, origins=st.just(("*",)), max_age=st.integers(0, 86_400)),
            "routes": st.lists(routes, max_size=4, unique_by=lambda one: one.key).map(tuple),
        }
    ),
    "rest-api": st.fixed_dictionaries(
        {
            "description": words,
            "methods": st.lists(rest_methods, min_size=1, max_size=4, unique_by=lambda one: one.key).map(tuple),
        }
    ),
    "api-stage": st.fixed_dictionaries(
        {
            "throttle": throttles,
            "routes": st.dictionaries(st.sampled_from([one.key for one in API.routes]), throttles, max_size=2),
            "variables": st.dictionaries(words, words, max_size=3),
        }
    ),
}


@pytest.mark.parametrize("kind", STATES)
def test_what_is_read_back_is_what_was_asked_whatever_stood_before(scope: Scope, kind: str) -> None:
    row = ROWS[kind]

    @settings(max_examples=6, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(STATES[kind])
    def becomes(fields: dict[str, Any]) -> None:
        part = type(row.part).model_validate({**dict(row.part), **fields})
        raised(scope, row, part, replace=[part.key])
        assert [(step.part, step.changes) for step in planned(scope, row, part).changes] == []

    becomes()
