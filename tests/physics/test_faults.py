"""Bad luck: each kind as a bare client meets it."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.physics import Physics
from tests.physics.builds import Builds, code_of
from tests.physics.profile import TIMES, load


@contextmanager
def weather(**settings: object) -> Iterator[Builds]:
    """A calm emulator with some settings changed."""
    with Physics("calm", **settings) as aws:
        yield Builds(aws)


def outcomes(make: Builds, method: str, times: int, service: str = "ec2", **asked: object) -> Counter[str]:
    """What a call ends in, that many times."""
    found: Counter[str] = Counter()
    for _ in range(times):
        try:
            getattr(getattr(make, service), method)(**asked)
            found["ok"] += 1
        except ClientError as error:
            found[error.response["Error"]["Code"]] += 1
        except BotoCoreError as error:
            found[type(error).__name__] += 1
    return found


@pytest.mark.parametrize(
    ("service", "method", "size", "code", "status"),
    [
        ("ec2", "describe_vpcs", 50, "RequestLimitExceeded", 503),
        ("autoscaling", "describe_auto_scaling_groups", 10, "Throttling", 400),
        ("iam", "list_roles", 10, "Throttling", 400),
        ("elbv2", "describe_load_balancers", 40, "Throttling", 400),
        ("lambda", "list_functions", 15, "TooManyRequestsException", 429),
        ("apigateway", "get_rest_apis", 40, "TooManyRequestsException", 429),
    ],
)
def test_an_empty_bucket_throttles_in_the_services_own_words(
    service: str, method: str, size: int, code: str, status: int
) -> None:
    with weather(throttle=True, scale=0.0) as make:
        assert outcomes(make, method, size + 1, service) == {"ok": size, code: 1}
        with pytest.raises(ClientError) as caught:
            getattr(getattr(make, service), method)()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_bucket_fills_again_with_time() -> None:
    with weather(throttle=True, scale=0.0) as make:
        assert outcomes(make, "list_roles", 11, "iam")["Throttling"] == 1
        make.aws.advance(1)
        assert outcomes(make, "list_roles", 6, "iam") == {"ok": 5, "Throttling": 1}


def test_filtered_reads_have_the_larger_bucket() -> None:
    with weather(throttle=True, scale=0.0) as make:
        mine = [{"Name": "tag:a", "Values": ["b"]}]
        assert outcomes(make, "describe_vpcs", 101, Filters=mine) == {"ok": 100, "RequestLimitExceeded": 1}


def test_launches_draw_from_a_bucket_of_five() -> None:
    with weather(throttle=True, scale=0.0) as make:
        asked = {"ImageId": make.image(), "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
        assert outcomes(make, "run_instances", 6, **asked) == {"ok": 5, "RequestLimitExceeded": 1}


def test_botocore_recognises_throttling_and_server_errors_and_retries() -> None:
    with weather() as make:
        patient = make.aws.client("ec2", retries={"mode": "standard", "total_max_attempts": 3})
        make.aws.rule("DescribeVpcs", "throttle", nth=1)
        make.aws.rule("DescribeVpcs", "error:InternalError:500", nth=2)
        assert patient.describe_vpcs()["Vpcs"]
        assert [call.outcome for call in make.aws.log.calls] == ["RequestLimitExceeded", "InternalError", "ok"]


def test_server_errors_leave_no_effect() -> None:
    with weather(rates={"error": 1.0}) as make:
        assert outcomes(make, "create_vpc", 2, CidrBlock="10.0.0.0/16") == {"InternalError": 2}
        assert standing(make) == 0


def test_dropped_connections_leave_no_effect() -> None:
    with weather(rates={"drop": 1.0}) as make:
        assert outcomes(make, "create_vpc", 2, CidrBlock="10.0.0.0/16") == {"ConnectionClosedError": 2}
        assert standing(make) == 0


def test_lost_answers_leave_their_effect() -> None:
    with weather(rates={"lose": 1.0}) as make:
        assert outcomes(make, "create_vpc", 2, CidrBlock="10.0.0.0/16") == {"ConnectionClosedError": 2}
        assert standing(make) == 2
        assert [call.outcome for call in make.aws.writes()] == ["lost", "lost"]


def standing(make: Builds) -> int:
    """How many VPCs were made, seen behind the weather."""
    from moto.ec2.models import ec2_backends

    return len(ec2_backends["123456789012"]["us-east-1"].vpcs) - 1


def test_botocores_own_retries_double_what_has_no_token() -> None:
    with weather() as make:
        eager = make.aws.client("ec2", retries={"mode": "standard", "total_max_attempts": 2})
        make.aws.rule("CreateVpc", "lose-answer", nth=1)
        eager.create_vpc(CidrBlock="10.0.0.0/16")
        assert standing(make) == 2


def test_the_same_seed_gives_the_same_luck() -> None:
    def luck(seed: int) -> list[str]:
        with Physics("calm", seed=seed, rates={"error": 0.5}) as aws:
            outcomes(Builds(aws), "describe_vpcs", 12)
            return [call.outcome for call in aws.log.calls]

    assert luck(1) == luck(1) != luck(2)


def test_new_things_are_unseen_for_a_while() -> None:
    with weather(hidden={"ec2": [5, 5]}) as make:
        vpc = make.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        assert code_of(make.ec2.describe_vpcs, VpcIds=[vpc]) == "InvalidVpcID.NotFound"
        assert vpc not in [each["VpcId"] for each in make.ec2.describe_vpcs()["Vpcs"]]
        make.aws.advance(6)
        assert make.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["VpcId"] == vpc


@pytest.mark.parametrize("kind", ["subnet", "group", "instance", "nat", "template"])
def test_each_kind_is_unseen_by_its_id(kind: str) -> None:
    reads = {
        "subnet": ("describe_subnets", "SubnetIds", "InvalidSubnetID.NotFound"),
        "group": ("describe_security_groups", "GroupIds", "InvalidGroup.NotFound"),
        "instance": ("describe_instances", "InstanceIds", "InvalidInstanceID.NotFound"),
        "nat": ("describe_nat_gateways", "NatGatewayIds", "NatGatewayNotFound"),
        "template": ("describe_launch_templates", "LaunchTemplateIds", "InvalidLaunchTemplateId.NotFound"),
    }
    with weather(hidden={"ec2": [5, 5]}) as make:
        vpc = make.vpc()
        subnet = make.subnet(vpc)
        made = {
            "subnet": lambda: subnet,
            "group": lambda: make.group(vpc),
            "instance": lambda: make.instance(subnet),
            "nat": lambda: make.nat(subnet)[0],
            "template": lambda: make.template(),
        }[kind]()
        method, argument, code = reads[kind]
        assert code_of(getattr(make.ec2, method), **{argument: [made]}) == code
        make.aws.advance(6)
        assert made in str(getattr(make.ec2, method)(**{argument: [made]}))


def test_a_new_instance_profile_is_unknown_to_scaling_groups_and_a_reused_name_for_less_long() -> None:
    with weather(hidden={"instance_profile": [8, 8], "instance_profile_again": [2, 2]}) as make:
        subnet = make.subnet(make.vpc())
        template = make.template(IamInstanceProfile={"Name": "app"})
        create = make.autoscaling.create_auto_scaling_group
        asked = {"AutoScalingGroupName": "web", "MinSize": 0, "MaxSize": 1, "VPCZoneIdentifier": subnet}
        asked["LaunchTemplate"] = {"LaunchTemplateId": template}
        for seconds in (8, 2):
            make.iam.create_instance_profile(InstanceProfileName="app")
            with pytest.raises(ClientError, match="Invalid IAM Instance Profile name"):
                create(**asked)
            make.aws.advance(seconds + 0.1)
            create(**asked)
            make.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="web")
            make.iam.delete_instance_profile(InstanceProfileName="app")


def test_a_new_role_cannot_be_assumed_by_lambda_yet() -> None:
    with weather(hidden={"role": [8, 8]}) as make:
        role = make.role(service="lambda.amazonaws.com")
        asked = {"FunctionName": "f", "Runtime": "python3.12", "Handler": "app.handler", "Role": role}
        functions = getattr(make, "lambda")
        refused = code_of(functions.create_function, **asked, Code={"ZipFile": b"PK\x05\x06" + b"\x00" * 18})
        assert refused == "InvalidParameterValueException"
        make.aws.advance(9)
        assert functions.create_function(**asked, Code={"ZipFile": b"PK\x05\x06" + b"\x00" * 18})["FunctionName"] == "f"


def test_a_role_that_does_not_trust_lambda_is_refused() -> None:
    with weather() as make:
        asked = {"FunctionName": "f", "Runtime": "python3.12", "Handler": "app.handler", "Role": make.role()}
        refused = code_of(getattr(make, "lambda").create_function, **asked, Code={"ZipFile": b"PK"})
        assert refused == "InvalidParameterValueException"


@pytest.mark.parametrize("name", ["office", "storm"])
def test_harsh_profiles_time_all_that_takes_time(name: str) -> None:
    assert set(load(name).times) == TIMES


def test_a_profile_with_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing is called nat_avaliable"):
        Physics("calm", times={"nat_avaliable": 90})


def test_what_is_looked_for_before_it_is_made_survives_the_storm() -> None:
    with Physics("storm", seed=3, scale=2000.0) as aws:
        ec2 = aws.client("ec2", retries={"mode": "adaptive", "total_max_attempts": 10})
        with ThreadPoolExecutor(4) as pool:
            tables = list(pool.map(lambda number: patient_vpc(ec2, number), range(4)))
        assert len(set(tables)) == 4
        assert {"ok"} < set(aws.outcomes())


def patient_vpc(ec2: object, number: int) -> str:
    """Make a VPC with one tag, however often the answer is lost; look for it first."""
    mine = [{"Key": "number", "Value": str(number)}]
    tags = [{"ResourceType": "vpc", "Tags": mine}]
    for _ in range(200):
        try:
            found = ec2.describe_vpcs(Filters=[{"Name": "tag:number", "Values": [str(number)]}])["Vpcs"]  # type: ignore[attr-defined]
            if found:
                return str(found[0]["VpcId"])
            ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)  # type: ignore[attr-defined]
        except (ClientError, BotoCoreError):
            time.sleep(0.01)
    raise AssertionError("never seen")
