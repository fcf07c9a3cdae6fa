"""User data: what servers and instances run at their first start, of all that asks for something there."""

import re
from collections.abc import Iterator, Sequence
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from blueprints.booting import USER_DATA
from blueprints.naming import called_in_aws
from blueprints.part import Text, text
from blueprints.problem import Problem
from blueprints.proxying import known, proxied, proxy_problems

LONGEST_ID = 63  # characters: a bucket's name. What stands for an id is counted as so many.
TYPES = {"#!": "x-shellscript", "#cloud-config": "cloud-config"}
"""How a bootstrap begins, and what cloud-init takes it for where there are several.
https://cloudinit.readthedocs.io/en/latest/explanation/format.html"""
BETWEEN = "==castra=="  # the parts of user data, in which two runs must be the same to the letter

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "boot"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def boot_problems(document: Any) -> Iterator[Problem]:
    """Proxies that don't fit with the rest, and bootstraps that can't run beside what Castra has machines run."""
    for name, servers in document.servers.items():
        yield from proxy_problems(name, servers, document)
    for section in ("servers", "instances"):
        for name, machine in getattr(document, section).items():
            proxy = getattr(machine, "proxy", None)
            if not (machine.names or proxy):
                continue
            if machine.bootstrap.text and not _type_of(machine.bootstrap.text):
                why = f"is neither a script nor cloud-config: it begins with none of {', '.join(TYPES)}"
                yield Problem(f"{section}.{name}.bootstrap", why, "Begin it with #!/bin/sh, or take it out")
            if not proxy or known(proxy, document):
                yield from _size_problems(f"{section}.{name}.{'proxy' if proxy else 'names'}", document, machine)


def _size_problems(where: str, document: Any, machine: Any) -> Iterator[Problem]:
    """User data that AWS doesn't take."""
    data = booting(document, machine)
    pieces = data.pieces if isinstance(data, Text) else (data,)
    size = sum(len(one.encode()) if type(one) is str else LONGEST_ID for one in pieces)
    if size > USER_DATA:
        way_out = "Put files into the image, or proxy or name less"
        yield Problem(where, f"with the bootstrap it is {size} bytes long; AWS takes at most {USER_DATA}", way_out)


def booting(document: Any, machine: Any) -> Text | str:
    """What servers or an instance run at their first start: what tells them names, their own bootstrap, and what makes
    proxies of them.
    """
    marks = _Marks()
    scripts = [machine.bootstrap.text] if machine.bootstrap.text else []
    if machine.names:
        told = {key: marks.of(called_in_aws(one)) for key, one in machine.names.items()}
        scripts.insert(0, _rendered("names.sh.j2", names=told))
    if proxy := getattr(machine, "proxy", None):
        configuration = _rendered("nginx.conf.j2", port=machine.port, **proxied(proxy, document, marks.of))
        scripts.append(_rendered("install.sh.j2", configuration=configuration))
    if scripts == [machine.bootstrap.text] or not scripts:
        return str(machine.bootstrap.text)
    return marks.filled_in(_together(scripts))


class _Marks:
    """What stands for ids in texts that are rendered before the ids are known."""

    def __init__(self) -> None:
        self._ids: dict[str, Any] = {}

    def of(self, id: Any) -> str:
        """One that stands for this id."""
        mark = f"{{castra:{len(self._ids)}}}"
        self._ids[mark] = id
        return mark

    def filled_in(self, script: str) -> Text:
        """The text with its ids."""
        return text(*(self._ids.get(piece, piece) for piece in re.split(r"(\{castra:[0-9]+\})", script)))


def _rendered(template: str, **values: Any) -> str:
    return _templates.get_template(template).render(values)


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
