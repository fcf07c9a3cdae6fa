"""Asking before a run writes: the plan as an artifact, a pause, and a form for the answer."""

from typing import Any

from prefect.artifacts import create_table_artifact
from prefect.exceptions import FlowPauseTimeout
from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput
from pydantic import Field

from flows.artifacts import show_plan
from tasks.decide import Plan
from tasks.errors import Declined

HOURS = 24  # until nobody's answer is taken for a no
LOOKS_EVERY = 2  # seconds


class Approval(RunInput):
    """The answer to a plan."""

    approve: bool = Field(default=False, description="Whether the plan is to be carried out.")
    why: str = Field(default="", max_length=500, description="The reason, for those who look at it later.")


def approval_of(planned: Plan) -> str:
    """Show a plan and wait for an answer; gives the fingerprint of what was agreed to. Raises Declined.

    Whoever calls this holds no lease: an answer may take a day.
    """
    show_plan(planned)
    form: Any = Approval.with_initial_data(description=_question(planned), approve=False)
    try:
        answer = pause_flow_run(wait_for_input=form, timeout=HOURS * 3600, poll_interval=LOOKS_EVERY)
    except FlowPauseTimeout:
        way_out = "Run it again, and answer in the run's page"
        raise Declined(planned.environment, f"nobody answered within {HOURS} hours", way_out) from None
    row = {"plan": planned.fingerprint, "approved": answer.approve, "why": answer.why}
    create_table_artifact(table=[row], key=f"approval-{planned.environment}", description="The answer to the plan")
    if not answer.approve:
        raise Declined(planned.environment, f"the plan was declined: {answer.why or 'no reason was given'}")
    return planned.fingerprint


def _question(planned: Plan) -> str:
    told = f"**{planned.environment}** in {planned.region}: {planned.summary}. {planned.remark}".rstrip()
    return f"{told}\n\nThe artifact `plan-{planned.environment}` has each step. The plan is {planned.fingerprint}."
