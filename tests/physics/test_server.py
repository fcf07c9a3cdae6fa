"""The emulator itself: the log, the rules, the reset, the process."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from contextlib import nullcontext
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from tests.physics import Physics
from tests.physics.builds import Builds, code_of


def test_log_tells_number_operation_parameters_and_outcome(make: Builds, aws: Physics) -> None:
    vpc = make.vpc(gateway=False)
    code_of(make.ec2.create_subnet, VpcId=vpc, CidrBlock="192.168.0.0/24")
    make.s3.create_bucket(Bucket="site")
    make.s3.put_object(Bucket="site", Key="a/b", Body=b"x", IfNoneMatch="*")
    make.autoscaling.describe_auto_scaling_groups()
    told = [(call.number, call.name, call.write, call.outcome) for call in aws.log.calls]
    assert told == [
        (1, "ec2:CreateVpc", True, "ok"),
        (2, "ec2:CreateSubnet", True, "InvalidSubnet.Range"),
        (3, "s3:CreateBucket", True, "ok"),
        (4, "s3:PutObject", True, "ok"),
        (5, "autoscaling:DescribeAutoScalingGroups", False, "ok"),
    ]
    assert aws.log.calls[1].params["VpcId"] == vpc
    assert aws.log.calls[3].params == {"Bucket": "site", "Key": "a/b"}
    assert [call.operation for call in aws.writes()] == ["CreateVpc", "CreateSubnet", "CreateBucket", "PutObject"]
    assert aws.counts()["ec2:CreateVpc"] == 1


@pytest.mark.parametrize(
    ("service", "method", "name"),
    [
        ("elb", "describe_load_balancers", "elb:DescribeLoadBalancers"),
        ("elbv2", "describe_load_balancers", "elbv2:DescribeLoadBalancers"),
        ("lambda", "list_functions", "lambda:ListFunctions"),
        ("apigateway", "get_rest_apis", "apigateway:GetRestApis"),
        ("apigatewayv2", "get_apis", "apigatewayv2:GetApis"),
        ("secretsmanager", "list_secrets", "secretsmanager:ListSecrets"),
        ("cloudwatch", "describe_alarms", "cloudwatch:DescribeAlarms"),
        ("resourcegroupstaggingapi", "get_resources", "resourcegroupstaggingapi:GetResources"),
        ("s3", "list_buckets", "s3:ListBuckets"),
        ("cloudfront", "list_distributions", "cloudfront:ListDistributions"),
        ("sts", "get_caller_identity", "sts:GetCallerIdentity"),
    ],
)
def test_each_protocols_operations_are_told_apart(
    make: Builds, aws: Physics, service: str, method: str, name: str
) -> None:
    getattr(getattr(make, service), method)()
    assert aws.counts() == {name: 1}


def test_what_moto_lacks_is_an_error_of_its_own_and_in_the_log(make: Builds, aws: Physics) -> None:
    asked = {"PolicyInputList": ["{}"], "ActionNames": ["s3:GetObject"]}
    assert code_of(make.iam.simulate_custom_policy, **asked) == "MotoNotImplemented"
    [call] = aws.crashes()
    assert "NotImplementedError" in call.crash


def test_a_crash_within_moto_is_an_error_of_its_own_and_in_the_log(make: Builds, aws: Physics) -> None:
    refused = code_of(make.ec2.describe_vpcs, Filters=[{"Name": "no-such-filter", "Values": ["x"]}])
    assert refused in ("MotoCrash", "MotoNotImplemented")
    assert len(aws.crashes()) == 1


def test_reset_empties_account_log_and_rules(make: Builds, aws: Physics) -> None:
    vpc = make.vpc()
    aws.rule("DescribeVpcs", "error:Boom")
    aws.reset()
    assert code_of(make.ec2.describe_vpcs, VpcIds=[vpc]) == "InvalidVpcID.NotFound"
    assert aws.counts() == {"ec2:DescribeVpcs": 1}


def test_only_one_can_be_open(aws: Physics) -> None:
    with pytest.raises(RuntimeError, match="one Physics at a time"):
        Physics().__enter__()


def test_a_lost_answer_leaves_its_effect(make: Builds, aws: Physics) -> None:
    aws.rule("CreateVpc", "lose-answer", nth=2)
    before = len(make.ec2.describe_vpcs()["Vpcs"])
    make.vpc(gateway=False)
    with pytest.raises(BotoCoreError):
        make.vpc(gateway=False)
    make.vpc(gateway=False)
    assert len(make.ec2.describe_vpcs()["Vpcs"]) == before + 3
    assert [call.outcome for call in aws.writes()] == ["ok", "lost", "ok"]


def test_a_dropped_call_has_no_effect(make: Builds, aws: Physics) -> None:
    aws.rule("ec2:Create*", "drop", nth=1)
    before = len(make.ec2.describe_vpcs()["Vpcs"])
    with pytest.raises(BotoCoreError):
        make.vpc()
    assert len(make.ec2.describe_vpcs()["Vpcs"]) == before
    assert [call.outcome for call in aws.writes()] == ["dropped"]


@pytest.mark.parametrize("service", ["ec2", "autoscaling", "secretsmanager", "lambda", "s3"])
def test_an_ordered_error_has_its_code_in_each_protocol(make: Builds, aws: Physics, service: str) -> None:
    aws.rule("*", "error:SomeCode:403")
    reads = {
        "ec2": "describe_vpcs",
        "autoscaling": "describe_auto_scaling_groups",
        "secretsmanager": "list_secrets",
        "lambda": "list_functions",
        "s3": "list_buckets",
    }
    with pytest.raises(ClientError) as caught:
        getattr(getattr(make, service), reads[service])()
    assert caught.value.response["Error"]["Code"] == "SomeCode"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_process_is_killed_at_its_nth_write(make: Builds, aws: Physics, when: Any) -> None:
    victim = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    aws.kill(victim.pid, nth=2, when=when)
    make.ec2.describe_vpcs()
    make.ec2.create_vpc(CidrBlock="10.0.0.0/16")
    assert victim.poll() is None
    with nullcontext() if when == "after" else pytest.raises(HTTPClientError):
        make.ec2.create_vpc(CidrBlock="10.0.0.0/16")
    assert victim.wait(5) == -signal.SIGKILL
    own = [vpc for vpc in make.ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]]
    assert len(own) == (2 if when == "after" else 1)  # whoever was dead before the call never made it
    assert victim.stdin
    victim.stdin.close()


def test_the_clock_that_is_moved_is_s3s_too(make: Builds, aws: Physics) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="site")
    s3.put_object(Bucket="site", Key="early", Body=b"")
    aws.advance(100)
    s3.put_object(Bucket="site", Key="late", Body=b"")
    early, late = (s3.head_object(Bucket="site", Key=key) for key in ("early", "late"))
    told = parsedate_to_datetime(late["ResponseMetadata"]["HTTPHeaders"]["date"])
    assert 100 <= (told - early["LastModified"]).total_seconds() < 110
    assert 0 <= (told - late["LastModified"]).total_seconds() < 10


def test_a_held_call_waits_until_it_is_released(make: Builds, aws: Physics) -> None:
    rule = aws.rule("CreateVpc", "hold")
    thread = threading.Thread(target=make.ec2.create_vpc, kwargs={"CidrBlock": "10.0.0.0/16"})
    thread.start()
    assert rule.reached.wait(5)
    assert [call.outcome for call in aws.writes()] == ["open"]
    aws.release()
    thread.join(5)
    assert [call.outcome for call in aws.writes()] == ["ok"]


def test_rules_and_log_are_reached_over_http(make: Builds, aws: Physics) -> None:
    asked = json.dumps({"operation": "CreateVpc", "effect": "error:Boom"}).encode()
    post = urllib.request.Request(f"{aws.url}/physics/rules", asked, {"Content-Type": "application/json"})
    assert http(post)["effect"] == "error:Boom"
    assert code_of(make.ec2.create_vpc, CidrBlock="10.0.0.0/16") == "Boom"
    assert http(f"{aws.url}/physics/counts") == {"ec2:CreateVpc": 1}
    assert [call["outcome"] for call in http(f"{aws.url}/physics/log")] == ["Boom"]
    http(urllib.request.Request(f"{aws.url}/physics/reset", b"", method="POST"))
    assert http(f"{aws.url}/physics/log") == []


def test_a_request_that_is_cut_off_is_no_request(aws: Physics) -> None:
    port = int(aws.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"POST /v2/apis HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{}")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
    assert aws.counts() == {}


def http(address: str | urllib.request.Request) -> Any:
    with urllib.request.urlopen(address, timeout=5) as answer:
        return json.load(answer)


@pytest.mark.parametrize("end", ["SIGTERM", "stdin"])
def test_the_process_serves_and_ends_when_it_is_told(end: str) -> None:
    command = [sys.executable, "-m", "tests.physics", "--until-stdin-closes"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdin
        url = process.stdout.readline().strip()
        assert http(f"{url}/physics/profile")["name"] == "calm"
        if end == "SIGTERM":
            os.kill(process.pid, signal.SIGTERM)
        else:
            process.stdin.close()
        assert process.wait(10) == 0
