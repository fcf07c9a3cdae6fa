"""An export as a file, with a folder beside it for the code and the pages that it names."""

import shutil
import tempfile
from pathlib import Path

from tasks.errors import Invalid, Problem
from tasks.exporting.export import Exported, export
from tasks.scope import Scope


def folder_of(out: Path) -> Path:
    """Where code and pages lie that a document names: `web` for `web.yaml`."""
    return out.with_name(out.stem if out.suffix else f"{out.name}-files")


def export_to(scope: Scope, out: Path) -> Exported:
    """Write the document, and `web/` beside it where that is `web.yaml`. Nothing is written over, and nothing at all
    where it is refused.

    Raises what `export` does, and Invalid where one of both is there already or can't be written.
    """
    folder = folder_of(out)
    for path in (out, folder):
        if path.exists():
            raise Invalid("castra export", [Problem("--out", f"{path} is there already", "Name another file")])
    try:
        with tempfile.TemporaryDirectory(prefix=".castra-", dir=out.parent) as room:
            exported = export(scope, folder.name, Path(room))
            if (brought := Path(room) / folder.name).exists():
                shutil.move(brought, folder)
            with out.open("x", encoding="utf-8") as file:
                file.write(exported.text)
    except OSError as error:
        raise Invalid("castra export", [Problem("--out", f"{out} can't be written ({error.strerror})")]) from None
    return exported
