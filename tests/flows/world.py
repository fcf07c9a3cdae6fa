"""What tests of flows raise, and how they look at what stands: by Castra's own eyes, and by those of plain clients."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import yaml
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from blueprints.environment import Environment
from blueprints.reading import build, load
from tasks.lease import SECONDS, depot
from tasks.reading import resources
from tasks.scope import PART, Scope
from tests.physics import Physics
from tests.physics.log import Call

ROOT = Path(__file__).parents[2]
WEB = ROOT / "examples" / "web.yaml"
REGION = "eu-west-1"


def web(name: str) -> Environment:
    """The example, under another name."""
    return load(WEB).model_copy(update={"name": name})


def web_document(name: str) -> dict[str, Any]:
    """The same as a document that can stand anywhere."""
    document: dict[str, Any] = yaml.safe_load(WEB.read_text()) | {"name": name}
    for servers in document["servers"].values():
        servers["bootstrap"] = {"file": str(WEB.parent / "bootstrap.sh")}
    return document


def small(name: str, **changes: Any) -> Environment:
    """A network in one zone: nine parts of seven kinds, enough for what holds for any part."""
    return build(small_document(name, **changes))


def small_document(name: str, **changes: Any) -> dict[str, Any]:
    """The same as a document."""
    network = {"cidr": "10.30.0.0/16", "zones": 1, "nat": "one", "endpoints": ["s3"], **changes.pop("network", {})}
    return {"name": name, "region": REGION, "network": network, **changes}


def written(document: dict[str, Any], folder: Path) -> Path:
    """A document in a file of its own."""
    file = folder / f"{document['name']}.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    return file


def scope(name: str) -> Scope:
    """A scope to look at an environment with."""
    return Scope(name, REGION, poll_seconds=0.05)


def standing(name: str) -> list[tuple[str, str]]:
    """All that stands in an environment: each part and its phase."""
    return sorted((one.part, one.phase) for one in resources(scope(name)))


def keys(environment: Environment) -> list[str]:
    """The parts that are asked for."""
    return sorted(part.key for part in environment.parts())


def whole(environment: Environment) -> list[tuple[str, str]]:
    """What stands once all that's asked for does, exactly one of each."""
    return [(key, "standing") for key in keys(environment)]


def ids(name: str) -> dict[str, str]:
    """Each part's id."""
    return {one.part: one.id for one in resources(scope(name))}


def client(service: str) -> Any:
    """A plain client."""
    return boto3.client(service, region_name=REGION)


def witness() -> Counter[str]:
    """How many of each thing there are in the account, whoever made them and whatever tags they carry.

    What AWS makes by itself (default VPCs, subnets and groups, main route tables) isn't counted.
    """
    ec2, scaling, balancing, iam = client("ec2"), client("autoscaling"), client("elbv2"), client("iam")
    vpcs = {one["VpcId"] for one in ec2.describe_vpcs()["Vpcs"] if not one["IsDefault"]}
    tables = [one for one in ec2.describe_route_tables()["RouteTables"] if one["VpcId"] in vpcs]
    balancers = balancing.describe_load_balancers()["LoadBalancers"]
    open_states = ("pending", "available", "deleting")
    counts = {
        "vpc": len(vpcs),
        "subnet": len([one for one in ec2.describe_subnets()["Subnets"] if one["VpcId"] in vpcs]),
        "internet gateway": len(ec2.describe_internet_gateways()["InternetGateways"]),
        "nat gateway": len([one for one in ec2.describe_nat_gateways()["NatGateways"] if one["State"] in open_states]),
        "address": len(ec2.describe_addresses()["Addresses"]),
        "route table": len([one for one in tables if not any(link["Main"] for link in one["Associations"])]),
        "endpoint": len(
            [one for one in ec2.describe_vpc_endpoints()["VpcEndpoints"] if one["State"].lower() in open_states]
        ),
        "security group": len(
            [one for one in ec2.describe_security_groups()["SecurityGroups"] if one["GroupName"] != "default"]
        ),
        "launch template": len(ec2.describe_launch_templates()["LaunchTemplates"]),
        "scaling group": len(scaling.describe_auto_scaling_groups()["AutoScalingGroups"]),
        "tracking": len(scaling.describe_policies()["ScalingPolicies"]),
        "balancer": len(balancers),
        "target group": len(balancing.describe_target_groups()["TargetGroups"]),
        "listener": sum(
            len(balancing.describe_listeners(LoadBalancerArn=one["LoadBalancerArn"])["Listeners"]) for one in balancers
        ),
        "role": len(iam.list_roles(PathPrefix="/castra/")["Roles"]),
        "flow log": len(ec2.describe_flow_logs()["FlowLogs"]),
        "bucket": len([one for one in client("s3").list_buckets()["Buckets"] if "--" in one["Name"]]),
        "image": len(ec2.describe_images(Owners=["self"])["Images"]),
        "copied snapshot": len(ec2.describe_snapshots(Filters=[{"Name": "tag-key", "Values": [PART]}])["Snapshots"]),
        "key pair": len(ec2.describe_key_pairs()["KeyPairs"]),
        "policy": len(iam.list_policies(Scope="Local", PathPrefix="/castra/")["Policies"]),
        "profile": len(iam.list_instance_profiles(PathPrefix="/castra/")["InstanceProfiles"]),
    }
    return +Counter(counts)


def writes(aws: Physics, *, lease: bool = False) -> list[Call]:
    """The emulator's own record of what was written; what only takes and gives back a lease isn't, unless `lease`."""
    leases = depot(DEFAULT_ACCOUNT_ID, REGION)
    return [call for call in aws.writes() if lease or call.service != "s3" or call.params.get("Bucket") != leases]


@contextmanager
def nothing_written(aws: Physics, *, lease: bool = False) -> Iterator[None]:
    """Within, the emulator sees no write. With `lease`, a lease may be taken and given back."""
    before = len(writes(aws, lease=not lease))
    yield
    assert [call.name for call in writes(aws, lease=not lease)[before:]] == []


def age_the_lease(name: str, seconds: float = SECONDS + 5) -> None:
    """Move the time at which S3 says that a lease was last renewed: its clock is the only one that counts."""
    bucket = get_backend("s3")[DEFAULT_ACCOUNT_ID]["aws"].buckets[depot(DEFAULT_ACCOUNT_ID, REGION)]
    lease = bucket.keys.get(f"leases/{name}.json")
    if lease is not None:
        lease.last_modified -= timedelta(seconds=seconds)
