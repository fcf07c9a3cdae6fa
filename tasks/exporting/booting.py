"""What machines run at their first start: `names`, `proxy` and `bootstrap`, told apart again."""

import re
from collections.abc import Iterable, Mapping
from email import message_from_string
from typing import Any

from blueprints.part import filled
from blueprints.user_data import BETWEEN
from tasks.exporting.named import names_in
from tasks.exporting.standing import Section, Standing

NAMES, PROXY = "cat > /etc/castra/names <<'CASTRA'\n", "cat > /etc/nginx/nginx.conf <<'CASTRA'\n"
END = "\nCASTRA\n"
KINDS = {"servers": "launch-template", "instances": "instance"}
"""By section, the kind that has what is booted."""
OURS = ("names", "proxy", "bootstrap")
PLACE = re.compile(r"\n        location (/\S*) \{\n(.*?)\n        \}\n", re.DOTALL)
"""A path in nginx's configuration, and what becomes of it."""
BUCKET = re.compile(r" /([a-z0-9.-]+)/\$1")
API = re.compile(r"set \$upstream ([a-z0-9]+)\.execute-api\.")


def booted(standing: Standing, user_data: str) -> Section:
    """What a document says of it, where it looks like what Castra makes of that; else the text, as a bootstrap."""
    told: Section = {}
    for script in _scripts(user_data):
        if NAMES in script and (names := _names(standing, script)):
            told["names"] = names
        elif PROXY in script and (proxy := _proxy(standing, script)):
            told["proxy"] = proxy
        elif "bootstrap" not in told:
            told["bootstrap"] = {"text": script}
        else:
            return _as_it_is(user_data)
    return told


def true_to(standing: Standing, document: Section, parts: Iterable[Any]) -> Section:
    """The document, in which what would boot otherwise than what stands is written as the text that it is.

    `parts` are those that the document unfolds into.
    """
    boots = {part.key: filled(part.user_data, standing.ids) for part in parts if part.kind in KINDS.values()}
    return document | {
        section: {name: _true(standing, f"{kind}/{name}", boots, one) for name, one in document[section].items()}
        for section, kind in KINDS.items()
        if section in document
    }


def _true(standing: Standing, key: str, boots: Mapping[str, str], written: Section) -> Section:
    stands = standing.state(*key.split("/", 1))
    if stands is None or boots.get(key) == stands.user_data:
        return written
    return {field: value for field, value in written.items() if field not in OURS} | _as_it_is(stands.user_data)


def _as_it_is(user_data: str) -> Section:
    return {"bootstrap": {"text": user_data}} if user_data else {}


def _scripts(user_data: str) -> list[str]:
    """Several are one text for cloud-init."""
    if BETWEEN not in user_data:
        return [user_data] if user_data else []
    parts = message_from_string(user_data).walk()
    return [str(part.get_payload(decode=True), "utf-8") for part in parts if not part.is_multipart()]  # type: ignore[arg-type]


def _names(standing: Standing, script: str) -> dict[str, str]:
    """Variables, if every one of them holds what something of the environment is called."""
    lines = script.partition(NAMES)[2].partition(END)[0].splitlines()
    held: Mapping[str, str] = dict(line.split("=", 1) for line in lines if "=" in line)
    names = names_in(standing, held)
    return names if len(names) == len(lines) else {}


def _proxy(standing: Standing, script: str) -> dict[str, str]:
    """Paths, if every one of them leads to a site or to an API of the environment."""
    told = {}
    for path, inner in PLACE.findall(script):
        if "proxy_pass" in inner and (upstream := _upstream(standing, inner)):
            told["/" + path.strip("/")] = upstream
    return told


def _upstream(standing: Standing, inner: str) -> str:
    if found := API.search(inner):
        key = standing.key(found[1])
        return f"api/{standing.name(found[1])}" if key.startswith(("http-api/", "rest-api/")) else ""
    if not (named := BUCKET.search(inner)):
        return ""
    bucket = f":{named[1]}"
    return next((f"site/{name}" for name, one in standing.of("bucket").items() if one.id.endswith(bucket)), "")
