"""`castra`'s verbs for sites."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows import shell
from flows.options import Json, Region

if TYPE_CHECKING:
    from blueprints.sites import Publishing
    from tasks.scope import Scope
    from tasks.storage.publishing.publish import Published

verbs = typer.Typer()
SiteName = Annotated[
    str, typer.Argument(help="The site's name in a blueprint; without one, the bucket's name.", show_default=False)
]
Blueprint = Annotated[Path | None, typer.Option("--blueprint", "-b", help="Take the site from this blueprint.")]


@verbs.command()
def publish(
    name: SiteName,
    blueprint: Blueprint = None,
    folder: Annotated[Path | None, typer.Option("--folder", help="The files, if there's no blueprint.")] = None,
    compress: Annotated[str | None, typer.Option("--compress", help="none, gzip or brotli.")] = None,
    keep_releases: Annotated[int | None, typer.Option("--keep-releases", help="To roll back to; else 3.")] = None,
    region: Region = None,
    json: Json = False,
) -> None:
    """Publish a site's folder as a new release: only what differs is sent, and no reader sees half of it."""
    with shell.errors_told(json):
        beside = {"folder": folder, "compress": compress, "keep_releases": keep_releases}
        site = _site_named(name, blueprint, region, beside)

        def publish_it() -> "Published":
            from flows.publish_site import publish_site

            how, where, account = site.publishing, site.scope.region, site.account or ""
            return publish_site(site.folder, site.bucket, where, how.compress, how.keep_releases, how.cache, account)

        _tell(shell.run(publish_it, 1), json)


@verbs.command(name="rollback-site")
def rollback_site(
    name: SiteName,
    release: Annotated[int | None, typer.Option("--to", help="A release's number; else the one before.")] = None,
    blueprint: Blueprint = None,
    region: Region = None,
    json: Json = False,
) -> None:
    """Make an earlier release of a site the current one again, by copies within its bucket."""
    with shell.errors_told(json):
        site = _site_named(name, blueprint, region, None)

        def roll_it_back() -> "Published":
            from flows.roll_back_site import roll_back_site

            return roll_back_site(site.bucket, site.scope.region, release or 0, site.account or "")

        _tell(shell.run(roll_it_back, 1), json)


@dataclass(frozen=True)
class _Site:
    """A site as the shell names it."""

    bucket: str
    folder: str
    publishing: "Publishing"
    scope: "Scope"
    account: str | None


def _site_named(name: str, blueprint: Path | None, region: str | None, beside: dict[str, Any] | None) -> _Site:
    """The site of a blueprint, or a bucket with what is named beside it. Raises Invalid for what doesn't fit.

    `beside` is None where only the bucket counts.
    """
    from pydantic import ValidationError

    from blueprints.sites import Publishing
    from blueprints.wording import all_in_words
    from tasks.errors import Invalid, Problem
    from tasks.reading import scope_of

    if blueprint is not None:
        document = shell.load(blueprint)
        site = shell.entry_of(document, "sites", name, [region, *(beside or {}).values()], "castra")
        scope = scope_of(document)
        bucket = site.name or scope.bucket_name(name)
        return _Site(bucket, site.folder, site.publishing, scope, document.account)
    if beside is not None and beside["folder"] is None:
        raise Invalid("castra", [Problem("--folder", "is missing", "Name the folder, or a blueprint by --blueprint")])
    asked = {field: value for field, value in (beside or {}).items() if value is not None}
    folder = str(asked.pop("folder", ""))
    try:
        return _Site(name, folder, Publishing(**asked), shell.scope_in(None, region), None)
    except ValidationError as error:
        raise Invalid("castra", all_in_words(error, asked, Publishing)) from None


def _tell(done: "Published", json: bool) -> None:
    """What a publish or a rollback did."""
    from flows import screen

    if json:
        screen.print_json(done.model_dump(mode="json"))
        return
    of = f", which is release {done.of} again" if done.of else ""
    size = f" ({done.bytes / 1e6:.1f} MB)" if done.bytes else ""
    counts = f"{done.sent} files written{size}, {done.unchanged} unchanged, {done.removed} removed"
    screen.data.print(f"Release {done.release} of {done.bucket}{of}: {counts}, {done.seconds:.1f} s.", highlight=False)
