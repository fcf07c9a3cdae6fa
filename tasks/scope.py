"""Where work is done: account, region and environment, and from them clients, tags, filters and names."""

import hashlib
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader

from tasks.calls import Calls, Turns
from tasks.credentials import assuming
from tasks.errors import WrongAccount, explain
from tasks.go_ahead import Free, GoAhead
from tasks.listings import Listings

ENVIRONMENT = "castra:environment"
PART = "castra:part"
FINGERPRINT = "castra:fingerprint"
RETIRED = "castra:retired"  # replaced by a newer one with the same part, and to be removed
CREATED = "castra:created"
EXPIRES = "castra:expires"  # when the environment ends, ISO UTC; `never` is no end
EXTRA = "castra:tags"  # keys of the user's tags at the last success: one that left the blueprint since is dropped
ON_REMOVAL = "castra:on-removal"  # keep: it stays, without Castra's tags, when the environment no longer wants it
KEPT = "castra:kept"  # on what was kept: the environment that it belonged to, and may again
COPY_OF = "castra:copy-of"  # on a copy: `<region>/<id>` of what it is of
KMS_KEY = "castra:kms-key"  # chosen: EBS tells of what it encrypted which key, but not whether somebody chose it
PAUSED = "castra:paused"  # how it was before it was paused, and counts as being
RESERVED = "castra:"

CONNECTIONS = 128  # calls under way at once, over all services; further ones wait for their turn
ATTEMPTS = {"sts": 3}  # it has the first call of every run: a wrong endpoint is told in seconds, not in a minute
POLL_SECONDS = 2.0  # between two looks at something that isn't ready yet
_LOADER = Loader(include_default_search_paths=True)  # parsed service models, shared: parsing EC2's takes 0.1 s
_LOADER_LOCK = threading.Lock()


class Scope(Listings):
    """One environment in one region, as these credentials see it.

    `environment` None means all environments of the account and region (to read, not to write).
    `tags` are the user's own, given to everything that takes tags; they never decide identity. `role` is the ARN of a
    role that is assumed, for work in another account. `expires` is the end that what is made is given; `lifetime` how
    long an environment is to stand from its first raising on. `elsewhere` says that its run is in another process.
    """

    def __init__(
        self,
        environment: str | None,
        region: str,
        *,
        tags: Mapping[str, str] | None = None,
        account: str | None = None,
        role: str | None = None,
        poll_seconds: float | None = None,
        go_ahead: GoAhead | None = None,
        expires: datetime | None = None,
        lifetime: timedelta | None = None,
    ) -> None:
        self.expires, self.lifetime, self._ahead = expires, lifetime, timedelta()
        self.environment, self.region = environment, region
        self.tags, self.expected_account, self.role = dict(tags or {}), account or None, role or None
        super().__init__(poll_seconds or POLL_SECONDS)
        self.go_ahead = go_ahead or Free()
        self.calls, self._turns = Calls(), Turns(CONNECTIONS)
        self._clients: dict[tuple[str, bool, str], Any] = {}
        self._making = threading.RLock()
        self.elsewhere, self._run = False, uuid.uuid4().hex

    def __reduce__(self) -> tuple[Any, ...]:
        """Scopes travel to other processes by what they were made from; there, a run's steps share one."""
        made = {"account": self.expected_account, "role": self.role, "poll_seconds": self.poll_seconds}
        now = {"tags": self.tags, "expires": self.expires, "lifetime": self.lifetime}
        return _remake, (self._run, self.environment, self.region, made, now, self.go_ahead.elsewhere())

    def __repr__(self) -> str:
        return f"Scope({self.environment!r}, {self.region!r})"

    # ------------------------------------------------------------------ clients

    @cached_property
    def _session(self) -> Any:
        session = botocore.session.Session()
        session.register_component("data_loader", _LOADER)
        if self.role:
            session.register_component("credential_provider", assuming(self.role, self.region))
        events = session.get_component("event_emitter")
        events.register("before-call", self.calls.note)
        self._turns.watch(events)
        return boto3.Session(botocore_session=session, region_name=self.region)

    def client(self, service: str, *, once: bool = False, region: str = "") -> Any:
        """A client for a service, made once. With `once`, requests are never sent again by botocore.

        Botocore repeats a create whose answer was lost, and makes two where the call has neither ClientToken nor unique
        name. Such calls are sent `once`; what they made is looked for by tag before a second try. `region` is another
        one than the environment's, for what AWS has in one region only.
        """
        key = (service, once, region or self.region)
        with self._making:
            if key not in self._clients:
                attempts = 1 if once else ATTEMPTS.get(service, 10)
                retries = {"mode": "adaptive", "total_max_attempts": attempts}
                config = Config(retries=retries, max_pool_connections=CONNECTIONS)
                with _LOADER_LOCK:
                    self._clients[key] = self._session.client(service, region_name=key[2], config=config)
            return self._clients[key]

    def before_each_call(self, service: str, handler: Callable[..., None]) -> None:
        """Have botocore's `before-call` of a service handled, too. Clients that are made already don't know of it."""
        self._session.events.register(f"before-call.{service}", handler)

    def after_each_answer(self, service: str, handler: Callable[..., None]) -> None:
        """So with `needs-retry`, which tells the answer to each try."""
        self._session.events.register(f"needs-retry.{service}", handler)

    @property
    def ec2(self) -> Any:
        """The EC2 client, with adaptive retries."""
        return self.client("ec2")

    @property
    def ec2_once(self) -> Any:
        """The EC2 client for creates that must not be repeated blindly."""
        return self.client("ec2", once=True)

    @property
    def iam(self) -> Any:
        """The IAM client."""
        return self.client("iam")

    @property
    def autoscaling(self) -> Any:
        """The Auto Scaling client."""
        return self.client("autoscaling")

    @property
    def elbv2(self) -> Any:
        """The Elastic Load Balancing v2 client."""
        return self.client("elbv2")

    @cached_property
    def account(self) -> str:
        """The caller's account id. Raises Unreadable, or WrongAccount where another was expected."""
        try:
            answer = self.client("sts").get_caller_identity()
            account = str(answer["Account"])
            self._ahead = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]) - datetime.now(UTC)
        except (BotoCoreError, ClientError) as error:
            raise explain(error, "Finding out whose credentials these are") from error
        if self.expected_account and self.expected_account != account:
            raise WrongAccount(
                "account",
                f"the blueprint is for account {self.expected_account}, the credentials belong to {account}",
                "Use the credentials of that account, or change `account:`",
            )
        return account

    @property
    def now(self) -> datetime:
        """The time in UTC by AWS's clock, give or take a second: a machine whose clock is wrong ends nothing."""
        _ = self.account
        return datetime.now(UTC) + self._ahead

    # ------------------------------------------------------------------ reading

    def pages(self, service: str, operation: str, result: str, *, region: str = "", **arguments: Any) -> Iterator[Any]:
        """All items of a paginated listing: `scope.pages("ec2", "describe_vpcs", "Vpcs", Filters=scope.filters)`."""
        for page in self.client(service, region=region).get_paginator(operation).paginate(**arguments):
            yield from page.get(result, [])

    @property
    def filters(self) -> list[dict[str, Any]]:
        """The filter, as EC2 and Auto Scaling take it, for what carries this environment's tag."""
        if self.environment is None:
            return [{"Name": "tag-key", "Values": [ENVIRONMENT]}]
        return [{"Name": f"tag:{ENVIRONMENT}", "Values": [self.environment]}]

    def owns(self, tags: Mapping[str, str]) -> bool:
        """Whether tags name this environment (any environment, where the scope is of all)."""
        owner = tags.get(ENVIRONMENT)
        return owner is not None and self.environment in (None, owner)

    # ------------------------------------------------------------------ tags and names

    def birth_tags(self, key: str, fingerprint: str | None) -> dict[str, str]:
        """All tags that a new resource is given: a name, the user's own, and identity, which nothing overrides."""
        identity = {ENVIRONMENT: self.environment or "", PART: key, CREATED: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        if fingerprint:
            identity[FINGERPRINT] = fingerprint
        if self.expires:
            identity[EXPIRES] = f"{self.expires:%Y-%m-%dT%H:%M:%SZ}"
        return self.wanted_tags(key) | identity  # whatever the user's own tags are

    def wanted_tags(self, key: str) -> dict[str, str]:
        """The tags that are compared and kept: `Name`, the user's own, and which those are."""
        return wanted_tags(self.environment, self.tags, key)

    def name(
        self, part: str, limit: int = 255, *, variant: str = "", everywhere: bool = False, double_hyphens: bool = True
    ) -> str:
        """A readable name of at most `limit` characters, with a short hash where it must be cut.

        `variant` sets apart a new one from the one it replaces; `everywhere` adds the region, for global services.
        Only letters, digits and hyphens come out. The pieces are joined by two hyphens, which none of them contains, so
        that no two parts of two environments can ever get one name. Where a service refuses two hyphens in a row
        (`double_hyphens=False`), one joins them, and the hash, which is always there then, keeps names apart.
        """
        pieces = [self.environment or "", part, self.region if everywhere else ""]
        full = "--".join(piece for piece in (*pieces, variant) if piece)
        if double_hyphens and len(full) <= limit:
            return full
        shown = full if double_hyphens else "-".join(piece for piece in pieces if piece)
        return f"{shown[: limit - 7].rstrip('-')}-{short_hash(full)}"

    def bucket_name(self, part: str, environment: str = "") -> str:
        """A bucket's name, unique in the world by account and region: it begins with the environment's, and has at most
        63 characters. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
        """
        full = "--".join((environment or self.environment or "", part, self.account, self.region))
        return full if len(full) <= 63 else f"{full[:56].rstrip('-')}-{short_hash(full)}"

    def token(self, key: str, *more: str) -> str:
        """A ClientToken: the same for the same environment, part and `more` (the attempt's generation, say)."""
        return hashlib.sha256("|".join([self.environment or "", self.region, key, *more]).encode()).hexdigest()[:40]


_travelled: dict[str, Scope] = {}
_travelling = threading.Lock()
TRAVELLED = 8  # runs whose scopes a process remembers


def _remake(
    run: str,
    environment: str | None,
    region: str,
    made: dict[str, Any],
    now: dict[str, Any],
    go_ahead: Callable[[Any], GoAhead],
) -> Scope:
    """The scope of a run that is in another process: its clients are dear, and its listings are for all steps here."""
    with _travelling:
        if run not in _travelled:
            while len(_travelled) >= TRAVELLED:
                _travelled.pop(next(iter(_travelled)))
            scope = _travelled[run] = Scope(environment, region, **made)
            scope.elsewhere, scope.go_ahead = True, go_ahead(scope)
        scope = _travelled[run]
        scope.tags, scope.expires, scope.lifetime = now["tags"], now["expires"], now["lifetime"]
        return scope


def wanted_tags(environment: str | None, tags: Mapping[str, str], key: str) -> dict[str, str]:
    """`Name`, the user's own tags, and the list of the latter's keys. Pure."""
    extra = {EXTRA: " ".join(sorted(tags))} if tags else {}
    return {"Name": f"{environment}-{key.partition('/')[2]}"} | dict(tags) | extra


def short_hash(text: str) -> str:
    """Six hexadecimal digits of a text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:6]


def as_dict(tags: list[dict[str, str]] | None) -> dict[str, str]:
    """AWS's list of Key and Value as a dict."""
    return {tag["Key"]: tag["Value"] for tag in tags or []}


def as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """A dict of tags as AWS's list of Key and Value."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
