"""What a stage of a REST API lets through and keeps, of all methods and of single ones."""

from collections.abc import Mapping
from typing import Any

from blueprints.rest_apis import RestStage
from tasks.api.api_stage import ThrottleState
from tasks.kind import State

EVERY = "*"
"""Instead of a method's key: all of them."""


class SettingState(State):
    """`ttl`: seconds that answers are kept; 0 is never. What is kept is encrypted.

    https://docs.aws.amazon.com/apigateway/latest/api/API_MethodSetting.html
    """

    throttle: ThrottleState
    ttl: int = 0
    encrypted: bool = True


def wanted_settings(part: RestStage) -> dict[str, SettingState]:
    """The part's. A method that only keeps answers has the stage's throttle."""
    usual = ThrottleState(rate=part.throttle.rate, burst=part.throttle.burst)
    settings = {EVERY: SettingState(throttle=usual)}
    for key in sorted({*part.routes, *part.cached}):
        own = part.routes.get(key)
        throttle = ThrottleState(rate=own.rate, burst=own.burst) if own else usual
        settings[key] = SettingState(throttle=throttle, ttl=part.cached[key].ttl if key in part.cached else 0)
    return settings


def told_settings(stage: Mapping[str, Any]) -> dict[str, SettingState]:
    """What AWS tells. Its keys are `*/*`, or a path without its first slash and a method: `things~1{id}/GET`."""
    return {_key(where): _told(one) for where, one in (stage.get("methodSettings") or {}).items()}


def _key(where: str) -> str:
    path, _, method = where.rpartition("/")
    return EVERY if where.strip("/") == "*/*" else f"{method} /{path.replace('~1', '/').strip('/')}"


def _told(one: Mapping[str, Any]) -> SettingState:
    return SettingState(
        throttle=ThrottleState(rate=one.get("throttlingRateLimit"), burst=one.get("throttlingBurstLimit")),
        ttl=one.get("cacheTtlInSeconds", 300) if one.get("cachingEnabled") else 0,
        encrypted=bool(one.get("cacheDataEncrypted")) if one.get("cachingEnabled") else True,
    )


def written(standing: Mapping[str, SettingState], wanted: Mapping[str, SettingState]) -> list[dict[str, str]]:
    """The patch that turns one into the other. Slashes within a path are `~1`.

    https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html
    """
    gone = sorted(standing.keys() - wanted.keys())
    patch = [{"op": "remove", "path": _path(key)} for key in gone]
    for key, setting in wanted.items():
        if standing.get(key) != setting:
            said = _said(setting).items()
            patch += [{"op": "replace", "path": f"{_path(key)}/{name}", "value": value} for name, value in said]
    return patch


def _said(setting: SettingState) -> dict[str, str]:
    said = {
        "throttling/rateLimit": str(setting.throttle.rate),
        "throttling/burstLimit": str(setting.throttle.burst),
        "caching/enabled": "true" if setting.ttl else "false",
    }
    kept = {"caching/ttlInSeconds": str(setting.ttl), "caching/dataEncrypted": "true"}
    return said | (kept if setting.ttl else {})


def _path(key: str) -> str:
    method, _, path = key.partition(" ")
    return "/*/*" if key == EVERY else f"/{path.replace('/', '~1')}/{method}"
