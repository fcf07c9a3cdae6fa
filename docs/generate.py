"""`python -m docs.generate`: renews the tables of the documentation from the models, the shell and the registry."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import typer

from blueprints.environment import Environment
from flows.cli import app
from tasks.kind import Kind
from tasks.registry import KINDS

HERE = Path(__file__).parent
BEGIN, END = "<!-- Made by `python -m docs.generate`, from here -->", "<!-- to here. -->"

# ---------------------------------------------------------------------- the blueprint

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


def blueprint() -> str:
    """The document's fields, section by section, in the order of reading."""
    return "\n".join(_section(model, place) for model, place in places().items())


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
                found[model] = f"{found[name]}.{field}{step}".lstrip(".")
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
    kept = (letter for letter in places()[model] if letter.isalnum() or letter in "-_")
    return f"[mapping](#{''.join(kept)})"


# ---------------------------------------------------------------------- the verbs


def verbs() -> str:
    """The shell's verbs, with all that each takes."""
    group: Any = typer.main.get_command(app)
    return "\n".join(_verb(name, command) for name, command in group.commands.items())


def _verb(name: str, command: Any) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    usage = " ".join(["castra", name, *(one.name.upper() for one in arguments)])
    rows = list(_parameters(command))
    table = "\n".join(["| | | |", "|---|---|---|", *rows, ""]) if rows else "It has no options.\n"
    return f"## `{usage}`\n\n{command.help}\n\n{table}"


def _parameters(command: Any) -> Iterator[str]:
    for one in command.params:
        if one.param_type_name == "argument":
            yield f"| `{one.name.upper()}` | required | {one.help} |"
        else:
            value = "" if one.is_flag else f" {one.name.upper()}"
            names = ", ".join(f"`{option}{value}`" for option in one.opts)
            yield f"| {names} | {'repeatable' if one.multiple else 'optional'} | {one.help} |"


# ---------------------------------------------------------------------- indexes


def kinds() -> str:
    """Every kind of the registry with its page, a table for each folder."""
    folders: dict[str, list[Kind[Any, Any]]] = {}
    for kind in KINDS.values():
        folders.setdefault(type(kind).__module__.split(".")[1], []).append(kind)
    return "\n".join(_kinds_in(folder, several) for folder, several in folders.items())


def _kinds_in(folder: str, several: list[Kind[Any, Any]]) -> str:
    said = {kind.name: (kind.__doc__ or "").splitlines()[0].rstrip(".") for kind in several}
    rows = "\n".join(f"| [{kind.name}]({kind.name}.md) | {said[kind.name]} | {kind.holds} |" for kind in several)
    return f"## {folder.capitalize()}\n\n| kind | what it is | a replacement would lose |\n|---|---|---|\n{rows}\n"


def decisions() -> str:
    """Every decision by its headline, which begins with its number."""
    pages = sorted(HERE.glob("decisions/0*.md"))
    titles = (page.read_text(encoding="utf-8").partition("\n")[0].partition(". ")[2] for page in pages)
    return (
        "\n".join(
            f"{number}. [{title}]({page.name})"
            for number, (page, title) in enumerate(zip(pages, titles, strict=True), 1)
        )
        + "\n"
    )


# ---------------------------------------------------------------------- the pages

PAGES = {
    "blueprint.md": blueprint,
    "verbs.md": verbs,
    "kinds/README.md": kinds,
    "decisions/README.md": decisions,
}


def renewed(page: str) -> str:
    """A page's text with its made part made anew; what people wrote around that stays."""
    before, _, rest = (HERE / page).read_text(encoding="utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n\n{PAGES[page]()}\n{END}{rest.partition(END)[2]}"


def main() -> None:
    """Renew all pages."""
    for page in PAGES:
        (HERE / page).write_text(renewed(page), encoding="utf-8")


if __name__ == "__main__":
    main()
