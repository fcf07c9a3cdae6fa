"""Commands on an instance, through Systems Manager: what an application needs before and after its backup."""

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from tasks.backups.sources import Source
from tasks.errors import CastraError, code_of
from tasks.retry import worth_another_try
from tasks.scope import Scope
from tasks.waiting import wait_until

UNDER_WAY = ("Pending", "InProgress", "Delayed", "Cancelling")
SHORTEST = 30  # seconds that AWS wants to have for bringing a command to its instance


def run(scope: Scope, source: Source, commands: Sequence[str], seconds: int, what: str) -> str:
    """Run commands on a source's instance, one after the other, and wait for their end; gives what they print.

    Raises CastraError where one fails.

    Where an answer of AWS got lost, they are sent again: it must do no harm to run them twice. What doesn't run has
    nothing to prepare: there, nothing is sent.
    """
    if not commands or source.instance is None:
        return ""
    again = Retrying(
        retry=retry_if_exception(worth_another_try),
        stop=stop_after_attempt(5),
        wait=wait_exponential_jitter(multiplier=0.5, max=8),
        reraise=True,
    )
    try:
        sent = again(_send, scope, source, commands, seconds, what)
    except ClientError as error:
        if code_of(error) != "InvalidInstanceId":
            raise
        way_out = "Give it a role with AmazonSSMManagedInstanceCore, and see that its agent runs"
        raise CastraError(what, f"Systems Manager doesn't reach {source.instance}", way_out) from error
    return _await(scope, source.instance, sent, seconds, what)


def _send(scope: Scope, source: Source, commands: Sequence[str], seconds: int, what: str) -> str:
    document = "AWS-RunPowerShellScript" if source.windows else "AWS-RunShellScript"
    sent = scope.client("ssm", once=True).send_command(
        InstanceIds=[source.instance],
        DocumentName=document,
        Comment=what[:100],
        TimeoutSeconds=max(SHORTEST, seconds),
        Parameters={"commands": list(commands), "executionTimeout": [str(seconds)]},
    )
    return str(sent["Command"]["CommandId"])


def _await(scope: Scope, instance: str, sent: str, seconds: int, what: str) -> str:
    told: dict[str, Any] = {}

    def ended() -> bool:
        try:
            answer = scope.client("ssm").get_command_invocation(CommandId=sent, InstanceId=instance)
        except ClientError as error:
            if code_of(error) != "InvocationDoesNotExist":  # AWS doesn't know it in the first moment
                raise
            return False
        told.update(answer)
        return answer["Status"] not in UNDER_WAY

    wait_until(scope, ended, what, seconds + SHORTEST, lambda: f"the command is {told.get('Status', 'unknown')}")
    if told["Status"] != "Success":
        said = (told.get("StandardErrorContent") or told.get("StatusDetails", "")).strip()[-300:]
        raise CastraError(what, f"it ended with {told.get('ResponseCode')} ({told['Status']}: {said})")
    return str(told.get("StandardOutputContent", ""))
