"""A picture as PNG."""

from importlib.util import find_spec
from pathlib import Path

import resvg_py


def png(svg: str, zoom: float = 2) -> bytes:
    """SVG text as PNG, drawn by resvg with the font that Prefect's own pages have, so that it's the same everywhere.

    Where Prefect no longer has it, fonts of the machine are taken.
    """
    own = [str(font) for font in _fonts()]
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=zoom, font_files=own or None, skip_system_fonts=bool(own)))


def _fonts() -> list[Path]:
    """Without importing Prefect, which takes a second."""
    spec = find_spec("prefect")
    places = spec.submodule_search_locations if spec else None
    return sorted(font for place in places or () for font in Path(place).glob("server/ui-v2/fonts/Geist-*.ttf"))
