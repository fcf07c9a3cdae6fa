"""The physics over HTTP, for other processes: everything under /physics/."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tests.physics.answers import Answer

if TYPE_CHECKING:
    from tests.physics.physics import Physics


def serve(physics: "Physics", method: str, path: str, body: bytes) -> Answer:
    """GET code/..., log, counts, writes, crashes, rules, profile; POST reset, rules (a rule's fields),
    advance {"seconds"}, age {"id", "seconds"}, release, doors; DELETE rules."""
    asked = json.loads(body or b"{}")
    match method, path.strip("/"):
        case "GET", "log":
            return told(physics.log.rows())
        case "GET", "counts":
            return told(physics.counts())
        case "GET", "writes":
            return told([asdict(call) for call in physics.writes()])
        case "GET", "crashes":
            return told([asdict(call) for call in physics.crashes()])
        case "GET", "rules":
            return told([rule.told() for rule in physics.rules.rules])
        case "GET", "profile":
            return told(asdict(physics.profile))
        case "GET", code if code.startswith("code/"):
            zipped = physics.world.recall("codes", dict).get(code.removeprefix("code/"), b"")
            return Answer(200 if zipped else 404, [("Content-Type", "application/zip")], zipped)
        case "POST", "reset":
            physics.reset()
        case "POST", "rules":
            return told(physics.rule(**asked).told())
        case "POST", "advance":
            physics.advance(float(asked["seconds"]))
        case "POST", "doors":
            return told({"port": physics.open_doors()})
        case "POST", "age":
            physics.age(str(asked["id"]), float(asked["seconds"]))
        case "POST", "release":
            physics.release()
        case "DELETE", "rules":
            physics.rules.clear()
        case _:
            return told({"error": f"no such thing: {method} /physics/{path}"}, 404)
    return told({"ok": True})


def told(value: Any, status: int = 200) -> Answer:
    return Answer(status, [("Content-Type", "application/json")], json.dumps(value, default=str).encode())
