"""Errors for people: what happened, why, and the way out.

CastraError
├── Invalid              the document or the call is wrong; nothing was tried          exit 2
├── Refused              AWS or the document forbids going on; nothing was changed     exit 1
│   ├── Ambiguous        two resources carry one part's tags
│   ├── Held             another run holds the environment's lease
│   ├── WrongAccount     the credentials belong to another account than `account:`
│   ├── NeedsReplacing   a part can't be changed in place, and holds something
│   ├── Protected        something that would have to go has its deletion protection on
│   ├── Moved            the world has moved since the plan was approved
│   └── Declined         somebody was asked, and said no or nothing
├── Unreadable           AWS couldn't be read: credentials, permission, network        exit 1
├── LeaseLost            the lease couldn't be renewed in time; this run writes no more
├── Halted               the run was asked to stop; no new step was started
└── Failed               some steps failed; says which, what was held back, what stands
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
)

from blueprints.problem import CastraError, Invalid, Problem

__all__ = [
    "Ambiguous",
    "CastraError",
    "Declined",
    "Failed",
    "Halted",
    "Held",
    "Invalid",
    "LeaseLost",
    "Moved",
    "NeedsReplacing",
    "Problem",
    "Protected",
    "Refused",
    "Unreadable",
    "WrongAccount",
    "code_of",
    "explain",
    "gone_is_fine",
    "refuse_unless",
]


class Refused(CastraError):
    """Going on is forbidden; nothing was changed."""


class Ambiguous(Refused):
    """Two resources carry one part's tags."""


class Held(Refused):
    """Another run holds the environment's lease."""


class WrongAccount(Refused):
    """The credentials belong to another account than the document names."""


class NeedsReplacing(Refused):
    """A part can't be changed in place, and holds something."""


class Protected(Refused):
    """Something that would have to go has its deletion protection on."""


class Moved(Refused):
    """The world has moved since the plan was approved."""


class Declined(Refused):
    """Somebody was asked, and said no or nothing."""


class Unreadable(CastraError):
    """AWS couldn't be read."""


class LeaseLost(CastraError):
    """The lease couldn't be renewed in time; this run writes no more."""


class Halted(CastraError):
    """The run was asked to stop; no new step was started."""


class Failed(CastraError):
    """Some steps failed. `failures` and `held_back` are by part key; what succeeded stands."""

    def __init__(
        self,
        what: str,
        failures: dict[str, str],
        held_back: Iterable[str],
        done: int,
        left: Mapping[str, str] | None = None,
    ) -> None:
        self.failures, self.held_back, self.done = failures, tuple(held_back), done
        lines = [f"  {part}: {reason}" for part, reason in failures.items()]
        if self.held_back:
            lines.append(f"  held back: {', '.join(self.held_back)}")
        lines.append(f"  {done} step{'s' if done != 1 else ''} done, and what was made stands")
        lines += [f"  left: {what}: {why}" for what, why in (left or {}).items()]
        way_out = "Mend the cause and run the same command again: it goes on from what stands"
        super().__init__(what, "\n" + "\n".join(lines), way_out)

    def leaving(self, left: Mapping[str, str]) -> "Failed":
        """The same, with what a tear-down has left."""
        return Failed(self.what, self.failures, self.held_back, self.done, left)

    def __str__(self) -> str:
        return f"{self.what}:{self.why}.\n{self.way_out}."


def code_of(error: BaseException) -> str:
    """The AWS error code, or an empty string for anything that isn't an answer of AWS."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


@contextmanager
def gone_is_fine(*codes: str, saying: str = "") -> Iterator[None]:
    """Swallow exactly these error codes, with these words in the message: what should be gone is gone already."""
    try:
        yield
    except ClientError as error:
        if code_of(error) not in codes or saying not in str(error):
            raise


def refuse_unless(approved: str, fingerprint: str, what: str) -> None:
    """Raise Moved where another plan was agreed to than there is now; "" is agreement to whatever there is to do."""
    if approved and approved != fingerprint:
        raise Moved(what, "it has moved since the plan was shown", "Look at the new plan, then agree to it")


DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure.Unauthorized"})
BAD_CREDENTIALS = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)


def explain(error: BaseException, what: str, actions: Iterable[str] = ()) -> CastraError:
    """An error of boto3 in words, with the IAM action to allow where permission is what's missing."""
    if isinstance(error, CastraError):
        return error
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return Unreadable(what, "no AWS credentials were found", "Set AWS_PROFILE, or log in with `aws sso login`")
    if isinstance(error, NoRegionError):
        return Unreadable(what, "no region is set", "Name one with `region:` or --region")
    if isinstance(error, EndpointConnectionError):
        return Unreadable(what, str(error), "Check the network, the region's name and AWS_ENDPOINT_URL")
    if isinstance(error, ClientError):
        return _explain_answer(error, what, tuple(actions))
    if isinstance(error, BotoCoreError):
        return Unreadable(what, str(error))
    return CastraError(what, f"{type(error).__name__}: {error}")


def _explain_answer(error: ClientError, what: str, actions: tuple[str, ...]) -> CastraError:
    """What AWS answered, in words."""
    code, operation = code_of(error), error.operation_name
    message = str(error.response.get("Error", {}).get("Message", "")).strip() or code
    if code in BAD_CREDENTIALS:
        return Unreadable(what, f"AWS doesn't accept these credentials ({code})", "Renew them, or choose other ones")
    if code in DENIED:
        action = next((action for action in actions if action.endswith(f":{operation}")), operation)
        return Unreadable(what, f"no permission for {action} ({message})", f"Allow {action} to the caller")
    return CastraError(what, f"{operation} answered {code}: {message}")
