"""Documents are written in the short forms that people use, each of which is read as the long one."""

from typing import Any

import pytest

from blueprints.reading import build, data_in, parse, written
from tasks.exporting.shorthand import shortened

LONG: dict[str, Any] = {
    "name": "short",
    "region": "eu-west-1",
    "network": {"cidr": "10.0.0.0/16", "endpoints": [{"service": "s3"}, {"service": "sqs", "private_dns": False}]},
    "queues": {"one": {"dead_letters": {"after": 3}}, "two": {"dead_letters": {}}},
    "parameters": {"text": {"value": "5"}, "salt": {"random": {}}, "other": {"random": {"punctuation": True}}},
    "functions": {
        "one": {"image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1", "on": [{"schedule": "rate(1 hour)"}]},
        "two": {"image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1", "url": {}},
    },
    "apis": {
        "api": {"kind": "rest", "routes": {"GET /": {"to": "mock", "answers": {"200": {}, "404": {"pattern": "x"}}}}}
    },
    "balancers": {
        "front": {
            "listeners": [
                {"port": 80, "redirect": {"protocol": "HTTPS", "port": 443}},
                {"port": 8080, "to": {"app": 1}, "rules": [{"path": ["/a"], "to": {"app": 1, "other": 2}}]},
            ]
        }
    },
    "servers": {
        "app": {"image": {"id": "ami-1"}, "port": 80, "count": {"min": 2, "max": 2}, "health_check": {"path": "/up"}},
        "other": {
            "image": {"from_snapshot": {"snapshot": "snap-1"}},
            "port": 80,
            "bootstrap": {"text": "#!/bin/sh\ntrue\n"},
            "scaling": {"target_cpu": 50.0},
        },
    },
}
SHORT = """
name: short
region: eu-west-1
network:
  cidr: 10.0.0.0/16
  endpoints: [s3, {service: sqs, private_dns: false}]
queues: {one: {dead_letters: 3}, two: {dead_letters: 5}}
parameters: {text: "5", salt: {random: 32}, other: {random: {punctuation: true}}}
functions:
  one: {image: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1", on: [{schedule: rate(1 hour)}]}
  two: {image: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1", url: iam}
apis:
  api: {kind: rest, routes: {GET /: {to: mock, answers: {200: {}, 404: {pattern: x}}}}}
balancers:
  front:
    listeners:
      - {port: 80, redirect: https}
      - {port: 8080, to: app, rules: [{path: /a, to: {app: 1, other: 2}}]}
servers:
  app: {image: {id: ami-1}, port: 80, count: 2, health_check: /up}
  other:
    image: {from_snapshot: snap-1}
    port: 80
    bootstrap: |
      #!/bin/sh
      true
    scaling: {target_cpu: 50}
"""


def test_each_short_form_is_written_and_read_as_the_long_one() -> None:
    assert shortened(LONG) == data_in(SHORT)
    assert parse(written(shortened(LONG))) == build(LONG)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"on": [1]}, "on: [1]\n"),
        ({"a": "yes"}, "{a: yes}\n"),
        ({"a": "true"}, "{a: 'true'}\n"),
        ({"a": "#!\nb\n"}, "a: |\n  #!\n  b\n"),
        ({"paths": {"": "main"}}, "paths: {'': main}\n"),
    ],
)
def test_yaml_is_as_people_write_it_and_read_as_what_it_was(data: dict[str, Any], text: str) -> None:
    assert written(data) == text
    assert data_in(text) == data
