"""All sections of a document, from what stands."""

from tasks.exporting.apis import api_domains, apis
from tasks.exporting.balancers import balancers
from tasks.exporting.buckets import buckets
from tasks.exporting.data import caches, databases
from tasks.exporting.files import Pages
from tasks.exporting.functions import functions, layers
from tasks.exporting.instances import instances
from tasks.exporting.kept import parameters, secrets
from tasks.exporting.machines import images
from tasks.exporting.network import network
from tasks.exporting.others import key_pairs, policies, queues
from tasks.exporting.people import people
from tasks.exporting.servers import servers
from tasks.exporting.sites import sites
from tasks.exporting.standing import Section, Standing
from tasks.exporting.told import alarms, topics
from tasks.scope import Scope


def sections(standing: Standing, scope: Scope, beside: str, pages: Pages) -> Section:
    """Those that have something in them. `beside` is the folder that files lie in, `pages` what is said of sites'."""
    zones = _default_zones(standing, scope)
    tags = standing.own_tags()
    owner, purpose = tags.pop("owner", None), tags.pop("purpose", None)
    told = {
        "name": str(scope.environment),
        "region": scope.region,
        "owner": owner,
        "purpose": purpose,
        "tags": tags,
        "network": network(standing, zones),
        "policies": policies(standing),
        "people": people(standing),
        "key_pairs": key_pairs(standing),
        "images": images(standing),
        "secrets": secrets(standing),
        "parameters": parameters(standing),
        "queues": queues(standing),
        "buckets": buckets(standing),
        "databases": databases(standing),
        "caches": caches(standing),
        "layers": layers(standing, beside),
        "functions": functions(standing, beside),
        "apis": apis(standing),
        "api_domains": api_domains(standing),
        "sites": sites(standing, beside, pages),
        "balancers": balancers(standing),
        "servers": servers(standing, zones),
        "instances": instances(standing, zones),
        "topics": topics(standing),
        "alarms": alarms(standing),
    }
    return {section: value for section, value in told.items() if value}


def _default_zones(standing: Standing, scope: Scope) -> dict[str, str]:
    """The zones of subnets that aren't the environment's, by id: in the default VPC, say."""
    if standing.of("vpc"):
        return {}
    groups, balancing = standing.of("scaling-group").values(), ("load-balancer", "classic-balancer")
    named = {subnet for one in groups for subnet in one.state.subnets}
    named |= {subnet for kind in balancing for one in standing.of(kind).values() for subnet in one.state.subnets}
    named |= {one.state.subnet for one in standing.of("instance").values()}
    named |= {subnet for one in standing.of("interface-endpoint").values() for subnet in one.state.subnets}
    if not named:
        return {}
    told = scope.ec2.describe_subnets(SubnetIds=sorted(named))["Subnets"]
    return {one["SubnetId"]: one["AvailabilityZone"] for one in told}
