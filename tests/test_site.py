"""The documentation as web pages: all is there, and leads somewhere."""

from pathlib import Path
from typing import Any

import pytest

from docs import site
from docs.links import problems_of
from tasks.registry import KINDS

ROOT = Path(__file__).parent.parent


def leaves(navigation: Any) -> list[str]:
    """The pages of a navigation, in its order."""
    if isinstance(navigation, str):
        return [navigation]
    inner = navigation.values() if isinstance(navigation, dict) else navigation
    return [page for one in inner for page in leaves(one)]


def test_the_site_builds_and_every_link_image_and_anchor_leads_somewhere(tmp_path: Path) -> None:
    html = site.build(tmp_path / "site")
    assert [kind for kind in KINDS if not (html / f"docs/kinds/{kind}.html").is_file()] == []
    assert 'src="docs/images/castra.svg"' in (html / "index.html").read_text()
    assert "run-in-prefect.png" in (html / "docs/tour.html").read_text()
    assert "target_cpu" in (html / "examples/web.yaml.html").read_text()


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ('<a href="gone.html">', "index.html: there's no gone.html, which gone.html leads to."),
        ('<a href="a/b.html#nowhere">', "index.html: a/b.html has no place #nowhere."),
        ('<a href="#nowhere">', "index.html: index.html has no place #nowhere."),
        ('<img src="gone.png">', "index.html: there's no gone.png, which gone.png leads to."),
        (
            '<script src="https://unpkg.com/x.js">',
            "index.html: https://unpkg.com/x.js would be fetched from elsewhere.",
        ),
    ],
)
def test_what_leads_nowhere_is_told_with_its_page(tmp_path: Path, broken: str, told: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b.html").write_text('<h1 id="here">b</h1><a href="../index.html">')
    (tmp_path / "index.html").write_text(f'<a href="a/b.html#here"><a href="https://example.com/">{broken}')
    assert problems_of(tmp_path) == [told]


@pytest.mark.parametrize(
    "text", ["[a](docs/gone.md)", "[a](examples/gone.yaml)", "[a](#gone)", "![a](docs/images/gone.png)"]
)
def test_a_page_with_a_broken_link_builds_no_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(site, "pages", lambda: {site.FRONT: f"# Front\n\n{text}\n"})
    with pytest.raises(site.Broken, match="gone"):
        site.build(tmp_path / "site")


def test_the_readme_is_shown_whole_and_links_that_move_hold() -> None:
    pieces = site.split(
        '# C\n\n## Credentials\n\n[o](docs/o.md#p) <img src="docs/images/i.svg"> [w](https://w.w)\n\n## More\n\nM\n'
    )
    assert pieces[site.FRONT] == "# C\n\n## More\n\nM\n"
    assert pieces[site.SHELL].endswith('[o](o.md#p) <img src="images/i.svg"> [w](https://w.w)\n\n')


def test_every_page_has_one_place_in_the_navigation() -> None:
    found = site.pages()
    assert sorted(leaves(site.navigation(found))) == sorted(found)
    headlines = {line for line in (ROOT / site.FRONT).read_text().splitlines() if line.startswith("## ")}
    assert {f"## {section}" for section in site.TOLD_IN} <= headlines
