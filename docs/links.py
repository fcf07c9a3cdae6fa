"""What leads nowhere in a folder of HTML, or would be fetched from elsewhere."""

from collections.abc import Iterator
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

FETCHED = {"img": "src", "script": "src", "iframe": "src", "source": "srcset", "object": "data", "link": "href"}
"""What a browser fetches by itself, by the attribute that says from where."""


class Page(HTMLParser):
    """One page: its anchors, where its links lead, and what it has a browser fetch."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = {"", "__top"}
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by the parser for every tag."""
        said = {name: value or "" for name, value in attrs}
        self.anchors |= {said[name] for name in ("id", "name") if name in said}
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
        if (source := FETCHED.get(tag)) and source in said and said.get("rel") not in {"canonical", "prev", "next"}:
            self.fetched.append(said[source])


class Site:
    """All pages of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def pages(self) -> dict[str, Page]:
        """By their paths within the folder."""
        return {path.relative_to(self.folder).as_posix(): Page(path) for path in sorted(self.folder.rglob("*.html"))}

    def problems(self) -> Iterator[str]:
        """Each as `{page}: {what}.`"""
        for name, page in self.pages.items():
            for target in dict.fromkeys(page.fetched):
                if _is_elsewhere(target):
                    yield f"{name}: {target} would be fetched from elsewhere."
            for target in dict.fromkeys([*page.links, *page.fetched]):
                if not _is_elsewhere(target):
                    yield from (f"{name}: {why}" for why in self._why_not(name, target))

    def _why_not(self, page: str, target: str) -> Iterator[str]:
        """Why a target isn't there, if so. A folder is its index."""
        parts = urlsplit(urljoin(page, target))
        path = unquote(parts.path).lstrip("/")
        path = f"{path}index.html" if path.endswith("/") or not path else path
        if not (self.folder / path).is_file():
            yield f"there's no {path}, which {target} leads to."
        elif path in self.pages and unquote(parts.fragment) not in self.pages[path].anchors:
            yield f"{path} has no place #{parts.fragment}."


def _is_elsewhere(target: str) -> bool:
    """Whether it has a scheme or a host of its own; what is written into the page itself is here."""
    parts = urlsplit(target)
    return bool(parts.scheme or parts.netloc) and parts.scheme != "data"


def problems_of(folder: Path) -> list[str]:
    """All of them, page by page."""
    return list(Site(folder).problems())
