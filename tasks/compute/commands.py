"""Scripts on instances, run as root by Systems Manager's agent.

https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command.html
"""

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tasks.errors import CastraError, code_of
from tasks.retry import classify
from tasks.scope import Scope
from tasks.waiting import wait_until

ACTIONS = ("ssm:GetCommandInvocation", "ssm:ListCommands", "ssm:SendCommand")
REACHED_WITHIN = 600.0  # seconds until the agent of a new machine has told of itself
UNDER_WAY = ("Pending", "InProgress", "Delayed", "Cancelling")
TOLD = 600  # characters of a script's last words
LONGEST_COMMENT = 100


def run_script(scope: Scope, instance: str, lines: Sequence[str], what: str, within: float, label: str) -> None:
    """Run these lines as one script, that ends with the first that fails, and wait for its end. `within` is in seconds.

    It is sent once: `label` marks it, and where an answer was lost it is looked for. Raises CastraError with the
    script's last words.
    """
    command = _sent(scope, instance, ("set -e", *lines), what, within, label[:LONGEST_COMMENT])
    told: dict[str, Any] = {}

    def ended() -> bool:
        told.update(_told(scope, command, instance))
        return told.get("Status", "Pending") not in UNDER_WAY

    wait_until(scope, ended, what, within + 60, lambda: f"it is {told.get('Status', 'not begun')}")
    if told["Status"] != "Success":
        said = (told.get("StandardErrorContent") or told.get("StandardOutputContent") or "").strip()[-TOLD:]
        why = f"it ended as {told['Status']}, with {told.get('ResponseCode')}" + (f": {said}" if said else "")
        raise CastraError(what, why, "Mend the script, and run again")


def _sent(scope: Scope, instance: str, lines: Sequence[str], what: str, within: float, label: str) -> str:
    """The id of the command, sent once the machine can be reached."""
    found = {"id": "", "unsure": ""}

    def reached() -> bool:
        if found["unsure"]:
            found["id"] = _known(scope, instance, label)
        found["id"] = found["id"] or _send(scope, instance, lines, within, label, found)
        return bool(found["id"])

    def why() -> str:
        return (
            "Systems Manager doesn't reach it: it needs the agent, a way to AWS, and an instance profile that lets it"
        )

    wait_until(scope, reached, what, REACHED_WITHIN, why)
    return found["id"]


def _send(scope: Scope, instance: str, lines: Sequence[str], within: float, label: str, found: dict[str, str]) -> str:
    """One try: empty where the machine isn't reached yet, or it isn't known whether it was sent."""
    scope.go_ahead.check()
    parameters = {"commands": list(lines), "executionTimeout": [str(int(within))]}
    asked = {"InstanceIds": [instance], "DocumentName": "AWS-RunShellScript", "Comment": label}
    try:
        answer = scope.client("ssm", once=True).send_command(**asked, Parameters=parameters)
    except (BotoCoreError, ClientError) as error:
        if code_of(error) == "InvalidInstanceId":
            return ""
        if classify(error) not in ("broken", "throttled"):
            raise
        found["unsure"] = "yes"
        return ""
    return str(answer["Command"]["CommandId"])


def _known(scope: Scope, instance: str, label: str) -> str:
    """The command of this label, if it was sent."""
    sent = scope.pages("ssm", "list_commands", "Commands", InstanceId=instance)
    return next((str(one["CommandId"]) for one in sent if one.get("Comment") == label), "")


def _told(scope: Scope, command: str, instance: str) -> dict[str, Any]:
    try:
        told: dict[str, Any] = scope.client("ssm").get_command_invocation(CommandId=command, InstanceId=instance)
    except ClientError as error:
        if code_of(error) == "InvocationDoesNotExist":
            return {}
        raise
    return told
