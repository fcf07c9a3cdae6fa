"""What each kind reads back equals what was asked, for states that hypothesis makes: one becomes the next, in place."""

from collections.abc import Mapping
from string import ascii_lowercase
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blueprints.http_apis import Cors, HttpRoute, Throttle
from blueprints.rest_apis import Method
from tasks.scope import Scope
from tests.tasks.rows import ROWS
from tests.tasks.rows.api import API, FUNCTION
from tests.tasks.test_standard_suite import planned, raised

Fields = st.SearchStrategy[dict[str, Any]]
words = st.text(ascii_lowercase, min_size=1, max_size=12)
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
