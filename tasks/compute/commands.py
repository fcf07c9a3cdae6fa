"""Scripts on instances, run as root by Systems Manager's agent.

https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command.html
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tasks.errors import CastraError, code_of
from tasks.retry import classify
from tasks.scope import Scope
from tasks.waiting import wait_until

ACTIONS = ("ssm:GetCommandInvocation", "ssm:ListCommands", "ssm:SendCommand")
REACHED_WITHIN = 600.0  # seconds until the agent of a new machine has told of itself
SHORTEST = 30  # seconds that AWS wants to have for bringing a script to its machine
UNDER_WAY = ("Pending", "InProgress", "Delayed", "Cancelling")
TOLD = 600  # characters of a script's last words
LONGEST_COMMENT = 100


@dataclass
class _Script:
    """One script on its way: what it is called in AWS, and whether an answer about it was lost."""

    scope: Scope
    instance: str
    lines: Sequence[str]
    within: float
    label: str
    windows: bool
    unsure: bool = False
    id: str = ""
    told: dict[str, Any] = field(default_factory=dict)

    def reached(self) -> bool:
        """Send it, unless it was sent; False where the machine isn't reached yet, or it isn't known."""
        if self.unsure:
            self.id = self._known()
        self.id = self.id or self._send()
        return bool(self.id)

    def _send(self) -> str:
        self.scope.go_ahead.check()
        stop_at_the_first = '$ErrorActionPreference = "Stop"' if self.windows else "set -e"
        seconds = str(int(self.within))
        try:
            answer = self.scope.client("ssm", once=True).send_command(
                InstanceIds=[self.instance],
                DocumentName="AWS-RunPowerShellScript" if self.windows else "AWS-RunShellScript",
                Comment=self.label,
                TimeoutSeconds=max(SHORTEST, int(self.within)),
                Parameters={"commands": [stop_at_the_first, *self.lines], "executionTimeout": [seconds]},
            )
        except (BotoCoreError, ClientError) as error:
            if code_of(error) == "InvalidInstanceId":
                return ""
            if classify(error) not in ("broken", "throttled"):
                raise
            self.unsure = True
            return ""
        return str(answer["Command"]["CommandId"])

    def _known(self) -> str:
        """The command of this label, if it was sent."""
        sent = self.scope.pages("ssm", "list_commands", "Commands", InstanceId=self.instance)
        return next((str(one["CommandId"]) for one in sent if one.get("Comment") == self.label), "")

    def ended(self) -> bool:
        """Ask how it stands. AWS doesn't know it in the first moment."""
        try:
            answer = self.scope.client("ssm").get_command_invocation(CommandId=self.id, InstanceId=self.instance)
        except ClientError as error:
            if code_of(error) != "InvocationDoesNotExist":
                raise
            return False
        self.told = dict(answer)
        return answer["Status"] not in UNDER_WAY


def run_script(
    scope: Scope,
    instance: str,
    lines: Sequence[str],
    what: str,
    within: float,
    label: str,
    *,
    windows: bool = False,
    reached_within: float | None = None,
) -> str:
    """Run these lines as one script that ends with the first that fails, and wait for its end; gives what it prints.

    It is sent once: `label` marks it, and where an answer was lost it is looked for. `within` and `reached_within` are
    in seconds: for its end, and for the machine to be reached. On Windows PowerShell runs it, which goes on after a
    program that fails, but not after a cmdlet that does. Raises CastraError with the script's last words.
    """
    script = _Script(scope, instance, lines, within, label[:LONGEST_COMMENT], windows)
    patience = REACHED_WITHIN if reached_within is None else reached_within
    needs = f"{instance} needs its agent, a way to AWS, and a role with AmazonSSMManagedInstanceCore"
    wait_until(scope, script.reached, what, patience, lambda: f"Systems Manager doesn't reach it: {needs}")
    waited = within + max(SHORTEST, within)
    wait_until(scope, script.ended, what, waited, lambda: f"it is {script.told.get('Status', 'not begun')}")
    if script.told["Status"] != "Success":
        told = script.told
        said = (told.get("StandardErrorContent") or told.get("StandardOutputContent") or "").strip()[-TOLD:]
        why = f"it ended as {told['Status']}, with {told.get('ResponseCode')}" + (f": {said}" if said else "")
        raise CastraError(what, why, "Mend the script, and run again")
    return str(script.told.get("StandardOutputContent", ""))
