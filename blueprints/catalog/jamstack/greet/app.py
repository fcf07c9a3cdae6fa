"""What the API asks: a greeting."""

import json
from typing import Any


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """`GET /greeting/{name}`, in the form that API Gateway passes on."""
    body = json.dumps({"greeting": f"Hello, {event['pathParameters']['name']}"})
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": body}
