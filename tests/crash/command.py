"""`castra` in a process of its own, forked from one that has imported all: as real as the shell's, and much cheaper."""

import os
import sys
from multiprocessing.connection import Connection

from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, PREFECT_HOME, temporary_settings

import flows.console
import flows.screen
import flows.spin_up
import flows.tear_down  # noqa: F401 - imported once, for all forks
from flows.cli import app
from tasks import scope as scopes

SERVICES = (
    "lambda",
    "sqs",
    "events",
    "logs",
    "ec2",
    "iam",
    "autoscaling",
    "elbv2",
    "elb",
    "cloudwatch",
    "s3",
    "resourcegroupstaggingapi",
    "ssm",
    "secretsmanager",
    "elasticache",
    "sts",
)


def warm() -> None:
    """Parse botocore's models once, for all forks. Opens no connection and starts no thread."""
    os.environ.setdefault("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    scope = scopes.Scope("warm", "eu-west-1")
    for service in SERVICES:
        scope.client(service)


def run(words: list[str], settings: dict[str, str], output: str, poll_seconds: float, gate: Connection) -> None:
    """`castra` with these words and environment variables, once the gate says so; what it prints goes to a file."""
    os.environ.update(settings)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(file, stream)
    scopes.POLL_SECONDS = poll_seconds
    gate.recv()
    # Heartbeats tell a team's server of dead runs; each run would wait a second for the heartbeat's thread. The process
    # that this one is forked from may have imported Prefect while another server was the one to speak to.
    server = {PREFECT_API_URL: settings["PREFECT_API_URL"], PREFECT_HOME: settings["PREFECT_HOME"]}
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None, **server}):
        try:
            app(words, prog_name="castra")
        finally:
            sys.stdout.flush()
            sys.stderr.flush()


if __name__ != "__main__" and os.environ.get("CASTRA_TESTS_WARM"):
    warm()
