"""Who may change an environment now: a lease in the account's depot bucket, taken by S3's conditional writes.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
"""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from tasks.errors import Halted, Held, LeaseLost, code_of, explain
from tasks.progress import Event, announce
from tasks.scope import Scope

SECONDS = 20.0
TAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")
"""What S3 answers where it isn't as our condition says: another's, being written just now, or gone."""
halt = threading.Event()
"""Set to ask the runs of this process to start no new step."""


@dataclass(frozen=True)
class Holding:
    """What a lease says, and how old it is by S3's own clock: no two machines' clocks are ever compared."""

    etag: str
    token: str
    holder: str
    seconds: float
    age: float
    halted: bool = False

    @property
    def expired(self) -> bool:
        """Whether its holder hasn't renewed it in time. S3 tells whole seconds, so one is added on each side."""
        return self.age > self.seconds + 2


class _NotYet(Exception):
    """It can't be had yet; perhaps its holder is dead."""


class Lease:
    """The right to change one environment, or what a lease `of` its own is for. `check` is asked before each write."""

    def __init__(self, scope: Scope, holder: str, seconds: float = SECONDS, of: str = "") -> None:
        self._scope, self._holder, self._seconds = scope, holder, seconds
        self.key = "--".join(filter(None, (scope.environment, of)))
        self._what = _named(scope.environment, of)
        self._token, self._renewals = uuid.uuid4().hex, 0
        self._etag, self._valid_until, self._lost = "", 0.0, ""
        self._stop, self._turn = threading.Event(), threading.Lock()

    # ------------------------------------------------------------------ what a run asks

    def check(self) -> None:
        """Raise Halted or LeaseLost unless this run may go on writing."""
        if halt.is_set():
            raise _halted()
        if self._lost or time.monotonic() > self._valid_until:
            raise _lost(self._what, self._lost or f"it couldn't be renewed for {self._seconds:.0f} s")

    def elsewhere(self) -> "Callable[[Scope], Witness]":
        """What asks the lease itself, for steps in another process."""
        return partial(Witness, key=self.key, token=self._token, what=self._what)

    def take(self) -> None:
        """Take it. One that isn't free is watched until it's renewed (Held), or has expired (taken over)."""
        first: Holding | None = None
        patience = Retrying(
            retry=retry_if_exception_type(_NotYet),
            wait=wait_fixed(0.5),
            stop=stop_after_delay(6 * self._seconds),
            retry_error_callback=lambda _: None,
        )
        try:
            for attempt in patience:
                with attempt:
                    holding = self._taken_or_held()
                    if holding is None:
                        return
                    if first and first.etag != holding.etag:
                        first = holding
                        break  # it was renewed, or taken by somebody else: somebody is alive
                    first = first or holding
                    announce(Event("waiting", "lease", f"held by {first.holder}; waiting to see whether it's alive"))
                    raise _NotYet
        except (BotoCoreError, ClientError) as error:
            raise explain(error, "Taking the lease", ("s3:PutObject", "s3:GetObject", "s3:CreateBucket")) from error
        holder = first.holder if first else "another run"
        raise Held(self._what, f"{holder} is changing it", "Wait until it's done, or stop it")

    def keep(self) -> None:
        """Renew it until it's given back or lost; for a thread of its own."""
        while not self._lost and not self._stop.wait(self._seconds / 4):
            with self._turn, suppress(BotoCoreError, ClientError):
                self._renew()  # what fails is tried again at the next turn; `check` stops the run when it's too late

    def give_back(self) -> None:
        """Remove it, if it's still ours."""
        self._stop.set()
        try:
            with self._turn:  # a renewal that is under way changes the ETag
                self._s3.delete_object(**self._place, IfMatch=self._etag)
        except (BotoCoreError, ClientError) as error:
            if code_of(error) not in TAKEN:
                announce(Event("waiting", "lease", f"it couldn't be given back ({error}); it expires by itself"))

    # ------------------------------------------------------------------ how

    @property
    def _s3(self) -> Any:
        return self._scope.client("s3")

    @property
    def _place(self) -> dict[str, str]:
        return _place_of(self._scope, self.key)

    def _put(self, **condition: str) -> None:
        """Write it; valid from when the request was sent."""
        sent, self._renewals = time.monotonic(), self._renewals + 1
        body = {"holder": self._holder, "token": self._token, "seconds": self._seconds, "renewals": self._renewals}
        body |= {"halted": halt.is_set()}
        answer = self._s3.put_object(**self._place, Body=json.dumps(body).encode(), **condition)
        self._etag, self._valid_until = answer["ETag"], sent + self._seconds

    def _renew(self) -> None:
        if self._stop.is_set():
            return
        try:
            self._put(IfMatch=self._etag)
        except ClientError as error:
            if code_of(error) not in TAKEN:
                raise
            holding = holding_of(self._scope, self.key)
            if holding is None or holding.token != self._token:
                self._lost = _whose(holding)
            else:
                self._etag = holding.etag  # our own renewal, whose answer was lost

    def _taken_or_held(self) -> Holding | None:
        """One try: None if it's ours now, else whose it is."""
        try:
            self._put(IfNoneMatch="*")
            return None
        except ClientError as error:
            if code_of(error) == "NoSuchBucket":
                make_depot(self._scope)
                raise _NotYet from error
            if code_of(error) not in TAKEN:
                raise
        holding = holding_of(self._scope, self.key)
        if holding is None:
            raise _NotYet
        if holding.token != self._token and not holding.expired:
            return holding
        try:
            self._put(IfMatch=holding.etag)
            return None
        except ClientError as error:
            if code_of(error) in TAKEN:
                raise _NotYet from error
            raise


class Witness:
    """The go-ahead of a run's steps in a process that isn't the holder's: it reads the lease, at most every 5 s."""

    def __init__(self, scope: Scope, key: str, token: str, what: str) -> None:
        self._scope, self._key, self._token, self._what = scope, key, token, what
        self._seen: Holding | None = None
        self._valid_until, self._due, self._turn = 0.0, float("-inf"), threading.Lock()

    def check(self) -> None:
        """Raise Halted or LeaseLost unless the run may go on writing."""
        with self._turn:
            if time.monotonic() >= self._due:
                self._look()
            if self._seen is None or self._seen.token != self._token:
                raise _lost(self._what, _whose(self._seen))
            if self._seen.halted:
                raise _halted()
            if time.monotonic() > self._valid_until:
                raise _lost(self._what, f"it wasn't renewed for {self._seen.seconds:.0f} s")

    def elsewhere(self) -> "Callable[[Scope], Witness]":
        """The same."""
        return partial(Witness, key=self._key, token=self._token, what=self._what)

    def _look(self) -> None:
        """What the lease says; a read that fails changes nothing, as long as what was read before is valid."""
        asked = time.monotonic()
        try:
            self._seen = holding_of(self._scope, self._key)
        except (BotoCoreError, ClientError) as error:
            if asked > self._valid_until:
                raise explain(error, f"Reading the lease of {self._what}", ("s3:GetObject",)) from error
            return
        if self._seen:
            # S3 tells whole seconds: a lease may be two older than it looks, one on each side.
            self._valid_until = asked + self._seen.seconds - self._seen.age - 2
            self._due = asked + self._seen.seconds / 4


def _place_of(scope: Scope, key: str) -> dict[str, str]:
    bucket = depot(scope.account, scope.region)
    return {"Bucket": bucket, "Key": f"leases/{key}.json", "ExpectedBucketOwner": scope.account}


def holding_of(scope: Scope, key: str) -> Holding | None:
    """What a lease says now; None where nobody holds it."""
    try:
        answer = scope.client("s3").get_object(**_place_of(scope, key))
    except ClientError as error:
        if code_of(error) == "NoSuchKey":
            return None
        raise
    now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    body = json.loads(answer["Body"].read())
    age = (now - answer["LastModified"]).total_seconds()
    return Holding(answer["ETag"], body["token"], body["holder"], body["seconds"], age, body.get("halted", False))


def _halted() -> Halted:
    return Halted("halt", "the run was asked to stop", "Run the same command again to go on")


def _lost(what: str, why: str) -> LeaseLost:
    return LeaseLost(f"lease of {what}", why, "Run the same command again: it goes on")


def _whose(holding: Holding | None) -> str:
    return f"{holding.holder} has taken it over" if holding else "somebody removed it"


def depot(account: str, region: str) -> str:
    """The name of the account's bucket for what Castra itself must keep; leases, so far."""
    return f"castra-{account}-{region}"


def make_depot(scope: Scope) -> None:
    """Make the depot bucket: private, and encrypted as S3 does by default. It belongs to the account."""
    bucket = depot(scope.account, scope.region)
    where = {} if scope.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": scope.region}}
    try:
        scope.client("s3").create_bucket(Bucket=bucket, **where)
    except ClientError as error:
        if code_of(error) == "OperationAborted":
            return  # another run is making it just now, and closes it
        if code_of(error) != "BucketAlreadyOwnedByYou":
            raise
    closed = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    scope.client("s3").put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=closed)


def _named(environment: str | None, of: str) -> str:
    return f"{of} of {environment}" if of and environment else of or f"environment {environment}"


@contextmanager
def lease(scope: Scope, holder: str, seconds: float = SECONDS, of: str = "") -> Iterator[Lease]:
    """Hold the environment's lease within; every write of `scope` asks it first. Raises Held.

    With `of` ("backups"), it's one beside the environment's own, for work that a raising doesn't disturb; it is the
    account's, in its region, where the scope is of no environment.
    """
    held = Lease(scope, holder, seconds, of)
    held.take()
    keeper = threading.Thread(target=held.keep, name=f"lease {held.key}", daemon=True)
    keeper.start()
    before, scope.go_ahead = scope.go_ahead, held
    try:
        yield held
    finally:
        scope.go_ahead = before
        held.give_back()
        keeper.join()
