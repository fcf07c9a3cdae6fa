"""`python -m docs.site`: the documentation as web pages, in `.site/html`. A link that leads nowhere is an error."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from docs.links import problems_of

ROOT = Path(__file__).parent.parent
SOURCES = ("*.md", "docs/**/*.md", "deployments/**/*.md")
IMAGES = "docs/images"
ELSEWHERE = ("http://", "https://", "mailto:")
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")

FRONT, TOUR, SHELL = "README.md", "docs/tour.md", "docs/shell.md"
TOLD_IN = {
    "A tour of five minutes": TOUR,
    "The blueprint": SHELL,
    "The verbs": SHELL,
    "Credentials": SHELL,
    "Prefect": SHELL,
}
"""Sections of the README that are pages of their own here; all others are the front page."""
MOVED = {section.lower().replace(" ", "-"): page for section, page in TOLD_IN.items()}
"""The same by the anchors that others link them by."""
TITLES = {TOUR: "A tour of five minutes", SHELL: "The shell"}

Group = tuple[str, tuple[str, ...]]
NAVIGATION: dict[str, tuple[str | Group, ...]] = {
    "Start": (FRONT, TOUR, "docs/catalogue.md", SHELL),
    "Guides": (),
    "Recipes": ("docs/recipes.md",),
    "Reference": (
        ("The blueprint", ("docs/blueprint.md", "docs/blueprint/*.md")),
        ("Kinds", ("docs/kinds/README.md", "docs/kinds/*.md")),
        "docs/verbs.md",
        ("Files", ("examples/*", "blueprints/*")),
    ),
    "Running it": (
        "docs/operations.md",
        "docs/manual/*.md",
        "docs/operations/*.md",
        "docs/console.md",
        "deployments/*",
    ),
    "Behind it": (
        "docs/comparison.md",
        "docs/architecture.md",
        ("Decisions", ("docs/decisions/README.md", "docs/decisions/*.md")),
        "CONTRIBUTING.md",
        "CHANGELOG.md",
    ),
}
"""Where each page is found, by patterns, in this order."""
REST = "Guides"
"""Where those are found that no pattern fits."""


class Broken(Exception):
    """The site can't be as it is: each problem on a line."""


# ---------------------------------------------------------------------- the pages


def pages() -> dict[str, str]:
    """Every page's Markdown by its path, which is that of the repository; files that are linked become pages, too."""
    paths = sorted({path for pattern in SOURCES for path in ROOT.glob(pattern)})
    found = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    found |= split(found.pop(FRONT))
    listed: set[str] = set()
    whole = {page: _outside_of_code(text, _relinked(page, listed)) for page, text in found.items()}
    return whole | {f"{file}.md": _listing(file) for file in sorted(listed)}


def split(readme: str) -> dict[str, str]:
    """The README as the site's first pages, section by section."""
    intro, *sections = re.split(r"^(?=## )", readme, flags=re.MULTILINE)
    found = {FRONT: intro} | {page: f"# {title}\n\n" for page, title in TITLES.items()}
    for section in sections:
        headline, _, rest = section.partition("\n")
        page = TOLD_IN.get(headline.removeprefix("## "), FRONT)
        text = rest.lstrip("\n") if page == TOUR else section
        found[page] += text if page == FRONT else _moved(text, PurePosixPath(page).parent)
    return found


def _moved(text: str, folder: PurePosixPath) -> str:
    """A piece of the README with links that hold in another folder."""

    def moved(match: re.Match[str]) -> str:
        target = match[2]
        lead = target if target.startswith((*ELSEWHERE, "#")) else os.path.relpath(target, folder)
        return match[1] + lead + match[3]

    return re.sub(r'(\]\(|src=")([^)"\s]+)([)"])', moved, text)


def _outside_of_code(text: str, change: Callable[[str], str]) -> str:
    """A text with its prose changed, and its blocks of code as they are."""
    prose, code = FENCE.split(text), FENCE.findall(text)
    return "".join(change(piece) + block for piece, block in zip(prose, [*code, ""], strict=True))


def _relinked(page: str, listed: set[str]) -> Callable[[str], str]:
    """Links to files lead to their listings, which are noted in `listed`; those to folders, to their index."""

    def relink(match: re.Match[str]) -> str:
        target, _, anchor = match[1].partition("#")
        file = os.path.normpath(PurePosixPath(page).parent / target)
        if file == FRONT and anchor in MOVED:
            return f"]({os.path.relpath(MOVED[anchor], PurePosixPath(page).parent)}#{anchor})"
        if target.startswith(ELSEWHERE) or not target:
            return match[0]
        if (ROOT / file / "README.md").is_file():
            return f"]({target.rstrip('/')}/README.md{anchor and f'#{anchor}'})"
        if PurePosixPath(file).suffix in {".md", ".svg", ".png"} or not (ROOT / file).is_file():
            return match[0]
        listed.add(file)
        return f"]({target}.md)"

    return lambda prose: LINK.sub(relink, prose)


def _listing(file: str) -> str:
    """A file of the repository as a page."""
    language = {".yaml": "yaml", ".py": "python", ".sh": "bash"}.get(PurePosixPath(file).suffix, "text")
    return f"# {file}\n\n````{language}\n{(ROOT / file).read_text(encoding='utf-8')}````\n"


# ---------------------------------------------------------------------- the navigation


def navigation(found: dict[str, str]) -> list[dict[str, Any]]:
    """Every page once, by its place; those that no pattern fits are guides, by their titles."""
    left = sorted(found)
    places: dict[str, list[Any]] = {place: [] for place in NAVIGATION}
    for place, entries in NAVIGATION.items():
        for entry in entries:
            name, patterns = entry if isinstance(entry, tuple) else ("", (entry,))
            taken = list(dict.fromkeys(page for pattern in patterns for page in left if fnmatchcase(page, pattern)))
            left = [page for page in left if page not in taken]
            several = [{title(found[page]): page} for page in taken]
            places[place] += [{name: several}] if name and several else several
    places[REST] += [{title(found[page]): page} for page in sorted(left, key=lambda page: title(found[page]))]
    return [{place: entries} for place, entries in places.items() if entries]


def title(text: str) -> str:
    """A page's headline, without marks; of one that begins with code, that."""
    headline = text.partition("\n")[0].removeprefix("# ").strip()
    return headline.split("`")[1] if headline.startswith("`") else headline.replace("`", "")


# ---------------------------------------------------------------------- the site


def build(folder: Path) -> Path:
    """Build the site in a folder, afresh; the folder of its HTML. `Broken` if anything in it leads nowhere."""
    shutil.rmtree(folder, ignore_errors=True)
    found = pages()
    for page, text in found.items():
        path = folder / "pages" / page
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / IMAGES, folder / "pages" / IMAGES)
    settings = (ROOT / "docs" / "site.yaml").read_text(encoding="utf-8")
    (folder / "mkdocs.yml").write_text(settings + yaml.safe_dump({"nav": navigation(found)}, sort_keys=False))
    _render(folder)
    if problems := [*_missing(found, folder / "html"), *problems_of(folder / "html")]:
        raise Broken("\n".join(problems))
    return folder / "html"


def _render(folder: Path) -> None:
    """By Zensical."""
    command = [sys.executable, "-m", "zensical", "build", "--config-file", str(folder / "mkdocs.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    if done.returncode:
        raise Broken(done.stdout + done.stderr)


def _missing(found: Iterable[str], html: Path) -> list[str]:
    """Pages that were lost on the way."""
    made = {page: page.removesuffix("README.md") + "index.html" for page in found if page.endswith("README.md")}
    wanted = {page: made.get(page, page.removesuffix(".md") + ".html") for page in found}
    return [f"{page}: there's no {file}." for page, file in wanted.items() if not (html / file).is_file()]


def main() -> None:
    """Build it in `.site`, and say how to look at it: a browser gives the search nothing without a server."""
    try:
        html = build(ROOT / ".site").relative_to(ROOT)
        print(f"Built: {html}. Next: python3 -m http.server --bind 127.0.0.1 --directory {html}")
    except Broken as broken:
        sys.exit(str(broken))


if __name__ == "__main__":
    main()
