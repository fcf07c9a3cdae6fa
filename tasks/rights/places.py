"""Where in AWS an environment's things are, as patterns of ARNs: by names and paths that begin with its own."""

import re
from collections.abc import Iterator

from blueprints.environment import Environment
from blueprints.granting import partition as partition_of
from tasks.data.replication_group import LAST, SHOWN

NAMED = {
    "autoscaling": ("{home}:autoScalingGroup:*:autoScalingGroupName/{name}--*",),
    "cloudwatch": ("{home}:alarm:castra--{name}--*",),
    "elasticache": ("{home}:*:{letter}{name}-*", "{home}:parametergroup:default.*"),
    "elasticloadbalancing": (
        "{home}:listener/*/{short}*",
        "{home}:listener-rule/*/{short}*",
        "{home}:loadbalancer/*/{short}*",
        "{home}:loadbalancer/{short}*",
        "{home}:targetgroup/{short}*",
    ),
    "events": ("{home}:rule/{name}--*",),
    "iam": tuple(
        f"{{everywhere}}:{noun}/castra/{{name}}/{{region}}/*"
        for noun in ("group", "instance-profile", "policy", "role", "user")
    ),
    "lambda": ("{home}:function:{name}--*", "{home}:layer:{name}--*", "{home}:event-source-mapping:*"),
    "logs": ("{home}:log-group:/castra/{name}/*",),
    "rds": ("{home}:*:{word}{name}-*", "{home}:og:default:*"),
    "s3": ("{bucket}{name}--*",),
    "secretsmanager": ("{home}:secret:castra/{name}/*",),
    "sns": ("{home}:{name}--*",),
    "sqs": ("{home}:{name}--*",),
    "ssm": ("{home}:parameter/castra/{name}/*",),
}
"""By the service's prefix in IAM. A balancer's name shows 25 characters at most of what it is made from.

RDS and ElastiCache take no two hyphens in a row, and want a letter first: names of theirs begin as those of an
environment do that is called the same and more. A call must be allowed on all that it names, such as AWS's own groups:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticache.html

What isn't here has ids that nobody can foretell, or takes no ARN."""


def places(service: str, environment: Environment) -> Iterator[str]:
    """The patterns of what is this environment's in a service that knows names."""
    words = words_of(environment, service)
    yield from (pattern.format(**words) for pattern in NAMED[service])
    if service == "s3":
        for called in sorted({str(name) for part in environment.parts() if (name := getattr(part, "called", None))}):
            yield from (f"{words['bucket']}{called}", f"{words['bucket']}{called}/*")
    if service == "elasticache":
        yield from (f"{words['home']}:{noun}:{start}-*" for noun, start in _cut(words["letter"], environment.name))
        for snapshot in sorted(
            {str(getattr(part, "from_snapshot", None) or "") for part in environment.parts()} - {""}
        ):
            yield f"{words['home']}:snapshot:{snapshot}"


def _cut(letter: str, name: str) -> Iterator[tuple[str, str]]:
    """What the names of caches and of their last snapshots begin with, where an environment's is cut before its end."""
    if len(name) > SHOWN:
        yield from ((noun, f"{letter}{name[:SHOWN].rstrip('-')}") for noun in ("cluster", "replicationgroup"))
    if len(start := f"{letter}{name}-") > LAST:
        yield "snapshot", start[:LAST].rstrip("-")


def words_of(environment: Environment, service: str) -> dict[str, str]:
    """What patterns are filled with: `home` is a service's ARN with region and account, `everywhere` without region."""
    partition = partition_of(environment.region)
    account, name, region = environment.account or "*", environment.name, environment.region
    cut = re.sub("^(internal-)+", "", f"{name}-"[:25])
    return {
        "partition": partition,
        "region": region,
        "name": name,
        "short": cut,
        "letter": "" if name[0].isalpha() else "c",
        "word": "" if name[0].isalpha() else "castra-",
        "home": f"arn:{partition}:{service}:{region}:{account}",
        "everywhere": f"arn:{partition}:{service}::{account}",
        "bucket": f"arn:{partition}:s3:::",
        "depot": f"arn:{partition}:s3:::castra-{account}-{region}",
        "account": account,
    }
