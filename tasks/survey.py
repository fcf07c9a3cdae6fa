"""Everything that carries an environment's tags, listed in bulk and concurrently, never a call a resource."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from blueprints.part import Lookup, Part
from tasks.decide import Seen
from tasks.delivery.zones import zones_of
from tasks.errors import CastraError, Invalid, Problem, Unreadable, explain
from tasks.expiry import end_of
from tasks.images.provenance import built_images
from tasks.kind import Found, Kind
from tasks.registry import KINDS
from tasks.scope import Scope

WIDTH = 16  # listings at once
T = TypeVar("T")


def survey(scope: Scope, kinds: Iterable[Kind[Any, Any]], parts: Iterable[Part] = ()) -> Seen:
    """What stands, of these kinds, and the answers to the lookups of these parts. Reads only.

    Raises Unreadable with all that couldn't be read, WrongAccount, and Invalid for a lookup without an answer.
    """
    scope.look_afresh()
    _ = scope.account
    kinds, parts = tuple(kinds), tuple(parts)
    listings: list[Callable[[], Any]] = [lambda kind=kind: _listing(scope, kind) for kind in kinds]  # type: ignore[misc]
    *found, answers = _all_of([*listings, lambda: answer(scope, parts)])
    resources = tuple(one for several in found for one in several)
    if scope.environment:  # whatever is made because of this look ends with what stands
        scope.expires = end_of(resources, KINDS) or scope.expires
    return Seen(scope.environment, scope.region, scope.tags, resources, answers)


def look(scope: Scope, kind: Kind[Any, Any], name: str) -> list[Found[Any]]:
    """A fresh look at what stands for one part, without what is retired."""
    scope.look_afresh()
    return [one for one in _listing(scope, kind) if one.name == name and not one.retired]


def answer(scope: Scope, parts: Iterable[Part]) -> dict[str, str]:
    """Each lookup of these parts to what AWS says: SSM parameters ten a call, newest images a call a pattern.

    Images that were built are one call together. The default VPC and its subnets are two. What's built from files asks
    AWS nothing; the account, and what is named by its id, are known. Raises Invalid for what has no answer, or can't be
    built.
    """
    asked = {lookup: part for part in reversed(tuple(parts)) for lookup in part.lookups}
    answers = _asked_of_aws(scope, tuple(asked))
    answers |= {lookup: lookup.removeprefix("id:") for lookup in asked if lookup.startswith("id:")}
    answers |= _all_built({lookup: part for lookup, part in asked.items() if lookup.startswith("built:")})
    missing = [lookup for lookup in asked if lookup not in answers]
    if "default-vpc:" in missing:  # and so no subnet of it
        missing = [lookup for lookup in missing if not lookup.startswith("default-subnet:")]
    if missing:
        places = {lookup: asked[lookup].where or asked[lookup].key for lookup in missing}
        raise Invalid("The blueprint", dict.fromkeys(_unanswered(scope, places[lookup], lookup) for lookup in missing))
    return answers


def resolve(scope: Scope, lookup: Lookup, where: str) -> str:
    """What AWS says to one lookup of no part; `where` is its place in the document. Raises Invalid without answer."""
    if answered := _asked_of_aws(scope, [lookup]).get(lookup):
        return answered
    raise Invalid("The blueprint", [_unanswered(scope, where, lookup)])


def _asked_of_aws(scope: Scope, lookups: Sequence[Lookup]) -> dict[str, str]:
    def of(how: str) -> list[Lookup]:
        return [lookup for lookup in lookups if lookup.startswith(how)]

    answers = _parameters(scope, of("ssm:")) | _newest_images(scope, of("newest-image:"))
    answers |= _defaults(scope, of("default-")) | built_images(scope, of("built-image:")) | zones_of(scope, of("zone:"))
    return answers | ({"account:": scope.account} if "account:" in lookups else {})


def _unanswered(scope: Scope, where: str, lookup: Lookup) -> Problem:
    how, _, what = lookup.partition(":")
    if how == "default-vpc":
        way_out = f"Make one with `aws ec2 create-default-vpc --region {scope.region}`, or describe one by network.cidr"
        return Problem("network.default", f"account {scope.account} has no default VPC in {scope.region}", way_out)
    if how == "default-subnet":
        way_out = f"Make one with `aws ec2 create-default-subnet --availability-zone {what}`, or name other zones"
        return Problem("network.zones", f"the default VPC has no default subnet in {what}", way_out)
    if how == "zone":
        why = f"account {scope.account} has no public hosted zone that {what} is in"
        return Problem(where, why, "Make one in Route 53, and let the domain's registrar name its servers")
    if how == "built-image":
        why = f"no good image {what} is built yet in {scope.region}"
        return Problem(where, why, f"Build it: castra build-image FILE {what}")
    noun = "parameter" if how == "ssm" else "image"
    why = f"there's no {noun} {what} in {scope.region}"
    return Problem(where, why, "Check its name and the region")


def _parameters(scope: Scope, lookups: Sequence[Lookup]) -> dict[str, str]:
    names = [lookup.partition(":")[2] for lookup in lookups]
    answers: dict[str, str] = {}
    for start in range(0, len(names), 10):
        given = scope.client("ssm").get_parameters(Names=names[start : start + 10])["Parameters"]
        answers |= {f"ssm:{parameter['Name']}": parameter["Value"] for parameter in given}
    return answers


def _newest_images(scope: Scope, lookups: Sequence[Lookup]) -> dict[str, str]:
    answers: dict[str, str] = {}
    for lookup in lookups:
        owner, _, pattern = lookup.partition(":")[2].partition("/")
        filters = [{"Name": "name", "Values": [pattern]}, {"Name": "state", "Values": ["available"]}]
        images = list(scope.pages("ec2", "describe_images", "Images", Owners=[owner], Filters=filters))
        if images:
            answers[lookup] = max(images, key=lambda image: (image["CreationDate"], image["ImageId"]))["ImageId"]
    return answers


def _defaults(scope: Scope, lookups: Sequence[Lookup]) -> dict[str, str]:
    """The default VPC, and its subnets by zone."""
    if not lookups:
        return {}
    vpcs = list(scope.pages("ec2", "describe_vpcs", "Vpcs", Filters=[{"Name": "is-default", "Values": ["true"]}]))
    if not vpcs:
        return {}
    filters = [{"Name": "default-for-az", "Values": ["true"]}, {"Name": "vpc-id", "Values": [vpcs[0]["VpcId"]]}]
    subnets = scope.pages("ec2", "describe_subnets", "Subnets", Filters=filters)
    return {"default-vpc:": str(vpcs[0]["VpcId"])} | {
        f"default-subnet:{subnet['AvailabilityZone']}": str(subnet["SubnetId"]) for subnet in subnets
    }


def _all_built(asked: Mapping[Lookup, Part]) -> dict[str, str]:
    """The digest of what is made from files for each of these parts. Raises Invalid with all that can't be."""
    digests: dict[str, str] = {}
    problems: list[Problem] = []
    for lookup, part in asked.items():
        try:
            digests[lookup] = KINDS[part.kind].built(part)
        except Invalid as error:
            problems += error.problems
    if problems:
        raise Invalid("The blueprint", problems)
    return digests


def _listing(scope: Scope, kind: Kind[Any, Any]) -> list[Found[Any]]:
    try:
        return list(kind.owned(scope))
    except (BotoCoreError, ClientError) as error:
        raise explain(error, f"Reading {kind.name}", kind.actions) from error


def _all_of(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """The results of all calls, made concurrently; or one error that tells all that went wrong."""
    with ThreadPoolExecutor(WIDTH, thread_name_prefix="survey") as pool:
        futures = [pool.submit(copy_context().run, call) for call in calls]
    errors = [error for future in futures if (error := future.exception())]
    for error in errors:
        if not isinstance(error, Unreadable):
            raise error
    if errors:
        raise _together([error for error in errors if isinstance(error, CastraError)])
    return [future.result() for future in futures]


def _together(errors: Sequence[CastraError]) -> CastraError:
    """One error for several: the same cause is told once, different ones all."""
    causes = {(error.why, error.way_out): error for error in errors}
    if len(causes) == 1:
        return errors[0]
    whys = "; ".join(why.rstrip(".") for why, _ in causes)
    return Unreadable("Reading AWS", whys, "; ".join(dict.fromkeys(way_out for _, way_out in causes if way_out)))
