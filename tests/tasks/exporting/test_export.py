"""What stands is written as a blueprint whose plan has nothing to do; what can't be written is refused by name."""

from pathlib import Path
from typing import Any

import boto3
import pytest

from blueprints.environment import Environment
from blueprints.log_groups import LogGroup
from blueprints.reading import build, data_in, load, parse
from tasks.errors import CastraError, Refused
from tasks.exporting.export import export
from tasks.reading import plan_of, resources, scope_of
from tasks.scope import CREATED, ENVIRONMENT, FINGERPRINT, PART, Scope, as_list
from tests.conductor import raise_all
from tests.physics import Physics

ROOT = Path(__file__).parents[3]
REGION = "eu-west-1"
IMAGE = {"ssm": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"}


def raised(environment: Environment) -> Scope:
    """Raise it; the scope that it was raised in."""
    scope = scope_of(environment)
    scope.poll_seconds = 0.05
    raise_all(scope, environment.parts())
    return scope


def struck(scope: Scope) -> None:
    """Take it away, as some are alike."""
    raise_all(scope, ())


def exported(aws: Physics, environment: Environment) -> dict[str, Any]:
    """Raise it, export it as a document, and see that a plan of the text has nothing to do; nothing is written."""
    raised(environment)
    before = len(aws.writes())
    told = export(Scope(environment.name, environment.region))
    again = parse(told.text)
    planned = plan_of(again, scope_of(again))
    assert [(step.part, step.changes) for step in planned.changes] == []
    assert {step.action for step in planned.steps} == {"keep"}
    assert {part.key for part in again.parts()} == {part.key for part in environment.parts()}
    assert aws.writes()[before:] == []
    document: dict[str, Any] = data_in(told.text)
    assert document == told.document
    return document


def test_the_web_example_comes_back_as_a_blueprint_that_changes_nothing(aws: Physics) -> None:
    environment = load(ROOT / "examples" / "web.yaml")
    document = exported(aws, environment)
    assert document["owner"] == "web-team"
    assert document["network"] == {"cidr": "10.20.0.0/16", "zones": 3, "nat": "one", "endpoints": ["s3"]}
    assert document["servers"]["app"]["count"] == {"min": 2, "max": 6}
    assert document["servers"]["app"]["scaling"] == {"target_cpu": 50.0}
    assert document["servers"]["api"]["admits"] == [{"port": 9000, "servers": ["app"]}]
    struck(scope_of(environment))


@pytest.mark.thorough
def test_what_is_unusual_comes_back_too(aws: Physics) -> None:
    document: dict[str, Any] = {
        "name": "odd",
        "region": REGION,
        "purpose": "a test",
        "tags": {"team": "blue", "cost": "12"},
        "network": {
            "cidr": "10.9.0.0/16",
            "zones": ["eu-west-1c", "eu-west-1a"],
            "nat": "one",
            "dns_hostnames": False,
        },
        "policies": {
            "log": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}
        },
        "queues": {"jobs": {"dead_letters": {"after": 2, "retention": 600_000}, "delay": 3}, "plain": {}},
        "buckets": {
            "logs": {"on_removal": "wipe"},
            "files": {"versioning": True, "logs": {"to": "logs", "prefix": "files/"}, "on_removal": "wipe"},
            "told": {"on_removal": "wipe", "notify": [{"queue": "plain", "prefix": "in/"}]},
        },
        "balancers": {
            "front": {"idle_timeout": 90, "listeners": [{"port": 8000, "to": {"a": 3, "b": 1}}]},
            "wire": {
                "kind": "network",
                "sticky": True,
                "listeners": [{"port": 5000, "protocol": "TCP_UDP", "to": "c"}],
            },
        },
        "servers": {
            "a": {
                "image": IMAGE,
                "port": 80,
                "health_check": {"path": "/up", "port": 81, "codes": "200-299", "interval": 30},
                "bootstrap": '#!/bin/sh\necho Salvete, §1: "all"\n\ttrue\n',
                "volumes": [{"device": "/dev/sdf", "size": 9, "keep": True}],
                "stickiness": 60,
                "grace": 77,
                "managed_policies": ["policy/log"],
                "count": {"min": 0, "max": 3},
                "instance_types": [{"type": "m5.large", "weight": 1}, {"type": "m5.xlarge", "weight": 2}],
                "spot": {"percent": 60, "base": 1},
                "admits": [{"port": 22, "networks": ["10.0.0.0/8"], "instances": ["one"]}],
            },
            "b": {
                "image": IMAGE,
                "port": 80,
                "placement": "public",
                "monitoring": True,
                "scaling": {
                    "target_network_in": 1e6,
                    "scale_in": False,
                    "steps": [
                        {
                            "metric": {"namespace": "Own", "name": "load", "of_group": True, "statistic": "p95"},
                            "below": 5,
                            "for": "3 minutes",
                            "unit": "percent",
                            "at_least": 2,
                            "steps": [{"from": 0, "to": 2, "remove": 10}, {"from": 2, "remove": 30}],
                        },
                        {"metric": "cpu", "above": 90, "steps": [{"set": 1}]},
                    ],
                    "predictive": {"target": 40, "scale": True, "above_max": 10},
                },
            },
            "c": {
                "image": IMAGE,
                "port": 5000,
                "schedule": {
                    "up": {"cron": "0 7 * * *", "min": 1, "max": 2},
                    "down": {"cron": "0 19 * * *", "min": 0, "max": 0},
                },
            },
        },
        "instances": {
            "one": {
                "image": IMAGE,
                "zone": "c",
                "placement": "public",
                "elastic_ip": True,
                "root": {"size": 20},
                "volumes": {"data": {"device": "/dev/sdg", "size": 5, "on_removal": "wipe"}},
                "policies": {
                    "own": {
                        "Version": "2012-10-17",
                        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
                    }
                },
            }
        },
    }
    environment = build(document)
    told = exported(aws, environment)
    assert told["tags"] == {"team": "blue", "cost": "12"}
    assert told["servers"]["a"]["bootstrap"] == document["servers"]["a"]["bootstrap"]
    struck(scope_of(environment))


@pytest.mark.thorough
def test_what_no_section_can_say_is_refused_by_its_name(aws: Physics) -> None:
    environment = build({"name": "mixed", "region": REGION, "network": {"cidr": "10.8.0.0/16", "zones": 1}})
    groups = [LogGroup(name=name) for name in ("mine", "yours")]
    scope = raised(environment.model_copy(update={"also": tuple(groups)}))
    with pytest.raises(Refused, match=r"log-group/mine, log-group/yours: no section asks for them"):
        export(Scope("mixed", REGION))
    struck(scope)


@pytest.mark.thorough
def test_a_rule_made_by_hand_that_no_section_can_say_is_refused(aws: Physics) -> None:
    document = {"name": "hand", "region": REGION, "network": {"cidr": "10.7.0.0/16", "zones": 1}}
    scope = raised(build(document | {"servers": {"app": {"image": IMAGE, "count": 0}}}))
    group = next(one.id for one in resources(scope) if one.part == "security-group/servers-app")
    ranged = {"IpProtocol": "tcp", "FromPort": 8000, "ToPort": 8100, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    boto3.client("ec2", region_name=REGION).authorize_security_group_ingress(GroupId=group, IpPermissions=[ranged])
    with pytest.raises(Refused, match=r"firewall/servers-app: inbound: .*8000"):
        export(Scope("hand", REGION))
    struck(scope)


@pytest.mark.thorough
def test_what_carries_its_tags_by_hand_only_comes_back_and_only_tags_are_missing(aws: Physics) -> None:
    """As adopted: no name, no fingerprint, no record of when it was made."""
    scope = raised(build({"name": "old", "region": REGION, "network": {"cidr": "10.6.0.0/16", "zones": 2}}))
    told = [one.id for one in resources(scope)]
    gone = [{"Key": key} for key in ("Name", FINGERPRINT, CREATED)]
    boto3.client("ec2", region_name=REGION).delete_tags(Resources=told, Tags=gone)
    exported = export(Scope("old", REGION))
    assert exported.document["network"] == {"cidr": "10.6.0.0/16"}
    assert any("carry tags by hand" in one for one in exported.untold)
    struck(scope)


@pytest.mark.thorough
def test_secrets_that_somebody_else_made_come_back_and_their_values_stay(aws: Physics) -> None:
    kept, parameters = boto3.client("secretsmanager", region_name=REGION), boto3.client("ssm", region_name=REGION)
    secret, salt = {ENVIRONMENT: "taken", PART: "secret/theirs"}, {ENVIRONMENT: "taken", PART: "parameter/salt"}
    kept.create_secret(Name="theirs", SecretString="Carthago", Tags=as_list(secret))
    asked = {"Name": "/castra/taken/salt", "Type": "SecureString", "Value": "Numantia", "Tags": as_list(salt)}
    parameters.put_parameter(**asked)
    told = export(Scope("taken", REGION))
    assert told.document["secrets"] == {"theirs": {}}
    assert told.document["parameters"] == {"salt": {"random": 32, "on_removal": "wipe"}}
    assert any("2 parts carry tags by hand" in one for one in told.untold)
    scope = raised(parse(told.text))
    assert kept.get_secret_value(SecretId="theirs")["SecretString"] == "Carthago"
    named = {"Name": "/castra/taken/salt", "WithDecryption": True}
    assert parameters.get_parameter(**named)["Parameter"]["Value"] == "Numantia"
    assert not any(value in told.text for value in ("Carthago", "Numantia"))
    struck(scope)


def test_what_does_not_stand_is_an_error_with_a_way_out(aws: Physics) -> None:
    with pytest.raises(CastraError, match=r"nothing stands of it in eu-west-1.*castra list"):
        export(Scope("nobody", REGION))
