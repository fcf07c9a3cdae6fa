"""What ElastiCache doesn't tell of a cache, or tells later only: kept in tags."""

from collections.abc import Mapping

from tasks.kind import Phase

ASKED_VERSION = "castra:version"  # what was asked for: what AWS raised by itself since is no difference
PORT = "castra:port"  # AWS tells it with the endpoints only, once it is made
CHOSEN = "castra:windows"  # those that somebody chose; what AWS chose else is no state
PHASES: Mapping[str, Phase] = {
    "available": "standing",
    "deleting": "leaving",
    "deleted": "leaving",
    "create-failed": "failed",
}


def notes(version: str, port: int, windows: Mapping[str, str]) -> dict[str, str]:
    """As tags."""
    chosen = " ".join(window for window, when in windows.items() if when)
    return {ASKED_VERSION: version, PORT: str(port), CHOSEN: chosen or "none"}


def chosen_in(tags: Mapping[str, str]) -> list[str]:
    """The windows that somebody chose."""
    return tags.get(CHOSEN, "").split()


def version_told(told: str, tags: Mapping[str, str]) -> str:
    """As exact as it was asked for; and as it was, where AWS has raised it within the major one since."""
    asked = tags.get(ASKED_VERSION, "")
    stands = ".".join(told.split(".")[: asked.count(".") + 1 if asked else 2])
    if not asked or not stands:
        return asked or stands
    same_major = asked.split(".")[0] == stands.split(".")[0]
    return asked if same_major and numbers(asked) <= numbers(stands) else stands


def numbers(version: str) -> tuple[int, ...]:
    """To be compared."""
    return tuple(int(one) for one in version.split(".") if one.isdigit())
