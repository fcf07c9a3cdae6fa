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
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

API = os.environ.get("PREFECT_API_URL", "http://127.0.0.1:4200/api").rstrip("/")
REGION = os.environ.get("AWS_REGION", "eu-west-1")
LOOKS_EVERY = 5  # seconds
LIMIT = 3600  # seconds, for a run to end
CLIENT = "castra-pull-request"
HAS_NO_TOKENS = 422  # a server's answer that doesn't ask for them


def ask(path: str, body: Any = None) -> Any:
    """What the server answers; a POST where there's a body, with a token against forgery where it asks for one."""
    headers = {"Content-Type": "application/json"}
    if body is not None and (token := token_against_forgery()):
        headers |= {"Prefect-Csrf-Token": token, "Prefect-Csrf-Client": CLIENT}
    return fetch(path, None if body is None else json.dumps(body).encode(), headers)


def token_against_forgery() -> str:
    """A token for a POST; nothing where the server wants none."""
    try:
        return str(fetch(f"csrf-token?client={CLIENT}", None, {})["token"])
    except urllib.error.HTTPError as error:
        if error.code == HAS_NO_TOKENS:
            return ""
        raise


def fetch(path: str, data: bytes | None, headers: dict[str, str]) -> Any:
    """One request, with the password if there is one."""
    if secret := os.environ.get("PREFECT_API_AUTH_STRING"):
        headers = headers | {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()}
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


def main(*words: str) -> None:
    """Raise or strike."""
    match words:
        case "raise", item, name, key:
            raise_it(item, name, key)
        case "strike", name, key:
            run("tear-down", {"environment": name, "region": REGION}, key)
        case _:
            print(__doc__, file=sys.stderr)
            raise SystemExit(2)


def raise_it(item: str, name: str, key: str) -> None:
    """Raise an item of the catalogue, and print its outputs."""
    asked = {"item": item, "name": name, "region": REGION, "expires_after": "3d"}
    run("raise-from-catalogue", asked, key)
    outputs = ask(f"artifacts/{urllib.parse.quote(f'outputs-{name}')}/latest")
    for row in json.loads(outputs["data"]):
        print(f"{row['output']}={row['value']}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except urllib.error.HTTPError as refused:
        raise SystemExit(f"{refused.url}: {refused.code}: {refused.read().decode()}") from None
    except urllib.error.URLError as unreachable:
        raise SystemExit(f"{API} can't be reached: {unreachable.reason}") from None
