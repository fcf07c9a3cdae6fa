"""Publish one layer, with or without an environment around it."""

from typing import Any

from prefect import flow
from pydantic import ValidationError

from blueprints.layers import Architecture, Library, Requirement, Runtime
from blueprints.part import Name
from blueprints.problem import Invalid
from blueprints.wording import all_in_words
from flows.carry_out import RUNNER, deploy
from flows.forms import Account, Region
from tasks.report import Report
from tasks.scope import Scope

SHARED = "shared"


@flow(name="deploy-layer", flow_run_name="deploy layer {name}", task_runner=RUNNER)
def deploy_layer(
    name: Name,
    region: Region,
    packages: tuple[Requirement, ...] = (),
    requirements: str = "",
    folder: str = "",
    runtimes: tuple[Runtime, ...] = ("python3.13",),
    architectures: tuple[Architecture, ...] = ("x86_64",),
    environment: Name = SHARED,
    account: Account = "",
) -> Report:
    """Publish a layer, if what comes out differs from its newest version. All else of its environment is left alone.

    The report's output `layer/<name>.arn` is the version to give to functions.

    Args:
        name: The layer's name.
        region: Where it is published, such as `eu-west-1`.
        packages: What it is made from, such as requests==2.32.5; or one of the next two instead.
        requirements: Path of a requirements file, as the worker sees it.
        folder: Path of a folder that is taken as it is, as the worker sees it.
        runtimes: Runtimes that it is for, as Lambda names them.
        architectures: Processors that it is for.
        environment: Whose it is. If a blueprint has that name, the layer should stand in it, or is pruned by its `up`.
        account: If given, checked against the credentials before anything is done.
    """
    made_from = {"packages": packages, "requirements": requirements or None, "folder": folder or None}
    library = _library(made_from | {"runtimes": runtimes, "architectures": architectures})
    scope = Scope(environment, region, account=account)
    return deploy([library.part(name)], ("layer",), scope, f"Deploying layer {name}")


def _library(made_from: dict[str, Any]) -> Library:
    try:
        return Library(**made_from)
    except ValidationError as error:
        raise Invalid("deploy-layer", all_in_words(error, made_from, Library)) from None
