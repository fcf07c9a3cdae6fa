"""What listeners and rules do with requests, in one vocabulary for what is wanted and what AWS tells."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from blueprints.listening import Action, Forward, Redirect, Response
from tasks.kind import State, Unordered

AS_ASKED = {"protocol": "#{protocol}", "port": "#{port}", "host": "#{host}", "path": "/#{path}", "query": "#{query}"}
"""AWS's words for what a redirect leaves as it was asked."""


class ShareState(State):
    """A target group and its weight. Where it's the only one, each weight but 0 means the same, and is 1."""

    target_group: str
    weight: int = 1


class ForwardState(State):
    """`sticky`: seconds that a visitor stays with one of the target groups; 0 is off, as Castra makes it."""

    type: Literal["forward"] = "forward"
    shares: Unordered[ShareState]
    sticky: int = 0


class RedirectState(State):
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RedirectActionConfig.html"""

    type: Literal["redirect"] = "redirect"
    protocol: str
    port: str
    host: str
    path: str
    query: str
    code: str


class ResponseState(State):
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_FixedResponseActionConfig.html"""

    type: Literal["fixed-response"] = "fixed-response"
    code: str
    body: str
    content: str


class OtherState(State):
    """An action that somebody made by hand and that Castra doesn't make, such as a login."""

    type: str
    details: str


ActionState = ForwardState | RedirectState | ResponseState | OtherState
Actions = tuple[ActionState, ...]
"""What is done with a request, one after the other. Castra makes one; somebody may have put a login before it."""


def wanted_actions(action: Action, ids: Mapping[str, str]) -> Actions:
    """The blueprint's action."""
    match action:
        case Forward(shares=shares):
            return (_forward((ids[one.target_group], one.weight) for one in shares),)
        case Redirect():
            asked = {name: getattr(action, name) for name in AS_ASKED}
            said = {name: AS_ASKED[name] if value is None else str(value) for name, value in asked.items()}
            return (RedirectState(**said, code="HTTP_301" if action.permanent else "HTTP_302"),)
        case Response():
            return (_response(str(action.code), action.body, action.type),)


def told_actions(actions: Iterable[Mapping[str, Any]]) -> Actions:
    """What AWS tells. A plain forward it tells twice, as TargetGroupArn and as ForwardConfig."""
    return tuple(_told(action) for action in actions)


def as_aws(actions: Actions) -> list[dict[str, Any]]:
    """The same as the calls that make and modify take it. Only for what is wanted: none of it is an OtherState."""
    return [_sent(action) for action in actions]


def _told(action: Mapping[str, Any]) -> ActionState:
    match action["Type"]:
        case "forward":
            config = action.get("ForwardConfig", {})
            groups = config.get("TargetGroups") or [{"TargetGroupArn": action.get("TargetGroupArn", "")}]
            sticky = config.get("TargetGroupStickinessConfig", {})
            seconds = sticky.get("DurationSeconds", 1) if sticky.get("Enabled") else 0
            return _forward(((one["TargetGroupArn"], one.get("Weight", 1)) for one in groups), seconds)
        case "redirect":
            config = action.get("RedirectConfig", {})
            said = {name: config.get(name.capitalize(), as_asked) for name, as_asked in AS_ASKED.items()}
            return RedirectState(**said, code=config.get("StatusCode", ""))
        case "fixed-response":
            config = action.get("FixedResponseConfig", {})
            content = config.get("ContentType", "text/plain")
            return _response(config.get("StatusCode", ""), config.get("MessageBody", ""), content)
        case other:
            details = {key: value for key, value in action.items() if key not in ("Type", "Order")}
            return OtherState(type=other, details=json.dumps(details, sort_keys=True))


def _forward(shares: Iterable[tuple[str, int]], sticky: int = 0) -> ForwardState:
    shares = tuple(shares)
    one = len(shares) == 1
    weighed = (ShareState(target_group=group, weight=min(weight, 1) if one else weight) for group, weight in shares)
    return ForwardState(shares=tuple(weighed), sticky=sticky)


def _response(code: str, body: str, content: str) -> ResponseState:
    """Where nothing is said, it doesn't matter of which type that is."""
    return ResponseState(code=code, body=body, content=content if body else "")


def _sent(action: ActionState) -> dict[str, Any]:
    match action:
        case ForwardState(shares=(ShareState(target_group=group),)):
            return {"Type": "forward", "TargetGroupArn": group}
        case ForwardState():
            groups = [{"TargetGroupArn": one.target_group, "Weight": one.weight} for one in action.shares]
            return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
        case RedirectState():
            config = {name.capitalize(): getattr(action, name) for name in AS_ASKED}
            return {"Type": "redirect", "RedirectConfig": {**config, "StatusCode": action.code}}
        case ResponseState():
            said = {"MessageBody": action.body, "ContentType": action.content} if action.body else {}
            return {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": action.code, **said}}
        case OtherState():
            raise ValueError(f"no blueprint asks for {action.type}")
