"""Works off files that a queue tells of: how many lines and bytes each has."""

import json
import os
from typing import Any
from urllib.parse import unquote_plus


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Work off each message; those that failed are named in the answer, so that they alone come again."""
    failed = [message["messageId"] for message in event["Records"] if not _worked_off(json.loads(message["body"]))]
    return {"batchItemFailures": [{"itemIdentifier": id} for id in failed]}


def _worked_off(told: dict[str, Any]) -> bool:
    """Whether all files of a message were. S3 once tells of none, to see whether it may. Keys come as in a form.

    boto3 is in Lambda's own runtime.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    s3 = boto3.client("s3")
    try:
        for record in told.get("Records", ()):
            _count(s3, record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"]))
    except (BotoCoreError, ClientError) as error:  # the queue tries it again, and in the end puts it aside
        print(f"failed: {error}")
        return False
    return True


def _count(s3: Any, bucket: str, key: str) -> None:
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    counted = json.dumps({"file": key, "bytes": len(body), "lines": len(body.splitlines())})
    s3.put_object(Bucket=os.environ["RESULTS"], Key=f"{key}.json", Body=counted.encode())
