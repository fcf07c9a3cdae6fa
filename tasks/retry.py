"""Whether to try again is a property of the error, decided in one table."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, ParamSpec, TypeVar

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    WaiterError,
)
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_exponential_jitter

from tasks.errors import CastraError, code_of
from tasks.progress import Event, announce, listening, waiting
from tasks.report import Retried

P = ParamSpec("P")
T = TypeVar("T")
Class = Literal["throttled", "broken", "propagation", "dependency", "final"]


@dataclass(frozen=True)
class Rule:
    """An error code, the words its message must have (any, if none are given), and what it means."""

    code: str
    means: Class
    words: tuple[str, ...] = ()


THROTTLED = ("RequestLimitExceeded", "Throttling", "ThrottlingException", "TooManyRequestsException", "SlowDown")
BROKEN = ("InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable", "500", "502", "503", "504")

RELEASED_WITHIN = 600.0  # seconds that something may still be held by what is going

TABLE: tuple[Rule, ...] = (
    # Too much at once: botocore's adaptive mode sees to it, except for creates that are sent once.
    *(Rule(code, "throttled") for code in THROTTLED),
    *(Rule(code, "broken") for code in BROKEN),
    # Just made, and not visible everywhere yet: IAM's eventual consistency, then EC2's.
    Rule("ValidationError", "propagation", ("Invalid IAM Instance Profile",)),
    Rule("ValidationError", "final", ("fully-formed launch template", "image id")),
    Rule("ValidationError", "final", ("fully-formed launch template", "key pair")),
    Rule("ValidationError", "propagation", ("You must use a valid fully-formed launch template",)),
    Rule("ValidationError", "propagation", ("subnet ID", "does not exist")),
    Rule("ValidationError", "propagation", ("Target Groups may not be valid",)),
    Rule("ValidationError", "propagation", ("Load Balancers may not be valid",)),
    Rule("InvalidLaunchTemplateId.VersionNotFound", "propagation"),
    Rule("LimitExceeded", "propagation", ("InstanceSessionsPerInstanceProfile",)),  # the role taken out shows still
    Rule("InvalidParameterValue", "propagation", ("iamInstanceProfile",)),
    Rule("InvalidParameterValue", "propagation", ("Invalid IAM Instance Profile",)),
    Rule("InvalidParameterValueException", "propagation", ("cannot be assumed",)),
    Rule("InvalidParameterValueException", "propagation", ("execution role does not have permissions",)),
    Rule("MalformedPolicyDocument", "propagation", ("Invalid principal",)),
    Rule("InvalidParameter", "propagation", ("Unable to assume given IAM role",)),  # of flow logs
    Rule("NoSuchEntity", "propagation", (":policy/castra/", "does not exist or is not attachable")),  # one of ours
    Rule("NoSuchEntity", "final", ("does not exist or is not attachable",)),  # a managed policy's ARN is wrong
    Rule("NoSuchEntity", "propagation"),
    *(
        Rule(f"{noun}.NotFound", "propagation")
        for noun in (
            "InvalidVpcID", "InvalidSubnetID", "InvalidGroup", "InvalidRouteTableID", "InvalidInternetGatewayID",
            "InvalidAllocationID", "InvalidLaunchTemplateId", "InvalidInstanceID", "InvalidAssociationID",
            "InvalidGatewayID", "InvalidRouteTableId", "InvalidSecurityGroupID",
        )
    ),
    Rule("InvalidGroupId.NotFound", "propagation"),
    Rule("NatGatewayNotFound", "propagation"),
    Rule("InvalidNatGatewayID.NotFound", "propagation"),
    Rule("TargetGroupNotFound", "propagation"),
    Rule("LoadBalancerNotFound", "propagation"),
    Rule("ListenerNotFound", "propagation"),
    Rule("NoSuchBucket", "propagation"),
    Rule("InvalidArgument", "propagation", ("Unable to validate the following destination",)),  # of S3's events
    Rule("NoSuchOriginAccessControl", "propagation"),
    Rule("NoSuchFunctionExists", "propagation"),
    Rule("SubnetNotFound", "propagation"),  # as load balancers say it
    Rule("InvalidSecurityGroup", "propagation"),
    Rule("InvalidConfigurationRequest", "propagation", ("security groups are invalid",)),
    Rule("ValidationError", "propagation", ("The VPC ID", "is not found")),
    # Still held by something that is going.
    Rule("OperationAborted", "dependency"),  # of S3: a bucket of this name is being made or deleted
    Rule("OriginAccessControlInUse", "dependency"),
    Rule("FunctionInUse", "dependency"),
    Rule("InvalidSnapshot.InUse", "dependency"),  # of an image that was deregistered a moment ago
    Rule("ConcurrentSnapshotLimitExceeded", "dependency"),  # five of one volume at once
    Rule("SnapshotCreationPerVolumeRateExceeded", "dependency"),  # 15 s between two of one volume
    Rule("BucketNotEmpty", "dependency"),  # somebody wrote to it after it was emptied
    *(
        Rule(f"{prefix}QueueDeletedRecently", "dependency")  # SQS keeps a name for a minute
        for prefix in ("", "AWS.SimpleQueueService.")
    ),
    Rule("ResourceConflictException", "dependency", ("in progress",)),  # of functions: another update
    Rule("ResourceConflictException", "dependency", ("state: Pending",)),
    Rule("ResourceLimitExceeded", "dependency", ("in progress",)),  # of snapshots: 20 copies at a time into a region
    Rule("SnapshotQuotaExceeded", "dependency", ("across regions",)),  # of databases: 20 copies at a time into a region
    Rule("ResourceInUseException", "dependency"),  # of event sources: another change is under way; of certificates
    Rule("InvalidRequestException", "dependency", ("already scheduled for deletion",)),  # a secret that goes for good
    Rule("InvalidSubnet", "propagation", ("does not exist",)),  # of caches
    Rule("CacheSubnetGroupNotFoundFault", "propagation"),
    Rule("CacheParameterGroupNotFound", "propagation"),
    *(
        Rule(code, "dependency")
        for code in (
            "CacheSubnetGroupInUse", "InvalidCacheClusterState", "InvalidCacheParameterGroupState",
            "InvalidReplicationGroupState", "SubnetInUse",
        )
    ),
    Rule("OperationAbortedException", "dependency"),  # of log groups: another call for the same one is under way
    Rule("ConflictException", "dependency", ("concurrent modification",)),  # of an API, by another call of ours
    *(
        Rule(code, "dependency")
        for code in (
            "DependencyViolation", "InvalidIPAddress.InUse", "ResourceInUse", "ResourceInUseFault", "DeleteConflict",
            "ScalingActivityInProgress", "ResourceContention", "PriorityInUse", "TargetGroupAssociationLimit",
            "VolumeInUse", "InvalidDBInstanceState", "InvalidDBSubnetGroupStateFault", "InvalidDBParameterGroupState",
        )
    ),
)  # fmt: skip


def classify(error: BaseException) -> Class:
    """What an error means. Validation, access denied and all that isn't in the table is final."""
    if isinstance(error, CastraError | WaiterError):
        return "final"
    if isinstance(error, HTTPClientError | ConnectTimeoutError | EndpointConnectionError):
        return "broken"
    if isinstance(error, ClientError):
        message = str(error.response.get("Error", {}).get("Message", ""))
        for rule in TABLE:
            if rule.code == code_of(error) and all(word in message for word in rule.words):
                return rule.means
    return "final"


def worth_another_try(error: BaseException) -> bool:
    """Whether a step may be tried again, after a fresh look: what was sent once and got lost, or came too early."""
    return classify(error) != "final"


def made_nothing(error: BaseException) -> bool:
    """Whether it's certain that the step whose try ended like this made nothing.

    It is where the one request of a call that is sent once was throttled; botocore sends a step's later calls again.
    """
    tries = error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0) if isinstance(error, ClientError) else 1
    return classify(error) == "throttled" and tries == 0


class Retries:
    """How often a run tried again, and the seconds that it lost by that, by class."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lost: dict[str, tuple[int, float]] = {}

    def hear(self, event: Event) -> None:
        """Take in one event of progress; called from many threads."""
        if event.status == "retried":
            with self._lock:
                count, seconds = self._lost.get(event.what, (0, 0.0))
                self._lost[event.what] = count + 1, seconds + event.seconds

    @property
    def summary(self) -> dict[str, Retried]:
        """By class, those that there were."""
        with self._lock:
            return {what: Retried(count=count, seconds=round(lost, 1)) for what, (count, lost) in self._lost.items()}


@contextmanager
def counted() -> Iterator[Retries]:
    """Within, this process's retries are counted. Steps of many threads wait at once: seconds add up over them."""
    retries = Retries()
    with listening(retries.hear):
        yield retries


def lost(means: Class, seconds: float) -> None:
    """Tell that something is tried again after an error of this class, and what the try and the wait have taken."""
    announce(Event("retried", means, seconds=seconds))


def when_visible(waiting_for: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call, and again while what was just made isn't visible: every 0.25 to 2 s, for a minute at most."""
    return _patiently("propagation", waiting_for, 60, 0.25, 2)(call, *args, **kwargs)


def when_released(waiting_for: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call, and again while something that is going still holds it: every 0.5 to 5 s, for ten minutes at most."""
    return _patiently("dependency", waiting_for, RELEASED_WITHIN, 0.5, 5)(call, *args, **kwargs)


def _patiently(means: Class, waiting_for: str, deadline: float, first: float, most: float) -> Retrying:
    started = time.monotonic()
    told = [started]

    def say(state: RetryCallState) -> None:
        now, pause = time.monotonic(), state.next_action.sleep if state.next_action else 0.0
        lost(means, now + pause - told[0])
        told[0], seconds = now + pause, now - started
        if seconds >= 1:
            waiting(f"waiting for {waiting_for}, {seconds:.0f} s")

    return Retrying(
        retry=retry_if_exception(lambda error: classify(error) == means),
        wait=wait_exponential_jitter(multiplier=first, max=most, jitter=first / 2),
        stop=stop_after_delay(deadline),
        before_sleep=say,
        reraise=True,
    )
