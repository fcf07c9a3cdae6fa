"""Waiting for AWS, polled densely: with botocore's waiters, or by a question of one's own."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import WaiterError
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from tasks.errors import CastraError
from tasks.scope import Scope


def wait_for(scope: Scope, service: str, waiter: str, what: str, within: float, **arguments: Any) -> None:
    """Wait with one of botocore's waiters. `within` is in seconds; raises CastraError with the last answer's reason.

    Botocore's own intervals of 15 to 60 s cost half an interval for each resource; these are `scope.poll_seconds`.
    """
    attempts = max(2, int(within / scope.poll_seconds))
    config = {"Delay": scope.poll_seconds, "MaxAttempts": attempts}
    try:
        scope.client(service).get_waiter(waiter).wait(**arguments, WaiterConfig=config)
    except WaiterError as error:
        why = f"it isn't ready after {within:.0f} s ({error})"
        raise CastraError(what, why, "Run again to go on waiting") from error


def wait_until(
    scope: Scope, done: Callable[[], bool], what: str, within: float, why: Callable[[], str] | None = None
) -> None:
    """Ask every `scope.poll_seconds` until the answer is yes, where botocore has no waiter. `within` is in seconds.

    Raises CastraError afterwards; `why` is asked for the reason.
    """
    patience = Retrying(
        retry=retry_if_result(lambda yes: not yes),
        wait=wait_fixed(scope.poll_seconds),
        stop=stop_after_delay(within),
        retry_error_callback=lambda _: False,
    )
    if not patience(done):
        reason = why() if why else "it isn't as it should be"
        raise CastraError(what, f"after {within:.0f} s, {reason}", "Run again to go on waiting")
