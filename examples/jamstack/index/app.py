"""Works off each note that is uploaded: how many words it has."""

import json
import os
from typing import Any
from urllib.parse import unquote_plus

import boto3


def handler(event: dict[str, Any], context: object) -> None:
    """Write what is told of each new note to the bucket of the index. Keys come encoded as in a form."""
    s3 = boto3.client("s3")
    for record in event["Records"]:
        bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
        note = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        told = json.dumps({"note": key, "words": len(note.split())})
        s3.put_object(Bucket=os.environ["INDEX"], Key=f"{key}.json", Body=told.encode())
