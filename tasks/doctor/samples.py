"""An ARN that stands for all that a pattern of a policy is for: what IAM is asked about. Pure."""

import re
from collections.abc import Iterator

from tasks.rights.statement import Statement, listed

EC2 = {
    "address": "elastic-ip",
    "flowlogs": "vpc-flow-log",
    "iaminstanceprofile": "instance",
    "image": "image",
    "instance": "instance",
    "internetgateway": "internet-gateway",
    "keypair": "key-pair",
    "launchtemplate": "launch-template",
    "natgateway": "natgateway",
    "networkinterface": "network-interface",
    "route": "route-table",
    "securitygroup": "security-group",
    "snapshot": "snapshot",
    "subnet": "subnet",
    "tags": "vpc",
    "volume": "volume",
    "vpc": "vpc",
    "vpcendpoint": "vpc-endpoint",
}
"""What an action of EC2 is about, by the noun in its name; the longest one counts."""
TYPES = {"elasticache": "cluster", "rds": "db"}
"""What stands for any type of theirs."""
IAM = ("instanceprofile", "user", "loginprofile", "accesskey", "group", "role", "policy")
IAM_TYPES = {"instanceprofile": "instance-profile", "loginprofile": "user", "accesskey": "user"}


def samples(action: str, statement: Statement, account: str) -> list[str]:
    """The ARNs to ask about, of which one that is allowed is enough; `*` where the action takes none."""
    service, _, operation = action.lower().partition(":")
    patterns = [str(one) for one in listed(statement["Resource"])]
    if patterns == ["*"]:
        return ["*"]
    if service == "iam":
        noun = next((one for one in IAM if one in operation), "")
        typed = [one for one in patterns if f":{IAM_TYPES.get(noun, noun)}/" in one]
        patterns = typed or patterns
    return [_filled(one, service, operation, account) for one in patterns]


def context_of(statement: Statement) -> list[dict[str, object]]:
    """The keys of its conditions with a value that fits, as SimulatePrincipalPolicy takes them."""
    tests = statement.get("Condition", {}).get("StringEquals", {})
    return [
        {"ContextKeyName": key, "ContextKeyValues": [listed(values)[0]], "ContextKeyType": "string"}
        for key, values in tests.items()
    ]


def _filled(pattern: str, service: str, operation: str, account: str) -> str:
    home = re.sub(r"^(arn:[^:]*:[^:]*:[^:]*):\*", rf"\1:{account}", pattern)
    if service == "ec2" and home.endswith(":*"):
        noun = max(_nouns(operation), key=len, default="vpc")
        home = f"{home[:-1]}{EC2[noun]}/*"
    if service in TYPES:
        home = home.replace(":*:", f":{TYPES[service]}:")
    return home.replace("castra-*-", f"castra-{account}-").replace("*", "castra")


def _nouns(operation: str) -> Iterator[str]:
    yield from (noun for noun in EC2 if noun in operation)
