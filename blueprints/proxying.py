"""Reverse proxies: servers that fetch some paths from a site's bucket, and others from an API."""

import re
from collections.abc import Iterator, Mapping, Sequence
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path
from typing import Annotated, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import Field

from blueprints.booting import USER_DATA
from blueprints.listening import Port
from blueprints.naming import called_in_aws
from blueprints.part import Id, Text, name_in, text
from blueprints.problem import Problem

ProxyPath = Annotated[str, Field(pattern=r"^/([A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*)?$", max_length=200)]
Upstream = Annotated[str, Field(pattern=r"^(site|api)/[a-z0-9]+(-[a-z0-9]+)*$")]
Proxy = dict[ProxyPath, Upstream]
HEALTH = "/castra/health"  # nginx answers it by itself, whatever becomes of S3 and of APIs
LONGEST_ID = 63  # characters: a bucket's name. What stands for an id is counted as so many.
TYPES = {"#!": "x-shellscript", "#cloud-config": "cloud-config"}
"""How a bootstrap begins, and what cloud-init takes it for where there are several.
https://cloudinit.readthedocs.io/en/latest/explanation/format.html"""
BETWEEN = "==castra=="  # the parts of user data, in which two runs must be the same to the letter

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "proxy"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def proxy_problems(document: Any) -> Iterator[Problem]:
    """What doesn't fit with the rest, in all servers."""
    for name, servers in document.servers.items():
        where = f"servers.{name}.proxy"
        if not servers.proxy:
            continue
        if servers.port is None:
            yield Problem(f"servers.{name}.port", "is missing, and nginx has to listen somewhere", "Write port: 80")
        for path, upstream in servers.proxy.items():
            yield from _upstream_problems(f"{where}.{path}", upstream, document)
            if HEALTH.startswith(path.rstrip("/") + "/") and path != "/":
                yield Problem(f"{where}.{path}", f"{HEALTH} is answered by nginx itself", "Choose another path")
        if all(upstream.partition("/")[2] in _section(document, upstream) for upstream in servers.proxy.values()):
            yield from _size_problems(where, booting(document, servers))


def boot_problems(document: Any) -> Iterator[Problem]:
    """Bootstraps that can't run beside what Castra has servers and instances run."""
    yield from proxy_problems(document)
    for section in ("servers", "instances"):
        for name, machine in getattr(document, section).items():
            if (machine.names or getattr(machine, "proxy", None)) and not _mixes(machine.bootstrap.text):
                why = f"is neither a script nor cloud-config: it begins with none of {', '.join(TYPES)}"
                yield Problem(f"{section}.{name}.bootstrap", why, "Begin it with #!/bin/sh, or take it out")
            if machine.names and not getattr(machine, "proxy", None):
                yield from _size_problems(f"{section}.{name}.names", booting(document, machine))


def _mixes(bootstrap: str) -> bool:
    return not bootstrap or bool(_type_of(bootstrap))


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


def _size_problems(where: str, data: Text | str) -> Iterator[Problem]:
    """User data that AWS doesn't take."""
    pieces = data.pieces if isinstance(data, Text) else (data,)
    size = sum(len(one.encode()) if type(one) is str else LONGEST_ID for one in pieces)
    if size > USER_DATA:
        way_out = "Put files into the image, or proxy or name less"
        yield Problem(where, f"with the bootstrap it is {size} bytes long; AWS takes at most {USER_DATA}", way_out)


def booting(document: Any, machine: Any) -> Text | str:
    """What servers or an instance run at their first start: what tells them names, their own bootstrap, and what makes
    proxies of them.
    """
    names: dict[str, Any] = {}
    scripts = [machine.bootstrap.text] if machine.bootstrap.text else []
    if machine.names:
        told = {key: _marked(called_in_aws(one), names) for key, one in machine.names.items()}
        scripts.insert(0, _templates.get_template("names.sh.j2").render(names=told))
    if proxy := getattr(machine, "proxy", None):
        configuration = _configuration(proxy, machine.port, document, names)
        scripts.append(_templates.get_template("install.sh.j2").render(configuration=configuration))
    if scripts == [machine.bootstrap.text] or not scripts:
        return str(machine.bootstrap.text)
    return _with_ids(_together(scripts), names)


def _configuration(proxy: Mapping[str, str], port: Port | None, document: Any, names: dict[str, Any]) -> str:
    """nginx's configuration, in which marks stand for ids; what for which is put into `names`."""
    domain = "amazonaws.com.cn" if document.region.startswith("cn-") else "amazonaws.com"
    sites, apis = [], []
    for path, upstream in proxy.items():
        kind, _, name = upstream.partition("/")
        prefix = path.rstrip("/") + "/"
        place = {"path": prefix, "pattern": re.escape(prefix), "name": _label(path)}
        if kind == "site":
            site = document.sites[name]
            bucket = _marked(name_in(Id(f"bucket/{name}")), names)
            fallback = site.index if site.spa else site.error
            status = "200" if site.spa else "404"
            sites.append(place | {"bucket": bucket, "index": site.index, "fallback": fallback, "status": status})
        else:
            api = document.apis[name]
            id = _marked(Id(f"rest-api/{name}" if api.kind == "rest" else f"http-api/{name}"), names)
            stage = f"/{api.stage}" if api.stage and api.stage != "$default" else ""
            apis.append(place | {"host": f"{id}.execute-api.{document.region}.{domain}", "stage": stage})
    s3 = f"s3.{document.region}.{domain}"
    told = {"port": port, "health": HEALTH, "s3": s3, "sites": sites, "apis": apis}
    return _templates.get_template("nginx.conf.j2").render(told)


def _label(path: str) -> str:
    """A name for what a path shows where a file is missing; no two paths have one."""
    return "missing" + re.sub(r"[^A-Za-z0-9/]", lambda sign: f".{ord(sign[0]):x}", path.rstrip("/")).replace("/", "_")


def _marked(id: Any, names: dict[str, Any]) -> str:
    mark = f"{{castra:{len(names)}}}"
    names[mark] = id
    return mark


def _with_ids(script: str, names: Mapping[str, Any]) -> Text:
    pieces = re.split(r"(\{castra:[0-9]+\})", script)
    return text(*(names.get(piece, piece) for piece in pieces))


def _type_of(bootstrap: str) -> str:
    return next((type for start, type in TYPES.items() if bootstrap.startswith(start)), "")


def _together(scripts: Sequence[str]) -> str:
    """One text of several, as cloud-init takes them: the first one runs first."""
    if len(scripts) == 1:
        return scripts[0]
    all_of_them = MIMEMultipart(boundary=BETWEEN)
    for script in scripts:
        all_of_them.attach(MIMEText(script, _type_of(script)))
    return all_of_them.as_string()
