"""Making backups: each at most once for a slot, whatever becomes of its answer."""

from contextlib import suppress

from botocore.exceptions import BotoCoreError, ClientError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from tasks.backups.policy import Taking
from tasks.backups.record import Backup
from tasks.backups.store import Asked, Made, Store
from tasks.backups.stores import store_of
from tasks.errors import CastraError, code_of
from tasks.retry import made_nothing, when_released, worth_another_try
from tasks.scope import Scope
from tasks.waiting import wait_until

SEEN_WITHIN = 8.0  # seconds until a listing tells of what was made just now


def made_once(scope: Scope, taking: Taking) -> Made:
    """Make it; where an answer was lost, what was made is looked for before a second try."""
    store = store_of(taking.source.id)
    failures: list[BaseException] = []

    def attempt() -> Made:
        if failures and not made_nothing(failures[-1]) and (found := _found(scope, store, taking)):
            return found
        scope.go_ahead.check()
        try:
            return when_released(f"{taking.source.name}'s other snapshots", store.make, scope, taking)
        except (ClientError, BotoCoreError) as error:
            failures.append(error)
            raise

    again = Retrying(
        retry=retry_if_exception(worth_another_try),
        stop=stop_after_attempt(6),
        wait=wait_exponential_jitter(multiplier=0.5, max=8),
        reraise=True,
    )
    try:
        return again(attempt)
    except ClientError as error:
        if code_of(error) in store.taken_names and (found := _found(scope, store, taking)):
            return found
        raise


def _found(scope: Scope, store: Store, taking: Taking) -> Made | None:
    """What stands for this slot; AWS's listings lag behind by some seconds."""
    seen: list[Backup] = []

    def looked() -> bool:
        asked = Asked(scope.environment, taking.name, [taking.slot], [taking.source.id])
        listed = store.listed(scope, asked, scope.region)
        seen[:] = [backup for backup in listed if backup.state != "failed"]
        return bool(seen)

    with suppress(CastraError):
        wait_until(scope, looked, taking.deed.what, SEEN_WITHIN)
    return Made(seen[0].id, seen[0].pieces) if seen else None
