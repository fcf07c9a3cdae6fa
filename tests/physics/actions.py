"""What IAM calls a call: most actions are named like their operations, some aren't."""

from collections.abc import Iterator

from botocore import xform_name
from botocore.session import get_session

S3 = {
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteObjects": "DeleteObject",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "GetBucketReplication": "GetReplicationConfiguration",
    "PutBucketReplication": "PutReplicationConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListObjectVersions": "ListBucketVersions",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
"""S3's operations whose action has another name, by the Service Authorization Reference."""


PREFIXES = {
    "resourcegroupstaggingapi": "tag",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "elastic-load-balancing-v2": "elasticloadbalancing",
    "auto-scaling": "autoscaling",
}
"""Services, by what clients call them, whose actions begin otherwise."""


def iam_action(call: str) -> str:
    """`elbv2:CreateListener` as IAM names it; API Gateway's actions are HTTP's methods."""
    service, _, operation = call.partition(":")
    if service in ("apigateway", "apigatewayv2"):
        model = get_session().get_service_model(service)
        return f"apigateway:{model.operation_model(operation).http['method']}"
    operation = S3.get(operation, operation) if service == "s3" else operation
    return f"{PREFIXES.get(service, service)}:{operation}"


def methods(action: str) -> Iterator[str]:
    """What clients' methods are called that need an action."""
    session, prefix = get_session(), action.partition(":")[0]
    known = set(session.get_available_services())
    for service in {prefix, *(one for one, called in PREFIXES.items() if called == prefix)} & known:
        for operation in session.get_service_model(service).operation_names:
            if iam_action(f"{service}:{operation}") == action:
                yield xform_name(operation)
