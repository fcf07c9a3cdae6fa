"""What an image is made of, found by its description: a snapshot, an instance, another image."""

from blueprints.environment import Environment
from blueprints.images import BuiltImage
from blueprints.part import Lookup
from tasks.errors import Invalid, Problem
from tasks.images.listing import STANDING
from tasks.images.recipe import Order
from tasks.scope import ENVIRONMENT, PART, Scope
from tasks.survey import resolve


def building_scope(document: Environment) -> Scope:
    """Where a document's images are built: beside all environments."""
    return Scope(None, document.region, account=document.account, role=document.role)


def order_of(scope: Scope, document: Environment, name: str, commit: str = "", again: bool = False) -> Order:
    """The order for an image of a document, with its base as AWS tells it now.

    Raises Invalid where there's no such image or base, and for an image that is a part of the environment.
    """
    image = document.images.get(name)
    if image is None or image.is_part:
        why = "there's no such image" if image is None else "it is a part of the environment"
        others = ", ".join(document.images) or "none"
        way_out = (
            f"There are: {others}" if image is None else "Raise it with `castra up`, or say `numbered: true` of it"
        )
        raise Invalid("build-image", [Problem(f"images.{name}", why, way_out)])
    return Order(name, image, _base(scope, name, image, document.name), document.all_tags, commit, again)


def _base(scope: Scope, name: str, image: BuiltImage, environment: str) -> str:
    if image.from_snapshot is not None:
        return image.from_snapshot.snapshot
    if image.from_instance is not None:
        return _instance(scope, f"images.{name}.from_instance", image.from_instance.instance, environment)
    assert image.bake is not None
    base = image.bake.base
    named = Lookup(f"built-image:{base.built}") if base.built else base.reference()
    return resolve(scope, named, f"images.{name}.bake.base") if isinstance(named, Lookup) else named


def _instance(scope: Scope, where: str, named: str, environment: str) -> str:
    """The id of an instance: its own, or that of the environment's of this name."""
    if named.startswith("i-"):
        return named
    filters = [
        {"Name": f"tag:{ENVIRONMENT}", "Values": [environment]},
        {"Name": f"tag:{PART}", "Values": [f"instance/{named}"]},
        {"Name": "instance-state-name", "Values": STANDING},
    ]
    told = scope.pages("ec2", "describe_instances", "Reservations", Filters=filters)
    found = [str(instance["InstanceId"]) for reservation in told for instance in reservation["Instances"]]
    if len(found) != 1:
        why = f"{len(found) or 'no'} instances {named} stand in {environment}"
        raise Invalid("The blueprint", [Problem(where, why, "Raise it, or name an instance by its id")])
    return found[0]
