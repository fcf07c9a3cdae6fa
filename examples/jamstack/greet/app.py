"""What the API asks: a greeting, in the layer's words, or to keep a note."""

import json
import os
from base64 import b64decode
from typing import Any

from phrases import greeting


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """`GET /greeting/{name}` greets; `POST /notes/{name}` keeps the body as a note."""
    name = event["pathParameters"]["name"]
    if event["requestContext"]["http"]["method"] == "POST":
        return keep(name, body_of(event))
    return answer(200, {"greeting": greeting(name)})


def body_of(event: dict[str, Any]) -> bytes:
    """API Gateway passes what it doesn't take for text on in base64."""
    body: str = event.get("body") or ""
    return b64decode(body) if event.get("isBase64Encoded") else body.encode()


def keep(name: str, note: bytes) -> dict[str, Any]:
    """Put a note among the uploads. boto3 is in Lambda's own runtime."""
    import boto3

    boto3.client("s3").put_object(Bucket=os.environ["UPLOADS"], Key=f"notes/{name}.txt", Body=note)
    return answer(202, {"kept": f"notes/{name}.txt"})


def answer(status: int, body: dict[str, str]) -> dict[str, Any]:
    """In the form that API Gateway passes on."""
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
