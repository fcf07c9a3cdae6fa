"""The section `balancers`, from load balancers of all kinds, their listeners and rules."""

from collections.abc import Iterable
from typing import Any

from blueprints.classic import CLASSIC_TLS_POLICY
from blueprints.listening import SPOKEN, TLS_POLICY
from tasks.balancing.actions import AS_ASKED, ActionState, ForwardState, RedirectState, ResponseState
from tasks.exporting.standing import Section, Standing, said
from tasks.kind import Found


def balancers(standing: Standing) -> dict[str, Section]:
    """Each, by name."""
    told = {name: _balancer(standing, name, one) for name, one in standing.of("load-balancer").items()}
    return told | {name: _classic(standing, name, one) for name, one in standing.of("classic-balancer").items()}


def _balancer(standing: Standing, name: str, balancer: Found[Any]) -> Section:
    state, network = balancer.state, balancer.state.type == "network"
    groups = [one.state for key, one in standing.of("target-group").items() if key.startswith(f"{name}-")]
    cross = state.cross_zone if network else None
    if not network and any(one.cross_zone == "false" for one in groups):
        cross = False
    return said(
        kind=state.type,
        public=state.scheme == "internet-facing",
        idle_timeout=state.idle_timeout,
        deletion_protection=state.deletion_protection,
        drop_invalid_headers=state.drop_invalid_headers,
        cross_zone=cross or (None if network else cross),
        access_logs=said(**state.access_logs.model_dump()) if state.access_logs else None,
        static_addresses=state.static or None,
        preserve_client_ip=False if any(one.preserve_client_ip is False for one in groups) else None,
        sticky=True if any(one.stickiness == "source_ip" for one in groups) else None,
        listeners=_listeners(standing, name, balancer, SPOKEN[state.type][0]),
    )


def _listeners(standing: Standing, name: str, balancer: Found[Any], usual: str) -> list[Section]:
    mine = [one for one in standing.of("listener").values() if one.state.load_balancer == balancer.id]
    rules = list(standing.of("listener-rule").values())
    told = []
    for listener in sorted(mine, key=lambda one: one.state.port):
        state = listener.state
        under = sorted((one.state for one in rules if one.state.listener == listener.id), key=lambda one: one.priority)
        entry = said(
            port=state.port,
            protocol=None if state.protocol == usual else state.protocol,
            certificate=[state.certificate, *state.more_certificates] if state.certificate else None,
            ssl_policy=state.ssl_policy if state.ssl_policy not in ("", TLS_POLICY) else None,
            rules=[_rule(standing, name, one) for one in under] or None,
        )
        told.append(entry | _answer(standing, name, state.actions))
    return told


def _rule(standing: Standing, name: str, state: Any) -> Section:
    asked = state.conditions
    return {
        "path": list(asked.paths),
        "host": list(asked.hosts),
        "method": list(asked.methods),
        "header": {one.name: list(one.values) for one in asked.headers},
        "query": {one.name: list(one.values) for one in asked.queries},
        **_answer(standing, name, state.actions),
    }


def _answer(standing: Standing, name: str, actions: Iterable[ActionState]) -> Section:
    """What becomes of a request. Nothing of what no blueprint asks for, so that the plan tells of it."""
    for action in actions:
        match action:
            case ForwardState(shares=shares):
                targets = {standing.name(one.target_group).removeprefix(f"{name}-"): one.weight for one in shares}
                return {"to": targets}
            case RedirectState():
                kept = {word: getattr(action, word) for word in AS_ASKED if getattr(action, word) != AS_ASKED[word]}
                if "port" in kept:
                    kept["port"] = int(kept["port"])
                return {"redirect": {**kept, "permanent": action.code == "HTTP_301"}}
            case ResponseState():
                return {"respond": said(code=int(action.code), body=action.body, type=action.content or None)}
            case _:
                continue
    return {}


def _classic(standing: Standing, name: str, balancer: Found[Any]) -> Section:
    state = balancer.state
    groups = (one for one in standing.of("scaling-group").values() if balancer.id in one.state.classic_balancers)
    to = next((one.name for one in groups), "")
    listeners = [
        said(
            port=one.port,
            protocol={"SSL": "TLS", SPOKEN["classic"][0]: None}.get(one.protocol, one.protocol),
            certificate=[one.certificate] if one.certificate else None,
            ssl_policy=one.ssl_policy if one.ssl_policy not in ("", CLASSIC_TLS_POLICY) else None,
            to={to: 1},
        )
        for one in sorted(state.listeners, key=lambda one: one.port)
    ]
    return said(
        kind="classic",
        public=state.scheme == "internet-facing",
        idle_timeout=state.idle_timeout,
        cross_zone=None if state.cross_zone else False,
        access_logs=said(**state.access_logs.model_dump()) if state.access_logs else None,
        cookie=next((one.cookie for one in state.listeners if one.cookie), None),
        listeners=listeners,
    )
