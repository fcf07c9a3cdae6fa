"""What runs on instances and behind load balancers, as far as it answers over HTTP.

Once opened, addresses of instances in 10.0.0.0/8 are told as the same ones in 127.0.0.0/8, which this machine answers
under, and load balancers' names as such addresses too. Whoever asks there is answered as the instance's fate has it.
"""

import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from moto.backends import get_backend

from tests.physics import fates
from tests.physics.answers import Answer
from tests.physics.hooks import after
from tests.physics.protocol import Request
from tests.physics.world import World

PRIVATE = re.compile(rb"<(privateIpAddress|ipAddress)>10\.")
NAMES = re.compile(rb"<DNSName>([^<]+)</DNSName>")


class Doors(ThreadingHTTPServer):
    """One port for all of them; whom somebody wants is told by the address that is asked."""

    daemon_threads = True

    def __init__(self, world: World, lock: Any) -> None:
        super().__init__(("0.0.0.0", 0), Door)
        self.world, self.lock = world, lock
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Of this machine only."""
        return str(client_address[0]).startswith("127.")

    def close(self) -> None:
        self.shutdown()
        self.server_close()

    def code(self, address: str) -> int | None:
        """What is answered at an address; None where nobody is."""
        with self.lock:
            self.world.timeline.run()
            if address.startswith("127.255."):
                return self.of_balancer(address)
            private = "10." + address.removeprefix("127.")
            for ec2 in backends("ec2"):
                for instance in ec2.all_instances():
                    if instance.private_ip == private and instance.state == "running":
                        return 200 if fates.answers(self.world, ec2, instance) else 500
        return None

    def of_balancer(self, address: str) -> int | None:
        """It answers as long as a target of it does."""
        for elbv2 in backends("elbv2"):
            for balancer in elbv2.load_balancers.values():
                if told_as(balancer.dns_name) == address:
                    groups = [each for each in elbv2.target_groups.values() if balancer.arn in each.load_balancer_arns]
                    targets = [id for each in groups for id in each.targets]
                    ec2 = elbv2.ec2_backend
                    return 200 if any(self.serves(ec2, id) for id in targets) else 503
        return None

    def serves(self, ec2: Any, id: str) -> bool:
        instance = ec2.get_instance_by_id(id)
        return instance is not None and fates.answers(self.world, ec2, instance)


class Door(BaseHTTPRequestHandler):
    """One question."""

    server: Doors

    def do_GET(self) -> None:
        code = self.server.code(self.connection.getsockname()[0])
        if code is None:
            self.close_connection = True
            return
        self.send_response(code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def backends(service: str) -> Iterator[Any]:
    for account in get_backend(service).values():  # type: ignore[call-overload]
        yield from account.values()


def told_as(name: str) -> str:
    """An address of this machine for a load balancer."""
    first, second = hashlib.sha256(name.encode()).digest()[:2]
    return f"127.255.{first}.{max(1, min(second, 254))}"


@after("ec2:DescribeInstances")
def instances_here(request: Request, answer: Answer, world: World) -> Answer | None:
    if not world.doors:
        return None
    return replace(answer, body=PRIVATE.sub(rb"<\1>127.", answer.body))


@after("elbv2:DescribeLoadBalancers")
def balancers_here(request: Request, answer: Answer, world: World) -> Answer | None:
    if not world.doors:
        return None
    body = NAMES.sub(lambda found: f"<DNSName>{told_as(found[1].decode())}</DNSName>".encode(), answer.body)
    return replace(answer, body=body)
