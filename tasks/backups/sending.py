"""One copy of a backup: sent to another region, awaited, and shared with another account. Nothing is made twice."""

import threading
from collections import defaultdict
from contextlib import suppress

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_exponential_jitter

from tasks.backups.carrier import Carrier
from tasks.backups.copying import Wanted
from tasks.backups.stores import store_of
from tasks.errors import CastraError, code_of
from tasks.operation import Deed
from tasks.progress import waiting
from tasks.retry import classify, made_nothing, when_visible, worth_another_try
from tasks.scope import Scope
from tasks.waiting import wait_until

AT_ONCE = 20  # copies of a store to one region: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-copy-snapshot.html
DAY = 86_400.0  # seconds; a first copy carries all data of a volume
SEEN_WITHIN = 8.0  # seconds until a listing tells of what was made just now
FULL = frozenset({"ResourceLimitExceeded", "SnapshotQuotaExceeded"})


class Courier:
    """Carries out what a plan of copies says, from many threads: at most 20 copies of a store to a region at once."""

    def __init__(self, scope: Scope, wanted: dict[str, Wanted]) -> None:
        self.scope, self.wanted = scope, wanted
        self._rooms: dict[tuple[str, str], threading.BoundedSemaphore] = defaultdict(
            lambda: threading.BoundedSemaphore(AT_ONCE)
        )
        self._lock = threading.Lock()

    def carry_out(self, deed: Deed) -> Deed:
        """Copy or share one thing. One that is there already is waited for."""
        wanted = self.wanted[deed.what]
        store = store_of(wanted.id)
        carrier = store.carrier
        assert carrier is not None  # a plan wants copies of no others
        if deed.action == "share":
            id = str(wanted.there)
        else:
            with self._room(store.noun, wanted.home.region):
                self.scope.go_ahead.check()
                id = self._sent(carrier, wanted)
                self._await(carrier, wanted, id)
        if wanted.home.accounts:
            self.scope.go_ahead.check()
            carrier.share(self.scope, wanted, id)
        return deed.model_copy(update={"id": id})

    def _room(self, store: str, region: str) -> threading.BoundedSemaphore:
        with self._lock:
            return self._rooms[store, region]

    def _sent(self, carrier: Carrier, wanted: Wanted) -> str:
        """The id of the copy: the one under way, or a new one. What failed before makes room for it."""
        if wanted.there:
            return wanted.there
        if wanted.failed:
            for id in [id for id, _, state in carrier.copies(self.scope, wanted) if state == "failed"]:
                self.scope.go_ahead.check()
                carrier.clear(self.scope, wanted, id)
        return self._patiently(carrier, wanted)

    def _patiently(self, carrier: Carrier, wanted: Wanted) -> str:
        """Send it, and again after an error that passes, such as too many copies of others; but look for it first."""
        lost: list[BaseException] = []

        def once() -> str:
            if lost and not (made_nothing(lost[-1]) or _full(lost[-1])) and (id := self._made(carrier, wanted)):
                return id
            self.scope.go_ahead.check()
            try:
                return carrier.send(self.scope, wanted)
            except Exception as error:
                if code_of(error) in carrier.taken_names and (id := self._made(carrier, wanted)):
                    return id
                lost.append(error)
                if _full(error):
                    waiting("waiting for other copies to that region to end")
                raise

        poll = self.scope.poll_seconds
        return Retrying(
            retry=retry_if_exception(worth_another_try),
            wait=wait_exponential_jitter(multiplier=poll, max=15 * poll, jitter=poll),
            stop=stop_after_delay(DAY),
            reraise=True,
        )(once)

    def _made(self, carrier: Carrier, wanted: Wanted) -> str | None:
        """The copy that a try has made whose answer was lost; it may show itself late."""
        found: list[str] = []

        def seen() -> bool:
            copies = carrier.copies(self.scope, wanted)
            found[:] = [id for id, place, state in copies if place == wanted.place and state != "failed"]
            return bool(found)

        with suppress(CastraError):  # nothing was made
            wait_until(self.scope, seen, wanted.name, SEEN_WITHIN)
        return found[0] if found else None

    def _await(self, carrier: Carrier, wanted: Wanted, id: str) -> None:
        """Wait until it's complete: one listing of all that is under way for all that wait."""

        def complete() -> bool:
            if id in carrier.under_way(self.scope, wanted):
                return False
            state, why = when_visible(f"copy {id}", carrier.state, self.scope, wanted, id)
            if state == "failed":
                raise CastraError(wanted.name, why or "the copy has failed", "Run again: another one is made")
            return state == "complete"

        wait_until(self.scope, complete, wanted.name, DAY, lambda: "it isn't complete")


def _full(error: BaseException) -> bool:
    """Whether it was refused because too much is being copied already: it made nothing."""
    return code_of(error) in FULL and classify(error) != "final"
