"""What stands, by kind and name, and by id: what the sections' inverses read."""

import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Any

from blueprints.behind_apis import LIVE
from blueprints.part import filled
from tasks.decide import outputs
from tasks.identity.policy import canonical
from tasks.kind import Found
from tasks.scope import EXTRA

Section = dict[str, Any]
"""A section, or an entry of one, as a document has it."""
SHARED_IDS = ("bucket-notification", "bucket-policy", "bucket-replication", "firewall", "site")
"""Kinds whose id is another part's."""
PEERS = {"servers": "servers", "instance": "instances", "function": "functions"}
"""By the beginning of a security group's name, the section that it is of."""


class Standing:
    """An environment's parts, without those on their way out."""

    def __init__(
        self, found: Iterable[Found[Any]], region: str, account: str, groups: Iterable[Mapping[str, Any]] = ()
    ) -> None:
        self.region = region
        self.found = [one for one in found if not one.retired and one.phase != "leaving"]
        self.ids = {one.key: one.id for one in self.found} | outputs(self.found) | {"account:": account}
        """What stands for references: ids by parts' keys, what is told of them, and the account."""
        self._keys = {one.id: one.key for one in self.found if one.kind not in SHARED_IDS}
        self.groups = {group["AutoScalingGroupName"]: group for group in groups}
        """Scaling groups as AWS tells them: bounds that a schedule moves are in no state."""

    def of(self, kind: str) -> dict[str, Found[Any]]:
        """All of a kind, by name."""
        return {one.name: one for one in self.found if one.kind == kind}

    def state(self, kind: str, name: str) -> Any:
        """The state of a part, or None where it doesn't stand."""
        part = self.of(kind).get(name)
        return part.state if part else None

    def key(self, id: str) -> str:
        """The part's key that has this id; else the id itself."""
        return self._keys.get(id, id)

    def name(self, id: str) -> str:
        """The same without its kind."""
        return self.key(id).rpartition("/")[2] if id in self._keys else id

    def peer(self, rule: Any) -> tuple[str, str] | None:
        """Whom a rule lets in, as the field of `admits` and what stands there; None for whom no section names."""
        peer = self.key(rule.peer)
        if found := re.match(rf"security-group/({'|'.join(PEERS)})-(.+)$", peer):
            return PEERS[found[1]], found[2]
        return None if peer.startswith(("security-group/", "sg-", "pl-")) else ("networks", str(ip_network(peer)))

    def function(self, uri: str) -> str:
        """`function/<name>` for what calls one of the document's by its alias; anything else as it is."""
        key = self.key(uri.removesuffix(LIVE))
        return key if uri.endswith(LIVE) and key.startswith("function/") else uri

    def written_to(self, own: str, log: str) -> str | int | None:
        """Where a log goes: the days that a log group of its own keeps it, or an ARN; None where it goes nowhere."""
        group = self.state("log-group", own)
        return group.retention if group and self.ids[f"log-group/{own}"] == log else log or None

    def says(self, document: Any, text: str) -> bool:
        """Whether a policy with references in it is the one that stands. It isn't, if what it names doesn't."""
        try:
            return canonical(filled(document, self.ids)) == text
        except KeyError:
            return False

    def own_tags(self) -> dict[str, str]:
        """The user's own tags, as far as everything that tells them agrees."""
        told = [one.tags for one in self.found if EXTRA in one.tags]
        keys = told[0][EXTRA].split() if told else []
        return {key: told[0][key] for key in keys if key in told[0]}


def said(**values: Any) -> Section:
    """Without what is None."""
    return {name: value for name, value in values.items() if value is not None}
