"""The catalogue: ready-made blueprints, taken as they are, or under a name, a region and a size of one's own."""

import re
import shutil
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, get_args

import yaml
from pydantic import AfterValidator, Field

from blueprints.environment import LONGEST_NAME, Environment
from blueprints.key_pairs import without_comment
from blueprints.lifetimes import Lifetime
from blueprints.part import Name, Piece
from blueprints.problem import Invalid, Problem
from blueprints.reading import parse

HERE = Path(__file__).parent
Item = Literal["bastion", "batch", "internal-tool", "jamstack", "web"]
ITEMS: tuple[Item, ...] = get_args(Item)
Size = Literal["small", "medium", "large"]
SIZES: dict[Size, dict[str, str]] = {
    "small": {"instance_type": "t3.small", "memory": "256"},
    "medium": {"instance_type": "t3.medium", "memory": "512"},
    "large": {"instance_type": "t3.large", "memory": "1024"},
}
"""What servers, instances and functions are at each size."""
COUNT = re.compile(r"^(    count: )\{min: (\d+), max: (\d+)\}$", re.MULTILINE)
CLOSED = ("key_pairs: {}\n", "    admits: []\n")
"""What is written otherwise where people are admitted by SSH."""


def _narrow(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """Raises ValueError for the whole world."""
    if network.prefixlen == 0:
        raise ValueError("is the whole world: name the networks that people come from, such as 203.0.113.0/24")
    return network


class Choice(Piece):
    """An item of the catalogue, and what is to differ from how it is written."""

    item: Item = Field(description="Which one.")
    name: Annotated[Name, Field(max_length=LONGEST_NAME)] | None = Field(
        default=None, description="The environment's name; the item's own, if not given."
    )
    region: str | None = Field(default=None, pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$", description="Such as eu-west-1.")
    owner: str | None = Field(default=None, max_length=256, description="Whom to ask; becomes a tag.")
    expires_after: Lifetime | None = Field(
        default=None, description="How long it stands, such as 8h or 3d; for ever, if not given."
    )
    size: Size = Field(default="small", description="Of servers and functions.")
    count: int | None = Field(default=None, ge=1, le=100, description="How many servers there are at least.")

    ssh_from: tuple[Annotated[IPv4Network | IPv6Network, AfterValidator(_narrow)], ...] = Field(
        default=(), description="Networks that people come from by SSH, to a bastion; from nowhere, if not given."
    )
    public_key: Annotated[str, AfterValidator(without_comment)] | None = Field(
        default=None, description="The public key of those who come by SSH, in OpenSSH's form."
    )

    def text(self) -> str:
        """The document, with its comments. Raises Invalid for what it has no use for, such as a number of servers."""
        text = _file(self.item).read_text(encoding="utf-8")
        asked = {"name": self.name, "region": self.region}
        for field, value in asked.items():
            text = text if value is None else re.sub(rf"^{field}: .*$", _line(field, value), text, flags=re.MULTILINE)
        more = {"owner": self.owner, "expires_after": self.expires_after}
        if beside := [_line(field, value) for field, value in more.items() if value is not None]:
            text = re.sub(r"^region: .*$", lambda region: "\n".join([region[0], *beside]), text, flags=re.MULTILINE)
        for field, value in SIZES[self.size].items():
            text = re.sub(rf"^(    {field}: ).*$", rf"\g<1>{value}", text, flags=re.MULTILINE)
        text = self._opened(text) if self.ssh_from or self.public_key else text
        return text if self.count is None else self._counted(text, self.count)

    def _opened(self, text: str) -> str:
        """Networks and key belong together."""
        if problems := list(self._hindrances(text)):
            raise Invalid("catalogue", problems)
        networks = ", ".join(f'"{network}"' for network in self.ssh_from)
        opened = (
            f"key_pairs:\n  people:\n    public_key: {self.public_key}\n",
            f"    admits:\n      - {{port: 22, networks: [{networks}]}}\n    key_pair: people\n",
        )
        for closed, with_people in zip(CLOSED, opened, strict=True):
            text = text.replace(closed, with_people)
        return text

    def _hindrances(self, text: str) -> Iterator[Problem]:
        if not all(closed in text for closed in CLOSED):
            yield Problem("ssh_from", f"{self.item} has no bastion that people could come to", "Leave it out")
        elif not self.public_key:
            yield Problem("public_key", "nobody gets in without one", "Give it, too")
        elif not self.ssh_from:
            yield Problem("ssh_from", "it isn't said where those with the key come from", "Name their networks, too")

    def _counted(self, text: str, count: int) -> str:
        """The most grows as the least does."""
        counted, found = COUNT.subn(
            lambda now: f"{now[1]}{{min: {count}, max: {count * int(now[3]) // int(now[2])}}}", text
        )
        if not found:
            why = f"{self.item} has no servers that could be counted"
            raise Invalid("catalogue", [Problem("count", why, "Leave it out")])
        return counted

    def environment(self) -> Environment:
        """The environment that it describes. Its files are the catalogue's own."""
        return parse(self.text(), source=f"{self.item} of the catalogue", folder=HERE)


def headline(item: Item) -> str:
    """What an item is, in a sentence."""
    return _file(item).read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def folders(item: Item) -> tuple[Path, ...]:
    """The folders that an item's document names: pages and code."""
    return (HERE / item,) if (HERE / item).is_dir() else ()


def written(choice: Choice, into: Path) -> Iterator[Path]:
    """Write a document into a folder, and the folders that it names; gives what was written. Raises Invalid.

    Nothing that's there already is written over.
    """
    document = into / f"{choice.name or choice.item}.yaml"
    copies = {folder: into / folder.name for folder in folders(choice.item)}
    text = choice.text()
    if problems := [_in_the_way(path) for path in (document, *copies.values()) if path.exists()]:
        raise Invalid("castra catalogue", problems)
    for folder, copy in copies.items():
        yield shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("__pycache__"))
    into.mkdir(parents=True, exist_ok=True)
    document.write_text(text, encoding="utf-8")
    yield document


def _in_the_way(path: Path) -> Problem:
    return Problem("--into", f"{path} is there already", "Name another folder, or take it away")


def _line(field: str, value: str) -> str:
    """A line of YAML; a text that would be read as something else is quoted."""
    return yaml.safe_dump({field: value}, width=10_000, allow_unicode=True).strip()


def _file(item: Item) -> Path:
    return HERE / f"{item}.yaml"
