"""`make demo`: the main job from beginning to end, on an emulated AWS on this machine, with nothing to set up.

Every step is a `castra` command that you could type; what is done behind its back is done with boto3.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from rich.console import Console

from tests.physics.process import client_settings, emulator

HERE = Path(__file__).parent
BLUEPRINT = HERE / "web.yaml"
REGION = "eu-west-1"
CASTRA = [str(Path(sys.executable).parent / "castra")]
screen = Console(soft_wrap=True)


def main() -> int:
    """Run it all; 0 if every step ended as it should."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="castra-demo-") as folder, emulator() as url, prefect_home(folder):
        os.environ.update(client_settings(url, REGION))
        subprocess.Popen([*CASTRA, "console"], stdout=subprocess.DEVNULL)  # its first start makes a database
        other = second_blueprint(Path(folder))
        chapter("A plan: what would be done. It only reads")
        castra("plan", BLUEPRINT)
        chapter("Raise it")
        castra("up", BLUEPRINT, "--yes")
        chapter("Again: nothing to do, and nothing is written")
        castra("up", BLUEPRINT, "--yes")
        chapter("Somebody opens SSH to the world, by hand; the drift is found, and mended")
        open_ssh_to_the_world("web")
        castra("drift", BLUEPRINT, expect=3)
        castra("up", BLUEPRINT, "--yes")
        chapter("A second environment; its raising is killed midway (SIGKILL), and run again")
        kill_midway(other, after=12)
        castra("show", "web-two", "--region", REGION)
        castra("up", other, "--yes")
        castra("drift", other)
        chapter("Strike both: only a name and a region are needed")
        castra("list", "--region", REGION)
        castra("down", "web", "--region", REGION, "--yes")
        castra("down", "web-two", "--region", REGION, "--yes")
        chapter("The proof: what AWS itself still lists")
        left = what_is_left()
        for line in left:
            screen.print(f"  {line}")
        screen.print(f"[bold]{len(left)} resources left[/bold] ({time.monotonic() - started:.0f} s in all)")
        return 1 if left else 0


def chapter(title: str) -> None:
    """A headline."""
    screen.rule(f"[bold]{title}", align="left")


def castra(*arguments: object, expect: int = 0) -> None:
    """Run castra as a person would, and stop the demo if it doesn't end as expected."""
    words = [str(argument) for argument in arguments]
    screen.print(f"$ castra {' '.join(words)}", style="bold cyan", highlight=False)
    sys.stdout.flush()
    code = subprocess.run([*CASTRA, *words], check=False).returncode
    if code != expect:
        raise SystemExit(f"castra {words[0]} ended with {code}, not {expect}")


@contextmanager
def prefect_home(folder: str) -> Iterator[None]:
    """A home for Prefect's server that is thrown away; a person's own lasts."""
    os.environ["PREFECT_HOME"] = f"{folder}/prefect"
    os.environ.pop("PREFECT_API_URL", None)
    try:
        yield
    finally:
        subprocess.run([*CASTRA, "console", "--stop"], check=False, stdout=subprocess.DEVNULL)


def second_blueprint(folder: Path) -> Path:
    """The same environment under another name."""
    shutil.copy(HERE / "bootstrap.sh", folder)
    other = folder / "web-two.yaml"
    other.write_text(BLUEPRINT.read_text().replace("name: web\n", "name: web-two\n"))
    return other


def client(service: str) -> Any:
    """A plain boto3 client."""
    return boto3.client(service, region_name=REGION)


def open_ssh_to_the_world(name: str) -> None:
    """What people do in the console at three in the morning."""
    ec2 = client("ec2")
    tags = [
        {"Name": "tag:castra:environment", "Values": [name]},
        {"Name": "tag:castra:part", "Values": ["security-group/servers-app"]},
    ]
    group = ec2.describe_security_groups(Filters=tags)["SecurityGroups"][0]["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0")
    screen.print(f"  aws ec2 authorize-security-group-ingress --group-id {group} --port 22 --cidr 0.0.0.0/0 ...")


def kill_midway(blueprint: Path, after: int) -> None:
    """Raise it in a process of its own, and kill that when so many steps are done."""
    words = ["up", str(blueprint), "--yes"]
    screen.print(f"$ castra {' '.join(words)}", style="bold cyan", highlight=False)
    process = subprocess.Popen([*CASTRA, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    done = 0
    for line in process.stderr:
        screen.print(line.rstrip(), highlight=False, markup=False)
        done += line.startswith("  done     create")
        if done == after:
            process.send_signal(signal.SIGKILL)
            break
    process.wait()
    screen.print(f"  killed after {done} steps", style="bold red")


def what_is_left() -> list[str]:
    """All that still carries Castra's tag, and whatever stands of the kinds without a tag filter, by plain clients."""
    ec2, tag = client("ec2"), {"Name": "tag-key", "Values": ["castra:environment"]}
    # Instances, NAT gateways and endpoints that have ended are still listed for a while.
    alive = {"Name": "instance-state-name", "Values": ["pending", "running", "shutting-down", "stopping", "stopped"]}
    open_gateways = {"Name": "state", "Values": ["pending", "available", "deleting"]}
    open_endpoints = {"Name": "vpc-endpoint-state", "Values": ["pending", "available", "deleting"]}
    reservations = ec2.describe_instances(Filters=[tag, alive])["Reservations"]
    listings = {
        "VpcId": ec2.describe_vpcs(Filters=[tag])["Vpcs"],
        "SubnetId": ec2.describe_subnets(Filters=[tag])["Subnets"],
        "InternetGatewayId": ec2.describe_internet_gateways(Filters=[tag])["InternetGateways"],
        "NatGatewayId": ec2.describe_nat_gateways(Filters=[tag, open_gateways])["NatGateways"],
        "AllocationId": ec2.describe_addresses(Filters=[tag])["Addresses"],
        "RouteTableId": ec2.describe_route_tables(Filters=[tag])["RouteTables"],
        "VpcEndpointId": ec2.describe_vpc_endpoints(Filters=[tag, open_endpoints])["VpcEndpoints"],
        "GroupId": ec2.describe_security_groups(Filters=[tag])["SecurityGroups"],
        "LaunchTemplateId": ec2.describe_launch_templates(Filters=[tag])["LaunchTemplates"],
        "InstanceId": [instance for one in reservations for instance in one["Instances"]],
        "VolumeId": ec2.describe_volumes(Filters=[tag])["Volumes"],
        "AutoScalingGroupName": client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"],
        "LoadBalancerArn": client("elbv2").describe_load_balancers()["LoadBalancers"],
        "TargetGroupArn": client("elbv2").describe_target_groups()["TargetGroups"],
        "RoleName": client("iam").list_roles(PathPrefix="/castra/")["Roles"],
        "InstanceProfileName": client("iam").list_instance_profiles(PathPrefix="/castra/")["InstanceProfiles"],
    }
    return [str(one[key]) for key, several in listings.items() for one in several]


if __name__ == "__main__":
    raise SystemExit(main())
