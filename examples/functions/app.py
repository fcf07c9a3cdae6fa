"""An office: one function takes errands on, the other one runs them."""

import json
import os
from typing import Any


def take(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Put an errand into the queue. boto3 is in Lambda's own runtime."""
    import boto3

    errand = json.loads(event.get("body") or "{}").get("errand", "sweep the camp")
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=os.environ["QUEUE"])["QueueUrl"], MessageBody=errand)
    return {"statusCode": 202, "body": f"{os.environ['GREETING']}! It will be done: {errand}"}


def run(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Work messages off, and tell which ones failed, so that only those come back."""
    failed = [message["messageId"] for message in event["Records"] if "impossible" in message["body"]]
    return {"batchItemFailures": [{"itemIdentifier": id} for id in failed]}
