"""Publish one layer, with or without an environment around it."""

from prefect import flow

from blueprints.layers import Library
from blueprints.part import Name
from flows.carry_out import RUNNER, deploy
from tasks.report import Report
from tasks.scope import Scope

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
    scope = Scope(environment, region, account=account)
    return deploy([library.part(name)], ("layer",), scope, f"Deploying layer {name}")
