"""Rows of the kinds in tasks/serverless."""

import io
import zipfile
from pathlib import Path

from blueprints.layers import Layer
from blueprints.part import Lookup
from tasks.scope import Scope
from tests.tasks.rows.network import but
from tests.tasks.rows.row import Row

FILES = Path(__file__).parent / "files"
LAYER = Layer(
    name="words",
    folder=str(FILES / "greeting"),
    runtimes=("python3.13", "python3.12"),
    architectures=("x86_64", "arm64"),
    content=Lookup("built:layer/words"),
)


def name_of(arn: str) -> str:
    return arn.split(":")[6]


def publish_by_hand(scope: Scope, id: str) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("python/greeting.py", 'WORD = "Hello"\n')
    scope.client("lambda").publish_layer_version(LayerName=name_of(id), Content={"ZipFile": content.getvalue()})


def delete_layer(scope: Scope, id: str) -> None:
    for version in scope.client("lambda").list_layer_versions(LayerName=name_of(id))["LayerVersions"]:
        scope.client("lambda").delete_layer_version(LayerName=name_of(id), VersionNumber=version["Version"])


ROWS = (
    Row(
        part=LAYER,
        moved=but(LAYER, folder=str(FILES / "farewell"), runtimes=("python3.13",)),
        by_hand=publish_by_hand,
        vanish=delete_layer,
    ),
)
