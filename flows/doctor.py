"""What a raising would stumble over, before it. Writes nothing in AWS."""

from prefect import flow

from flows.artifacts import show_health
from flows.forms import Blueprint
from tasks.doctor.examining import examine
from tasks.doctor.finding import Health
from tasks.reading import scope_of


@flow(name="doctor", flow_run_name="doctor of {blueprint.name}")
def doctor(blueprint: Blueprint) -> Health:
    """Tell before a raising what it lacks: credentials, services, quotas, permissions. Writes nothing in AWS.

    Args:
        blueprint: The environment that is wanted: YAML, or the path of its file, such as examples/web.yaml.
    """
    health = examine(blueprint, scope_of(blueprint))
    show_health(health)
    return health
