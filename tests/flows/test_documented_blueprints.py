"""Blueprints of the documentation, of the recipes and the kinds' pages: raised, settled, and struck without a rest."""

import re
import shutil
from pathlib import Path

import pytest

from blueprints.reading import parse
from flows.build_image import build_image
from flows.spin_up import spin_up
from flows.tear_down import tear_down
from tasks.reading import plan_of, scope_of
from tests.flows.world import REGION, ROOT, client
from tests.physics import Physics

PAGES = [ROOT / "docs/recipes.md", *sorted(ROOT.glob("docs/kinds/*.md"))]
BLUEPRINTS = [
    pytest.param(block, id=f"{page.stem}-{block.split()[1]}")
    for page in PAGES
    for block in re.findall(r"^```yaml\n(name: .*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    if "snap-0" not in block  # a snapshot that is nowhere
]


@pytest.mark.thorough
@pytest.mark.usefixtures("prefect")
@pytest.mark.parametrize("text", BLUEPRINTS)
def test_it_is_raised_and_struck(aws: Physics, text: str, tmp_path: Path) -> None:
    for folder in ("functions", "site"):
        shutil.copytree(ROOT / "examples" / folder, tmp_path / folder)
    document = parse(text, folder=tmp_path)
    if document.sites and "domains" in text:
        client("route53").create_hosted_zone(Name="example.com", CallerReference=document.name)
    for image in document.images:
        build_image(document, image)
    spin_up(document)
    assert plan_of(document, scope_of(document)).settled
    assert tear_down(document.name, REGION).left == 0
