"""What no example has comes back, too: rare settings of every section that has some."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.reading import build, data_in, load
from tasks.exporting.writing import export_to
from tasks.reading import scope_of
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics

REGION = "eu-west-1"
IMAGE = {"ssm": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"}
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1"
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:payments-AbCdEf"
KEYS = "arn:aws:kms:eu-west-1:123456789012:key"
LISTS = {"Effect": "Allow", "Action": ["s3:ListAllMyBuckets"], "Resource": ["*"]}
READS = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::theirs/a*/*"]}
OWN = {"Version": "2012-10-17", "Statement": [LISTS, READS]}
NOT_THE_SAME = {"network", "policies", "buckets", "servers", "instances", "databases"}
"""What is said in more words: zones, endpoints, what AWS chose, images by their ids."""
CERTIFICATE = "arn:aws:acm:eu-west-1:111122223333:certificate/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"

WITH_FUNCTIONS: dict[str, Any] = {
    "network": {"cidr": "10.1.0.0/16", "zones": 2},
    "policies": {"most": OWN},
    "secrets": {
        "key": {"length": 20, "punctuation": True, "kms_key": f"{KEYS}/1"},
        "user": {"username": "me", "on_removal": "wipe", "kms_key": f"{KEYS}/2"},
    },
    "parameters": {"salt": {"random": {"length": 20, "punctuation": True}}, "text": "5", "other": {"random": 32}},
    "queues": {"jobs": {"dead_letters": 3, "visibility": 600}, "more": {"visibility": 600}, "lost": {}},
    "buckets": {"in": {"on_removal": "wipe", "notify": [{"queue": "lost", "prefix": "q/", "events": ["removed"]}]}},
    "functions": {
        "all": {
            "image": ECR,
            "architecture": "arm64",
            "environment": {"MODE": "plain", "EMPTY": ""},
            "secrets": {
                "PAYMENTS": SECRET,
                "KEY": "secret/key",
                "SALT": "parameter/salt",
                "PATH_OF": "ssm:/shared/one",
            },
            "names": {"JOBS": "queue/jobs", "DEAD": "queue/jobs-dead", "IN": "bucket/in", "NEXT": "function/next"},
            "can": [
                {"read": "bucket/in"},
                {"read": "secret/user"},
                {"read": "secret/key"},
                {"write": "bucket/in"},
                {"write": "arn:aws:s3:::elsewhere"},
                {"send": "queue/more"},
                {"invoke": "function/next"},
                {"invoke": "arn:aws:lambda:eu-west-1:111122223333:function:theirs"},
            ],
            "policies": {"own": OWN},
            "permissions_boundary": "policy/most",
            "vpc": True,
            "logs": 7,
            "concurrency": 2,
            "dead_letters": "lost",
            "on": [
                {"schedule": "rate(1 hour)"},
                {"queue": "more", "batch": 50, "window": 3, "concurrency": 4},
                {"queue": "jobs", "partial_failures": True},
                {"schedule": "cron(0 8 ? * MON-FRI *)"},
                {"bucket": "in", "prefix": "a/", "events": ["created", "removed"]},
            ],
            "url": {"auth": "none", "cors": {"origins": ["https://example.com"], "headers": ["x-one"], "max_age": 60}},
        },
        "next": {"image": ECR, "url": "iam"},
        "by-hand": {"image": ECR, "policies": {"function": OWN}},
    },
    "apis": {
        "http": {
            "description": "Of many kinds",
            "routes": {
                "GET /a/{id}": {"to": "function/next", "timeout": 2.5, "authorizer": "none"},
                "POST /b": {"to": "https://example.com/b", "parameters": {"append:header.x-id": "$context.requestId"}},
                "PUT /b": "https://example.com/c",
                "$default": {"to": "function/all", "authorizer": "by-lambda", "scopes": ["read"]},
            },
            "authorizers": {
                "by-lambda": {"kind": "jwt", "issuer": "https://id.example.com", "audience": ["them", "us"]},
                "asked": {
                    "kind": "lambda",
                    "function": "function/next",
                    "cache": 60,
                    "identity": ["$request.header.X"],
                },
            },
            "authorizer": "asked",
            "variables": {"one": "1"},
            "access_logs": 14,
        },
        "talk": {
            "kind": "websocket",
            "stage": "now",
            "selection": "$request.body.kind",
            "routes": {"$connect": {"to": "function/next", "timeout": 3}, "say": "function/all"},
            "authorizers": {
                "door": {"kind": "lambda", "function": "function/next", "identity": ["route.request.header.X"]}
            },
            "authorizer": "door",
        },
        "rest": {
            "kind": "rest",
            "binary": ["image/png"],
            "models": {"One": {"type": "object"}},
            "cors": {"origins": ["*"], "headers": ["x-one"], "max_age": 9, "expose": ["x-two"]},
            "authorizers": {
                "token": {"kind": "token", "function": "function/next", "cache": 5, "pattern": "^a"},
                "pool": {
                    "kind": "cognito",
                    "pools": ["arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_A"],
                },
            },
            "authorizer": "token",
            "stage": "v1",
            "cache_size": "0.5",
            "throttle": {"rate": 10, "burst": 20},
            "access_logs": True,
            "variables": {"x": "1"},
            "routes": {
                "GET /things/{id}": {
                    "to": "https://example.com/{id}",
                    "parameters": {"querystring.page": False, "header.X-A": True},
                    "cache": 60,
                    "cache_keys": ["querystring.page"],
                    "sends": {
                        "integration.request.header.X-Who": "context.identity.sourceIp",
                        "integration.request.path.id": "context.requestId",
                    },
                },
                "POST /things": {
                    "to": "function/all",
                    "body": "One",
                    "validates": "none",
                    "timeout": 3,
                    "authorizer": "pool",
                    "scopes": ["write"],
                    "answers": {200: {}},
                    "throttle": {"rate": 1, "burst": 2},
                },
                "PUT /things": {
                    "to": "https://example.com/put",
                    "api_key": True,
                    "authorizer": "iam",
                    "answers": {201: {"headers": {"X-Kind": "'made'"}, "model": "One"}, 400: {"pattern": "4.."}},
                },
                "GET /up": {"to": "mock", "authorizer": "none"},
                "ANY /rest/{all+}": "function/next",
            },
            "api_keys": {"one": "The first", "two": {"enabled": False}},
            "plans": {
                "few": {"quota": {"limit": 9, "per": "day"}, "members": ["one"]},
                "many": {"throttle": {"rate": 5, "burst": 6}, "description": "More", "members": ["two"]},
            },
        },
        "rest-two": {"kind": "rest", "routes": {"GET /": "https://example.com"}, "api_keys": {"one": "Another"}},
    },
    "api_domains": {
        "own": {"domain": "api.example.com", "certificate": CERTIFICATE, "paths": {"": "http", "v1/rest": "rest"}}
    },
    "topics": {"ops": {"emails": ["a@example.com"]}, "plain": {}},
    "alarms": {"to": ["topic/ops", "topic/plain"], "function_errors": 3, "server_errors": None},
}

WITH_DATA: dict[str, Any] = {
    "network": {"cidr": "10.2.0.0/16", "zones": 2, "nat": "none"},
    "people": {
        "groups": {"some": {"policies": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]}, "none": {}},
        "users": {"ada": {"groups": ["some"], "access_key": True, "generation": 3}, "bea": {"console": True}},
    },
    "images": {"golden": {"from_snapshot": {"snapshot": "snap-SOURCE", "encrypt": True, "boot_mode": "uefi"}}},
    "databases": {
        "main": {
            "engine": "mysql",
            "version": "8.4",
            "port": 3307,
            "multi_zone": True,
            "user": "root1",
            "database": "first",
            "max_storage": 50,
            "backup_retention": 0,
            "minor_upgrades": False,
            "parameters": {"max_connections": "50"},
            "admits": {"servers": ["app"], "instances": ["one"], "networks": ["10.0.0.0/8"]},
            "on_removal": "wipe",
        }
    },
    "caches": {
        "old": {
            "engine": "redis",
            "version": "7.0",
            "shards": 2,
            "replicas": 0,
            "tls": False,
            "token": False,
            "encrypted": False,
            "port": 7000,
            "parameters": {"timeout": "20"},
            "on_removal": "wipe",
        },
        "alone": {"replicas": 1, "failover": False, "minor_upgrades": False, "on_removal": "wipe"},
        "pages": {"engine": "memcached", "parameters": {"max_item_size": "2000000"}, "tls": False, "port": 11_300},
    },
    "secrets": {"cache-like": {"kms_key": f"{KEYS}/1"}},
    "queues": {"jobs": {}},
    "servers": {
        # As if another Castra had made it of `names: {JOBS: queue/jobs}`.
        "like": {
            "image": IMAGE,
            "count": 0,
            "bootstrap": "#!/bin/sh\ncat > /etc/castra/names <<'CASTRA'\nJOBS=odd--jobs\nCASTRA\n",
        },
        "app": {
            "image": {"built": "golden"},
            "count": 0,
            "names": {"DB": "database/main", "CACHE": "cache/alone", "PAGES": "cache/pages"},
            "can": [
                {"read": "database/main"},
                {"read": "secret/cache-alone"},
                {"read": "secret/cache-like"},
                {"read": "ssm:/shared/one"},
            ],
            "bootstrap": "#!/bin/sh\necho Salvete, §1\n",
        },
    },
    "instances": {
        "one": {
            "image": {"from_snapshot": "snap-SOURCE"},
            "names": {"DB": "database/main"},
            "admits": [{"port": 22, "servers": ["app"]}],
            "policies": {"granted": OWN},
        },
    },
    "alarms": {"to": "arn:aws:sns:eu-west-1:111122223333:ops", "database_storage": 25},
}


@pytest.mark.thorough
@pytest.mark.parametrize("document", [WITH_FUNCTIONS, WITH_DATA], ids=["functions", "data"])
def test_it_comes_back_as_it_was_written_and_changes_nothing(
    aws: Physics, document: dict[str, Any], tmp_path: Path
) -> None:
    text = json.dumps({"name": "odd", "region": REGION, **document}).replace("snap-SOURCE", snapshot(aws))
    environment = build(data_in(text))
    scope = scope_of(environment)
    scope.poll_seconds = 0.05
    raise_all(scope, environment.parts())
    export_to(scope, tmp_path / "back.yaml")
    again = load(tmp_path / "back.yaml")
    assert [(step.part, step.changes) for step in look_and_plan(scope, again.parts()).changes] == []
    assert {part.key for part in again.parts()} == {part.key for part in environment.parts()}
    for name, servers in environment.servers.items():
        for field in ("names", "can", "bootstrap"):
            assert getattr(again.servers[name], field) == getattr(servers, field)
    for section in document.keys() - NOT_THE_SAME:
        assert dict(leaves(said(again, section))) == dict(leaves(said(environment, section)))


@pytest.fixture(autouse=True)
def alone(aws: Physics) -> Iterator[None]:
    """Both are called alike."""
    yield
    aws.reset()


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Each value by its place, so that a difference can be read."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if not inner:
        yield place, value
    for key, one in inner or ():
        yield from leaves(one, f"{place}.{key}")


def said(environment: Environment, section: str) -> Any:
    """What of it isn't as usual."""
    return environment.model_dump(mode="json", include={section}, exclude_defaults=True)[section]


def snapshot(aws: Physics) -> str:
    """One of a root volume, for images."""
    ec2 = aws.client("ec2", REGION)
    volume = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=8)["VolumeId"]
    return str(ec2.create_snapshot(VolumeId=volume)["SnapshotId"])
