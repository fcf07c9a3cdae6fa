"""What stands as files: code of functions, layers and pages of sites, brought to lie beside the document."""

from pathlib import Path

from tasks.exporting.standing import Standing
from tasks.scope import Scope
from tasks.serverless.function import name_of
from tasks.serverless.function_state import ZIP
from tasks.serverless.unpacking import fetched, unzip
from tasks.storage.listing import bucket_of
from tasks.storage.publishing.fetching import Page, fetch

Pages = dict[str, dict[str, Page]]
"""By site, and by the file's key: what is said of it where it's served."""


def made_of_files(standing: Standing) -> list[str]:
    """Keys of the parts that a document names a folder for."""
    zipped = [one.key for one in standing.of("function").values() if one.state.package == ZIP]
    return zipped + [one.key for kind in ("layer", "site") for one in standing.of(kind).values()]


def bring(scope: Scope, standing: Standing, into: Path) -> Pages:
    """Write `functions/<name>`, `layers/<name>` and `sites/<name>` into a folder; gives what is said of sites' files.

    Raises CastraError for what isn't what AWS says it is, and for a name that leads out of the folder.
    """
    for name, one in standing.of("function").items():
        if one.state.package == ZIP:
            _function(scope, one.id, into / "functions" / name)
    for name, one in standing.of("layer").items():
        _layer(scope, one.id, into / "layers" / name)
    sites = standing.of("site").items()
    return {name: fetch(scope, bucket_of(one.id), into / "sites" / name) for name, one in sites}


def _function(scope: Scope, arn: str, into: Path) -> None:
    told = scope.client("lambda").get_function(FunctionName=name_of(arn))
    unzip(fetched(told["Code"], told["Configuration"]["CodeSha256"], f"function {name_of(arn)}"), into)


def _layer(scope: Scope, arn: str, into: Path) -> None:
    called, _, number = arn.partition(":layer:")[2].partition(":")
    told = scope.client("lambda").get_layer_version(LayerName=called, VersionNumber=int(number))["Content"]
    unzip(fetched(told, told["CodeSha256"], f"layer {called}"), into)
