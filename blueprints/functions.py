"""Functions of Lambda: the section that people write, and the parts it unfolds into."""

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from blueprints.addresses import Address
from blueprints.firewalls import ANYWHERE, Firewall, Rule, SecurityGroup
from blueprints.granting import SECRET_NAME, Grant, SecretRef, allowing, policy_of, reading_secret, reference
from blueprints.handlers import handler_problem
from blueprints.identity import Document, PolicyName, Role, policy_id, unknown_policies
from blueprints.layers import Architecture, Runtime
from blueprints.log_groups import LogGroup, Retention
from blueprints.naming import Named, Variable, called_in_aws, nameable, unknown_names
from blueprints.network import Network
from blueprints.part import Id, Lookup, Name, Part, Piece, asking, of, text
from blueprints.places import GroupId, SubnetId
from blueprints.problem import Problem
from blueprints.triggers import Trigger, admitting_bucket, twice

IMAGE = r"^[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[a-z0-9._/-]+(:[a-zA-Z0-9._-]+|@sha256:[0-9a-f]{64})$"
LAYER_ARN = r"^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:layer:[a-zA-Z0-9_-]+:[0-9]+$"
MOST_ENVIRONMENT = 4096  # bytes: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LayerId = Annotated[Id, of("layer")] | Annotated[str, Field(pattern=LAYER_ARN)]


class Function(Part):
    """A function, and its alias `live`, which leads to a published version of what it is now.

    Its code is either that of `folder` (`content` is then its digest) or of a container image.
    """

    kind: ClassVar[str] = "function"
    folder: str | None = None
    content: Annotated[Lookup, asking("built")] | None = None
    image: Annotated[str, Field(pattern=IMAGE)] | None = None
    handler: str | None = None
    runtime: Runtime | None = None
    architecture: Architecture = "x86_64"
    memory: int = Field(default=128, ge=128, le=10_240, description="MB.")
    timeout: int = Field(default=10, ge=1, le=900, description="Seconds.")
    role: Annotated[Id, of("role")]
    environment: dict[str, Any] = Field(default_factory=dict, description="Texts, which may have ids in them.")
    subnets: tuple[SubnetId, ...] = ()
    groups: tuple[GroupId, ...] = ()
    layers: tuple[LayerId, ...] = ()
    logs: Annotated[Id, of("log-group")]
    concurrency: int | None = Field(default=None, ge=0, description="Kept free for it, and its most; None: shared.")
    dead_letters: Annotated[Id, of("queue")] | None = None


# ---------------------------------------------------------------------- the section

RESERVED = re.compile(r"^(_HANDLER|_X_AMZN_TRACE_ID|AWS_|LAMBDA_|TZ$)")
WRITES_LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
HAS_INTERFACES = (
    *("ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"),
    *("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses"),
)
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions"""


def _auth(value: Any) -> Any:
    return {"auth": value} if isinstance(value, str) else value


class LambdaFunction(Piece):
    """A function of Lambda, with a role that may do what is granted here and nothing else, and a log group.

    Whatever calls it calls its alias `live`, which leads to a published version: a change is seen whole, or not yet.
    """

    code: str | None = Field(default=None, description="Path of a folder, relative to the document.")
    image: Annotated[str, Field(pattern=IMAGE)] | None = Field(
        default=None, description="A container image in ECR, by tag or digest, in place of `code`."
    )
    handler: str | None = Field(
        default=None, max_length=128, description="Where it begins: app.handler is `handler` in app.py."
    )
    runtime: Runtime = Field(default="python3.13", description="What runs it, as Lambda names it.")
    architecture: Architecture = Field(default="x86_64", description="The processor that it is for.")
    memory: int = Field(default=128, ge=128, le=10_240, description="MB; the processor's share grows with it.")
    timeout: int = Field(default=10, ge=1, le=900, description="Seconds that a call may take.")
    environment: dict[Variable, str] = Field(
        default_factory=dict, description="Plain values by name. Whoever may look at the function reads them."
    )
    secrets: dict[Variable, SecretRef] = Field(
        default_factory=dict,
        description="secret/<name>, parameter/<name>, database/<name>, ARN or ssm:/path: the ARN is in the "
        "environment, and may be read.",
    )
    names: dict[Variable, Named] = Field(
        default_factory=dict,
        description="What things of the document are called in AWS: bucket/<name>, queue/<name>, function/<name>; "
        "database/<name>, database/<name>/<replica> and cache/<name> are their addresses.",
    )
    can: tuple[Grant, ...] = Field(default=(), description="What it may do in AWS, beside writing its own logs.")
    policies: dict[Name, Document] = Field(default_factory=dict, description="What else it may do: policies by name.")
    permissions_boundary: PolicyName | None = Field(
        default=None, description="What it may do at most, whatever its policies say: a managed policy."
    )
    vpc: bool = Field(
        default=False,
        description="Whether it stands in the network's private subnets; it then has their ways out only.",
    )
    layers: tuple[Annotated[str, Field(pattern=rf"({LAYER_ARN})|(^[a-z0-9]+(-[a-z0-9]+)*$)")], ...] = Field(
        default=(), max_length=5, description="Layers of the section `layers` by name, or ARNs of versions; in order."
    )
    logs: Retention = Field(default=30, description="Days that its logs are kept.")
    concurrency: int | None = Field(
        default=None, ge=0, description="Calls at once that are kept free for it, and its most; 0 stops it."
    )
    dead_letters: Name | None = Field(
        default=None, description="The queue for events that it failed on, called without waiting for it."
    )

    on: tuple[Trigger, ...] = Field(default=(), description="What calls it: queues, schedules and buckets.")
    url: Annotated[Address | None, BeforeValidator(_auth, json_schema_input_type=str | Address | None)] = Field(
        default=None, description="An address of its own: iam, none, or with all settings; none, if not given."
    )

    @field_validator("code")
    @classmethod
    def _folder_there(cls, code: str | None, info: ValidationInfo) -> str | None:
        folder = (info.context or {}).get("folder")
        if code is None or folder is None:
            return code
        if not (full := Path(folder) / code).is_dir():
            raise ValueError(f"there's no folder {full}")
        return str(full)

    @model_validator(mode="after")
    def _one_way(self) -> "LambdaFunction":
        if (self.code is None) == (self.image is None):
            raise ValueError("should have code or image, and not both")
        if self.code is not None and self.handler is None:
            raise ValueError("should have a handler: app.handler for the function `handler` in app.py, say")
        if self.image is not None and (self.handler or self.layers):
            raise ValueError("has an image, which says itself where it begins: leave out handler and layers")
        return self

    def problems(self, name: str, document: Any) -> Iterator[Problem]:
        """What doesn't fit with its files, or with the rest of the document."""
        where = f"functions.{name}"
        folder = Path(self.code or ".")
        if self.code and folder.is_dir() and (wrong := handler_problem(folder, str(self.handler), self.runtime)):
            yield Problem(f"{where}.handler", *wrong)
        yield from self._environment_problems(where)
        known = nameable(document)
        for index, grant in enumerate(self.can):
            yield from grant.problems(f"{where}.can.{index}", known)
        yield from unknown_names(where, self.names, known)
        for key, secret in self.secrets.items():
            kind, _, one = secret.partition("/")
            if kind in known and one not in known[kind]:
                yield _unknown(f"{where}.secrets.{key}", kind, one, known[kind])
        if self.dead_letters and self.dead_letters not in known["queue"]:
            yield _unknown(f"{where}.dead_letters", "queue", self.dead_letters, known["queue"])
        for index, layer in enumerate(self.layers):
            if not layer.startswith("arn:"):
                yield from self._layer_problems(f"{where}.layers.{index}", layer, document.layers)
        yield from unknown_policies(where, [("permissions_boundary", self.permissions_boundary)], document.policies)
        queues = {queue: document.queues.get(queue) for queue in known["queue"]}
        for index, trigger in enumerate(self.on):
            yield from trigger.problems(f"{where}.on.{index}", self.timeout, queues, known["bucket"])
        yield from twice(f"{where}.on", self.on)
        if self.vpc and document.network is None:
            yield Problem(f"{where}.vpc", "the document has no network", "Add one, or leave it out")

    def _environment_problems(self, where: str) -> Iterator[Problem]:
        for key, value in self.environment.items():
            if value and SECRET_NAME.search(key):
                why = "it looks like a secret, and everybody who may look at the function would read it"
                yield Problem(
                    f"{where}.environment.{key}", why, f"Put it into Secrets Manager, and its ARN into secrets.{key}"
                )
        fields = ("environment", "secrets", "names")
        for field, other in (("secrets", "environment"), ("names", "environment"), ("names", "secrets")):
            for key in getattr(self, field).keys() & getattr(self, other).keys():
                yield Problem(f"{where}.{field}.{key}", f"it stands in `{other}` too", "Take it out of one of them")
        for field in fields:
            for key in getattr(self, field):
                if RESERVED.match(key):
                    yield Problem(f"{where}.{field}.{key}", "Lambda keeps this name for itself", "Choose another one")
        if (size := sum(len(f"{key}{value}".encode()) for key, value in self.environment.items())) > MOST_ENVIRONMENT:
            yield Problem(
                f"{where}.environment", f"it has {size} bytes, and Lambda takes {MOST_ENVIRONMENT}", "Shorten it"
            )

    def _layer_problems(self, where: str, layer: str, layers: Mapping[str, Any]) -> Iterator[Problem]:
        if layer not in layers:
            yield _unknown(where, "layer", layer, layers)
        elif self.architecture not in layers[layer].architectures:
            why = f"the layer isn't for {self.architecture}, but for {', '.join(layers[layer].architectures)}"
            yield Problem(where, why, f"Add it to layers.{layer}.architectures")
        elif self.runtime not in layers[layer].runtimes:
            why = f"the layer isn't for {self.runtime}, but for {', '.join(layers[layer].runtimes)}"
            yield Problem(where, why, f"Add it to layers.{layer}.runtimes")

    def parts(self, name: str, network: Network | None, region: str) -> Iterator[Part]:
        """The function with its role and log group, and in a VPC its security group."""
        where, called = f"functions.{name}", f"function-{name}"
        placed = network if self.vpc else None
        yield LogGroup(name=called, where=where, retention=self.logs, on_removal="wipe")
        yield Role(
            name=called,
            where=where,
            trusts=("lambda.amazonaws.com",),
            policies={"function": self.policy(called, region), **self.policies},
            permissions_boundary=policy_id(self.permissions_boundary) if self.permissions_boundary else None,
            description=f"Function {name}",
        )
        if placed is not None:
            yield SecurityGroup(name=called, where=where, vpc=placed.vpc, description=f"Function {name}")
            outbound = tuple(Rule(protocol="all", peer=peer) for peer in ANYWHERE)
            yield Firewall(name=called, where=where, group=f"security-group/{called}", outbound=outbound)
        yield Function(
            name=name,
            where=where,
            folder=self.code,
            content=Lookup(f"built:function/{name}") if self.code else None,
            image=self.image,
            handler=self.handler,
            runtime=self.runtime if self.code else None,
            architecture=self.architecture,
            memory=self.memory,
            timeout=self.timeout,
            role=f"role/{called}",
            environment=dict(self.environment)
            | {key: reference(one, region) for key, one in self.secrets.items()}
            | {key: called_in_aws(one) for key, one in self.names.items()},
            subnets=placed.subnet_keys("private", region) if placed else (),
            groups=(f"security-group/{called}",) if placed else (),
            layers=tuple(layer if layer.startswith("arn:") else f"layer/{layer}" for layer in self.layers),
            logs=f"log-group/{called}",
            concurrency=self.concurrency,
            dead_letters=f"queue/{self.dead_letters}" if self.dead_letters else None,
        )
        for number, trigger in enumerate(self.on, 1):
            yield from trigger.parts(name, number, f"{where}.on.{number - 1}")
        for bucket in dict.fromkeys(trigger.bucket for trigger in self.on if trigger.bucket):
            yield admitting_bucket(name, bucket, f"{where}.on")
        if self.url is not None:
            yield from self.url.parts(name, f"{where}.url")

    def policy(self, called: str, region: str) -> Document:
        """What it's granted, and what Lambda needs of its role to run it. `called` is its log group's name."""
        statements = [allowing(WRITES_LOGS, text(Id(f"log-group/{called}"), ":*"))]
        statements += [statement for grant in self.can for statement in grant.statements(region)]
        statements += [statement for trigger in self.on for statement in trigger.statements()]
        statements += [reading_secret(one, region) for one in dict.fromkeys(self.secrets.values())]
        if self.dead_letters:
            statements.append(allowing(("sqs:SendMessage",), Id(f"queue/{self.dead_letters}")))
        if self.vpc:
            statements.append(allowing(HAS_INTERFACES, "*"))
        return policy_of(statements)


def _unknown(where: str, kind: str, name: str, known: Collection[str]) -> Problem:
    way_out = f"Name one of: {', '.join(sorted(known))}" if known else "Describe it there"
    return Problem(where, f"there is no {kind} {name} in the section {kind}s", way_out)
