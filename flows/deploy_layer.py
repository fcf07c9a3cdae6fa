"""Publish one layer, with or without an environment around it."""

import time

from prefect import flow

from blueprints.layers import Library
from blueprints.part import Name
from flows.artifacts import show_plan, show_result, this_run
from flows.carry_out import RUNNER, carry_out
from tasks.decide import outputs
from tasks.lease import lease
from tasks.reading import plan_beside
from tasks.registry import KINDS
from tasks.report import Report, report_on
from tasks.retry import counted
from tasks.scope import Scope
from tasks.survey import look

SHARED = "shared"


@flow(name="deploy-layer", flow_run_name="deploy layer {name}", task_runner=RUNNER)
def deploy_layer(
    name: Name, library: Library, region: str, environment: Name = SHARED, account: str | None = None
) -> Report:
    """Publish a layer, if what comes out differs from its newest version. All else of its environment is left alone.

    The report's output `layer/<name>.arn` is the version to give to functions.

    Args:
        name: The layer's name.
        library: What it is made from: packages, a requirements file, or a folder. Paths are the worker's.
        region: Where it is published, such as `eu-west-1`.
        environment: Whose it is. If a blueprint has that name, the layer should stand in it, or is pruned by its `up`.
        account: If given, checked against the credentials before anything is done.
    """
    started, scope = time.monotonic(), Scope(environment, region, account=account)
    part = library.part(name)
    with lease(scope, this_run()), counted() as retries:
        planned = plan_beside([part], scope)
        show_plan(planned)
        outcomes = carry_out(planned, scope, f"Deploying layer {name}")
        report = report_on(
            planned,
            scope.calls.summary(),
            outcomes=tuple(outcomes),
            outputs=outputs(look(scope, KINDS[part.kind], name)),
            seconds=round(time.monotonic() - started, 3),
            retries=retries.summary,
        )
    show_result(report)
    return report
