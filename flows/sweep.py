"""Start a verb for every environment of a folder, each in a run of its own, and wait until all have ended."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import BoundedSemaphore
from typing import Annotated, Any, Literal

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.runtime import flow_run
from pydantic import BaseModel, Field

from blueprints.environment import Environment
from blueprints.problem import Invalid, Problem
from blueprints.reading import load
from blueprints.retiring import Retiring
from flows.carry_out import RUNNER, Submitted, settle
from flows.forms import Region, Role
from tasks.errors import CastraError

Verb = Literal[
    "back-up", "copy-backups", "prune-backups", "prove-backups", "rotate-image", "retire-images", "drift", "spin-up"
]
CONCERNED: Mapping[Verb, Callable[[Environment], bool]] = {
    "back-up": lambda environment: bool(environment.backups),
    "copy-backups": lambda environment: any(policy.copies for policy in environment.backups.values()),
    "prune-backups": lambda environment: bool(environment.backups),
    "prove-backups": lambda environment: any(policy.prove for policy in environment.backups.values()),
    "rotate-image": lambda environment: bool(environment.servers),
    "retire-images": lambda environment: Retiring().of(environment.images) is not None,
    "drift": lambda environment: True,
    "spin-up": lambda environment: True,
}
"""Whether an environment has anything to do with a verb."""

AT_ONCE = 20
"""How many runs of a sweep may be under way."""


class Place(BaseModel):
    """An account and a region in which the environments are, instead of the one that their documents name."""

    region: Annotated[Region, Field(description="Such as `eu-west-1`.")]
    role: Annotated[Role, Field(description="ARN of a role to be assumed there.")] = ""


class Swept(BaseModel):
    """The runs that were started, by environment and place, and how each ended."""

    verb: Verb
    ended: dict[str, str]


@flow(name="sweep", flow_run_name="{verb} in {folder}", task_runner=RUNNER)
def sweep(
    verb: Verb,
    folder: str = "deployments/environments",
    places: Sequence[Place] = (),
    at_once: Annotated[int, Field(ge=1)] = AT_ONCE,
) -> Swept:
    """Start a verb for each blueprint of a folder that it concerns, each in a run of its own, and wait for them.

    The runs are the verb's deployment's, so that the workers share them. One that fails holds up no other.

    Args:
        verb: The verb; its deployment is `<verb>/castra`.
        folder: Where the blueprints are, as the worker sees it.
        places: Regions and accounts; each blueprint is swept in each of them. Where its document says, if not given.
        at_once: How many of the runs may be under way; the next is started once one has ended.
    """
    turns = BoundedSemaphore(at_once)
    wanted = environments_in(Path(folder), verb, places)
    submitted = Submitted()
    for label, environment in wanted.items():
        submitted.steps[label] = _run.submit(verb, label, environment, turns, return_state=False)
    settle(submitted, f"{verb} in {folder}")
    return Swept(verb=verb, ended={label: future.result() for label, future in submitted.steps.items()})


def environments_in(folder: Path, verb: Verb, places: Sequence[Place] = ()) -> dict[str, Environment]:
    """The environments of a folder that a verb concerns, by a name for each. Raises Invalid for what can't be read."""
    if not folder.is_dir():
        raise Invalid("sweep", [Problem("folder", f"there's no folder {folder}", "Name one that the worker has")])
    documents = [load(file) for file in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])]
    concerned = [one for one in documents if CONCERNED[verb](one)]
    there = [_in_place(one, place) for one in concerned for place in places] if places else concerned
    return {_label(one): one for one in there}


def _in_place(environment: Environment, place: Place) -> Environment:
    """The same document, somewhere else; an account that it names is that of its own place."""
    return environment.model_copy(update={"region": place.region, "role": place.role or None, "account": None})


def _label(environment: Environment) -> str:
    account = f" as {environment.role}" if environment.role else ""
    return f"{environment.name} in {environment.region}{account}"


@task(name="run", task_run_name="{verb} {label}", cache_policy=NO_CACHE)
def _run(verb: Verb, label: str, environment: Environment, turns: BoundedSemaphore) -> str:
    """Run the verb's deployment for one environment, once for each sweep, however often this is tried."""
    document = environment.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    with turns:
        ended: Any = run_deployment(
            f"{verb}/castra",
            parameters={"blueprint": document},
            idempotency_key=f"{flow_run.id} {label}",
            poll_interval=2,
        )
    return _outcome(ended, label)


def _outcome(ended: FlowRun, label: str) -> str:
    state = ended.state
    if state is None or not state.is_completed():
        told = f"{str(state.name).lower()}: {state.message or ''}" if state else "without a state"
        raise CastraError(label, f"{ended.name} ended {told}".rstrip(": "), "Mend the cause, and run it again")
    return str(state.name)
