"""The reference of the blueprint: a page for the document, and one for each of its sections."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from blueprints.environment import Environment

ROOT = Path(__file__).parent.parent

MEANINGS = {
    "Environment.region": "The AWS region.",
    "Environment.network": "The VPC. Balancers and servers need it.",
    "Environment.balancers": "Load balancers by name.",
    "Environment.servers": "Groups of equal servers by name.",
    "Admission.port": "The port that is opened.",
    "Admission.protocol": "Of the port.",
    "Admission.networks": "Networks that are admitted, such as 10.0.0.0/8.",
    "Admission.servers": "Names of servers of this document that are admitted.",
    "Balancer.listeners": "Its ports, each once.",
    "Balancer.deletion_protection": "AWS then refuses to delete it; `castra down` refuses before it begins.",
    "Balancer.drop_invalid_headers": "Whether invalid request headers are taken away. AWS's own default is no.",
    "Bootstrap.text": "The text itself. At most 16,384 bytes, from a file too.",
    "Count.min": "At least so many.",
    "Count.max": "At most so many; not less than `min`.",
    "Entrance.port": "The port that visitors use.",
    "Redirect.port": "Where it leads; the same port, if not given.",
    "Redirect.protocol": "How it is gone on with.",
    "Entrance.rules": "Exceptions, the first that fits decides.",
    "FrontDoor.needs": "What must be possible.",
    "HealthCheck.path": "What is asked for.",
    "HealthCheck.port": "Where; `traffic-port` is the servers' own port.",
    "HealthCheck.protocol": "How it is asked.",
    "HealthCheck.codes": "Status codes that mean well: `200`, `200,204` or `200-299`.",
    "HealthCheck.interval": "Seconds between two checks.",
    "HealthCheck.timeout": "Seconds until a check has failed.",
    "HealthCheck.healthy_after": "Checks in a row that make a server well.",
    "HealthCheck.unhealthy_after": "Failed checks in a row that make it unwell.",
    "Image.id": "An image by its id.",
    "Servers.scaling": "What their number follows; nothing by default.",
    "Servers.volumes": "Volumes of each of them, beside or in place of the image's own.",
    "Subnets.public": "One for each zone.",
    "Subnets.private": "One for each zone.",
    "Volume.size": "GiB.",
    "Volume.type": "EBS volume type.",
    "Volume.iops": "For the types that take it.",
    "Volume.throughput": "MiB/s, for the types that take it.",
    "Volume.encrypted": "Encrypted with the account's own key for EBS.",
}
"""What fields mean whose model doesn't say it; a test finds those that are missing."""


# ---------------------------------------------------------------------- the pages


def document() -> str:
    """The fields of the document itself, and its sections, which have a page each."""
    index = " · ".join(f"[`{name}`](blueprint/{name}.md)" for name in sections())
    table = re.sub(r"\]\((?=\w+\.md)", "](blueprint/", _section("Environment", ""))
    return f"{table}\nThe sections, each with an example: {index}\n"


def sections() -> list[str]:
    """The fields of the document that mappings are written in."""
    fields: dict[str, Any] = models()["Environment"]["properties"]
    return [name for name, shape in fields.items() if "patternProperties" in shape or any(_models_in(shape))]


def section(name: str) -> str:
    """A section: an example of it, and its fields, mapping by mapping."""
    inner = [_section(model, place) for model, place in places().items() if _page(place) == name]
    return "\n".join(filter(None, [example(name), *inner]))


SHOWN_BY = {"backups": "backups"}
"""Sections that are shown by an example's piece that isn't the shortest."""


def example(name: str) -> str:
    """The shortest piece of the examples that shows a section; in four lines at least, if there are so many.

    The one that has everything is for what no other one shows: there, each section is as small as can be. Of backups,
    the shortest would show one policy of one kind of thing.
    """
    pieces = [(path, piece) for path in sorted(ROOT.glob("examples/*.yaml")) if (piece := _cut(path, name))]
    pieces = [one for one in pieces if one[0].stem != "full"] or pieces
    pieces = [one for one in pieces if one[0].stem == SHOWN_BY.get(name)] or pieces
    long = [one for one in pieces if one[1].count("\n") >= 3]
    if not pieces:
        return ""
    path, piece = min(long or pieces, key=lambda one: len(one[1]))
    file = path.relative_to(ROOT)
    return f"From [`{file}`](../../{file}):\n\n```yaml\n{piece}\n```\n"


def _cut(path: Path, section: str) -> str:
    """A section of a document as it is written, with its comments."""
    found = re.search(rf"^{section}:.*?(?=^\S|\Z)", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return found[0].rstrip() if found else ""


def _page(place: str) -> str:
    """The section that a place is in."""
    return re.split(r"[.\[]", place)[0]


# ---------------------------------------------------------------------- the models


@cache
def models() -> dict[str, Any]:
    """Every model of a document, as JSON Schema has it."""
    schema: dict[str, Any] = Environment.model_json_schema()
    inner: dict[str, Any] = schema["$defs"]
    return {"Environment": schema} | inner


@cache
def places() -> dict[str, str]:
    """Every model of a document, and where it stands first."""
    found = {"Environment": ""}
    _walk("Environment", models(), found)
    return found


def _walk(name: str, known: dict[str, Any], found: dict[str, str]) -> None:
    for field, shape in known[name]["properties"].items():
        for model, step in _models_in(shape):
            if model not in found:
                place = f"{found[name]}.{field}{step}".lstrip(".")
                taken = place in found.values()  # another form of the same, such as apis.<rest>
                found[model] = place.replace("<name>", f"<{model.lower()}>") if taken else place
                _walk(model, known, found)


def _models_in(shape: Any) -> Iterator[tuple[str, str]]:
    """The models that a shape leads to, and the step to each: `[]` for lists, `.<name>` for mappings."""
    match shape:
        case {"$ref": reference}:
            yield reference.rpartition("/")[2], ""
        case {"items": inner}:
            yield from ((model, f"[]{step}") for model, step in _models_in(inner))
        case {"patternProperties": patterns}:
            yield from ((model, f".<name>{step}") for inner in patterns.values() for model, step in _models_in(inner))
        case {"additionalProperties": dict() as inner}:
            yield from ((model, f".<name>{step}") for model, step in _models_in(inner))
        case {"anyOf": several} | {"oneOf": several}:
            yield from (found for one in several for found in _models_in(one))


def _section(name: str, place: str) -> str:
    model = models()[name]
    headline = f"`{place}`" if place else "The document"
    said = f"{model['description']}\n\n" if place else ""
    rows = "\n".join(_row(name, field, shape, model) for field, shape in model["properties"].items())
    return f"## {headline}\n\n{said}| field | type | default | meaning |\n|---|---|---|---|\n{rows}\n"


def _row(name: str, field: str, shape: dict[str, Any], model: dict[str, Any]) -> str:
    default = "**required**" if field in model.get("required", ()) else _default(shape)
    meaning = shape.get("description", MEANINGS.get(f"{name}.{field}", "")).replace("<", "&lt;")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in (f"`{field}`", words(shape), default, meaning)) + " |"


def _default(shape: dict[str, Any]) -> str:
    """As YAML has it; a section's own defaults are told where it's described."""
    value = shape.get("default")
    if value in (None, "", [], {}):
        return ""
    return "see there" if isinstance(value, dict) else f"`{json.dumps(value)}`".replace('"', "")


def words(shape: dict[str, Any]) -> str:
    """A type, for people."""
    if several := shape.get("anyOf") or shape.get("oneOf"):
        return " or ".join(words(one) for one in several if one.get("type") != "null")
    if "$ref" in shape:
        return _link(shape["$ref"].rpartition("/")[2])
    if "const" in shape or "enum" in shape:
        return ", ".join(f"`{choice}`" for choice in shape.get("enum", [shape.get("const")]))
    match shape.get("type"):
        case "array":
            return f"list of {words(shape['items']).replace('[mapping]', '[mappings]')}{_limits(shape, 'Items')}"
        case "object":
            return _mapping(shape)
        case "integer" | "number" as kind:
            return ("whole number" if kind == "integer" else "number") + _limits(shape, "imum")
        case "boolean":
            return "`true` or `false`"
        case _:
            return _text(shape)


def _mapping(shape: dict[str, Any]) -> str:
    """Of names to sections, of keys to texts; one that may hold anything is a policy."""
    inner = next(iter(shape.get("patternProperties", {}).values()), shape.get("additionalProperties"))
    return (
        f"mapping of names to {words(inner)}" if isinstance(inner, dict) else shape.get("holds", "IAM policy document")
    )


def _text(shape: dict[str, Any]) -> str:
    formats = {"ipv4network": "IPv4 network", "ipv6network": "IPv6 network"}
    if shape.get("format") in formats:
        return formats[shape["format"]]
    example = f", such as `{shape['examples'][0]}`" if "examples" in shape else ""
    return f"text{example}{_limits(shape, 'Length')}"


def _limits(shape: dict[str, Any], what: str) -> str:
    """`, 1 to 65535` and so on; `what` ends the JSON Schema's words for it."""
    low, high = (shape.get(f"{end}{what}") for end in ("min", "max"))
    low, above = (low, "at least") if low is not None else (shape.get("exclusiveMinimum"), "more than")
    unit = {"Length": " characters", "Items": " of them"}.get(what, "")
    if high is not None:
        start = "at most " if low is None else f"{above} {low}, at most " if above == "more than" else f"{low} to "
        return f", {start}{high}{unit}"
    return "" if low is None else f", {above} {low}{unit}"


def _link(model: str) -> str:
    """A link to a model's section, as GitHub makes anchors of headlines."""
    place = places()[model]
    kept = (letter for letter in place if letter.isalnum() or letter in "-_")
    return f"[mapping]({_page(place)}.md#{''.join(kept)})"
