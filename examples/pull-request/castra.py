"""`python castra.py raise ITEM NAME KEY` and `python castra.py strike NAME KEY`: environments by Prefect's API.

For a pipeline that has Python and nothing else. The server is PREFECT_API_URL, PREFECT_API_AUTH_STRING `user:password`
where it asks for that, and AWS_REGION the region. Sent twice with one KEY, there is one run, whose end both await.
Prints the environment's outputs as `name=value`; ends with 1, and the run's message, where it failed.
"""

import base64
import json
import os
import sys
import time
import urllib.parse
import urllib.request
from typing import Any

API = os.environ["PREFECT_API_URL"].rstrip("/")
REGION = os.environ.get("AWS_REGION", "eu-west-1")
LOOKS_EVERY = 5  # seconds
LIMIT = 3600  # seconds, for a run to end


def ask(path: str, body: Any = None) -> Any:
    """What the server answers; a POST where there's a body."""
    headers = {"Content-Type": "application/json"}
    if secret := os.environ.get("PREFECT_API_AUTH_STRING"):
        headers["Authorization"] = "Basic " + base64.b64encode(secret.encode()).decode()
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{API}/{path}", data, headers), timeout=60) as answer:
        return json.load(answer)


def run(flow: str, parameters: dict[str, Any], key: str) -> None:
    """Start a run of a flow's deployment, or find the one of this key, and wait for its end."""
    deployment = ask(f"deployments/name/{flow}/castra")["id"]
    asked = {"parameters": parameters, "idempotency_key": key}
    started = ask(f"deployments/{deployment}/create_flow_run", asked)["id"]
    print(f"{flow}: run {started}", file=sys.stderr)
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        state = ask(f"flow_runs/{started}")["state"]
        if state["type"] == "COMPLETED":
            return
        if state["type"] in ("FAILED", "CRASHED", "CANCELLED"):
            raise SystemExit(f"{flow} ended as {state['name']}: {state['message']}")
        time.sleep(LOOKS_EVERY)
    raise SystemExit(f"{flow} hasn't ended within {LIMIT} s: run {started}")


def main(verb: str, *words: str) -> None:
    """Raise or strike."""
    if verb == "raise":
        item, name, key = words
        asked = {"item": item, "name": name, "region": REGION, "expires_after": "3d"}
        run("raise-from-catalogue", asked, key)
        outputs = ask(f"artifacts/{urllib.parse.quote(f'outputs-{name}')}/latest")
        for row in json.loads(outputs["data"]):
            print(f"{row['output']}={row['value']}")
    elif verb == "strike":
        name, key = words
        run("tear-down", {"environment": name, "region": REGION}, key)
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
