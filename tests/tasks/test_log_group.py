"""What is particular to log groups: they may outlive their environment, and it takes them on again."""

import pytest

from blueprints.log_groups import LogGroup
from tasks.errors import CastraError
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all

KIND = KINDS["log-group"]
KEPT = LogGroup(name="jobs")


def test_one_that_is_kept_stays_at_a_strike_which_says_so_and_is_taken_on_again(scope: Scope) -> None:
    raise_all(scope, [KEPT])
    (found,) = look(scope, KIND, "jobs")
    name = f"/castra/{scope.environment}/jobs"
    scope.client("logs").create_log_stream(logGroupName=name, logStreamName="said")
    (step,) = raise_all(scope, ()).steps
    assert step.because == f"the environment is struck; the log group {name} with what's in it stays"
    assert look(scope, KIND, "jobs") == []
    raise_all(scope, [KEPT.model_copy(update={"retention": 7})])
    (again,) = look(scope, KIND, "jobs")
    assert (again.id, again.state.retention) == (found.id, 7)
    assert scope.client("logs").describe_log_streams(logGroupName=name)["logStreams"][0]["logStreamName"] == "said"
    assert look_and_plan(scope, [KEPT.model_copy(update={"retention": 7})]).settled


def test_one_with_anothers_tags_is_named_and_left_alone(scope: Scope) -> None:
    tags = {"castra:environment": "another", "castra:part": "log-group/jobs"}
    scope.client("logs").create_log_group(logGroupName=f"/castra/{scope.environment}/jobs", tags=tags)
    with pytest.raises(CastraError, match="carries the tags of another part"):
        raise_all(scope, [KEPT])
    assert look(scope, KIND, "jobs") == []
