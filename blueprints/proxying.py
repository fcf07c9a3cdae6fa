"""Reverse proxies: servers that fetch some paths from a site's bucket, and others from an API."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from blueprints.part import Id, name_in
from blueprints.problem import Problem

ProxyPath = Annotated[str, Field(pattern=r"^/([A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*)?$", max_length=200)]
Upstream = Annotated[str, Field(pattern=r"^(site|api)/[a-z0-9]+(-[a-z0-9]+)*$")]
Proxy = dict[ProxyPath, Upstream]
HEALTH = "/castra/health"  # nginx answers it by itself, whatever becomes of S3 and of APIs


def proxy_problems(name: str, servers: Any, document: Any) -> Iterator[Problem]:
    """What doesn't fit with the rest of the document in the proxy of some servers, if they are one."""
    if servers.proxy and servers.port is None:
        yield Problem(f"servers.{name}.port", "is missing, and nginx has to listen somewhere", "Write port: 80")
    for path, upstream in servers.proxy.items():
        where = f"servers.{name}.proxy.{path}"
        yield from _upstream_problems(where, upstream, document)
        if HEALTH.startswith(path.rstrip("/") + "/") and path != "/":
            yield Problem(where, f"{HEALTH} is answered by nginx itself", "Choose another path")


def known(proxy: Mapping[str, str], document: Any) -> bool:
    """Whether the document has all that is proxied."""
    return all(upstream.partition("/")[2] in _section(document, upstream) for upstream in proxy.values())


def _upstream_problems(where: str, upstream: str, document: Any) -> Iterator[Problem]:
    kind, _, name = upstream.partition("/")
    section = _section(document, upstream)
    if name not in section:
        way_out = f"Name one of: {', '.join(f'{kind}/{one}' for one in section)}" if section else "Describe it there"
        yield Problem(where, f"there is no {name} in the section {kind}s", way_out)
    elif kind == "site" and section[name].visibility == "cdn":
        why = "its bucket answers CloudFront only, which is a proxy by itself"
        yield Problem(where, why, f"Set sites.{name}.visibility to vpc or public")
    elif kind == "api" and section[name].kind == "websocket":
        yield Problem(where, "a WebSocket API isn't proxied", "Let its visitors speak to it by its own address")
    elif kind == "api" and not section[name].default_endpoint:
        why = "it's reached by AWS's own address, which is off"
        yield Problem(where, why, f"Leave apis.{name}.default_endpoint on")


def _section(document: Any, upstream: str) -> Mapping[str, Any]:
    section: Mapping[str, Any] = document.sites if upstream.startswith("site/") else document.apis
    return section


def proxied(proxy: Mapping[str, str], document: Any, mark: Callable[[Any], str]) -> dict[str, Any]:
    """What nginx's configuration says of sites, of APIs and of S3; `mark` gives what stands for an id in it."""
    domain = "amazonaws.com.cn" if document.region.startswith("cn-") else "amazonaws.com"
    sites, apis = [], []
    for path, upstream in proxy.items():
        kind, _, name = upstream.partition("/")
        prefix = path.rstrip("/") + "/"
        place = {"path": prefix, "pattern": re.escape(prefix), "name": _label(path)}
        if kind == "site":
            site = document.sites[name]
            fallback = site.index if site.spa else site.error
            status = "200" if site.spa else "404"
            told = {"bucket": mark(name_in(Id(f"bucket/{name}"))), "index": site.index}
            sites.append(place | told | {"fallback": fallback, "status": status})
        else:
            api = document.apis[name]
            id = mark(Id(f"rest-api/{name}" if api.kind == "rest" else f"http-api/{name}"))
            stage = f"/{api.stage}" if api.stage and api.stage != "$default" else ""
            apis.append(place | {"host": f"{id}.execute-api.{document.region}.{domain}", "stage": stage})
    return {"health": HEALTH, "s3": f"s3.{document.region}.{domain}", "sites": sites, "apis": apis}


def _label(path: str) -> str:
    """A name for what a path shows where a file is missing; no two paths have one."""
    return "missing" + re.sub(r"[^A-Za-z0-9/]", lambda sign: f".{ord(sign[0]):x}", path.rstrip("/")).replace("/", "_")
