"""AWS's token buckets: how many requests at once, and how many a second after that, per account and region.

EC2's are in *Request throttling for the Amazon EC2 API*, load balancing's, API Gateway's and Lambda's in their quota
pages. IAM, Auto Scaling, RDS and ElastiCache publish none: theirs are a careful guess.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.physics.protocol import Request

SIZES: dict[str, tuple[float, float]] = {
    "ec2 reads": (100, 20),
    "ec2 reads of all": (50, 10),
    "ec2 writes": (50, 5),
    "ec2 instances": (1000, 2),
    "ec2:RunInstances": (5, 2),
    "ec2:StartInstances": (5, 2),
    "ec2:TerminateInstances": (100, 5),
    "ec2:CreateTags": (100, 10),
    "ec2:CreateSnapshot": (100, 5),
    "ec2:CreateVpcEndpoint": (4, 0.3),
    "elbv2 reads": (40, 10),
    "elbv2 writes": (20, 3),
    "elbv2:RegisterTargets": (20, 4),
    "elbv2:DeregisterTargets": (20, 4),
    "lambda": (15, 15),
    "lambda:GetFunction": (100, 100),
    "apigateway": (40, 10),
    "apigateway:CreateRestApi": (1, 1 / 3),
    "apigateway:CreateDeployment": (1, 1 / 5),
    "apigateway:DeleteRestApi": (1, 1 / 30),
    "iam": (10, 5),
    "autoscaling": (10, 5),
    "rds": (10, 5),
    "elasticache": (10, 5),
}
"""Size, and refill a second."""

UNLIMITED = {"lambda:Invoke"}


@dataclass
class Bucket:
    """Full at first."""

    size: float
    refill: float
    left: float
    since: float

    def take(self, tokens: float, now: float) -> bool:
        """Take that many, or nothing."""
        self.left = min(self.size, self.left + (now - self.since) * self.refill)
        self.since = now
        if self.left < tokens:
            return False
        self.left -= tokens
        return True


@dataclass
class Buckets:
    """One per class of requests and region. Guarded by whoever owns it."""

    buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict)

    def take(self, request: Request, now: float) -> bool:
        """Whether there's a token left in each bucket that the request draws from."""
        return all(self.bucket(name, request.region, now).take(tokens, now) for name, tokens in drawn(request))

    def bucket(self, name: str, region: str, now: float) -> Bucket:
        size, refill = SIZES[name]
        return self.buckets.setdefault((name, region), Bucket(size, refill, size, now))


def drawn(request: Request) -> Iterator[tuple[str, float]]:
    """The buckets that a request draws from, and how much."""
    name = f"{request.service}:{request.operation}"
    if name in UNLIMITED:
        return
    if name == "ec2:RunInstances":
        yield "ec2 instances", float(request.text("MaxCount") or 1)
    for bucket in (name, f"{request.service} {sort(request)}", request.service):
        if bucket in SIZES:
            yield bucket, 1
            return


def sort(request: Request) -> str:
    """Writes, reads, or reads of all: those of EC2's that neither filter nor page nor name an id."""
    if request.write:
        return "writes"
    bare = not request.params.keys() - {"Version", "NextToken", "DryRun"}
    return "reads of all" if request.service == "ec2" and bare else "reads"
