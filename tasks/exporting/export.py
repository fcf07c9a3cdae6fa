"""A living environment as a blueprint again, proven by a plan: raising it changes nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from blueprints.reading import build, parse, written
from tasks.compute.groups import standing_groups
from tasks.errors import CastraError, Invalid, Refused
from tasks.exporting.booting import true_to
from tasks.exporting.document import sections
from tasks.exporting.files import bring, made_of_files
from tasks.exporting.shorthand import shortened
from tasks.exporting.standing import Section, Standing
from tasks.plan import Plan, Step
from tasks.reading import plan_of
from tasks.registry import KINDS
from tasks.report import changes_in_words
from tasks.scope import Scope
from tasks.survey import survey

UNTOLD = (
    "backups, rotation, account, role and the time after which it ends are in no resource: add what you had of them"
)
FROM_IDS = "images are named by their ids, and bootstraps are texts, whatever they were asked for by"
AS_FILES = "layers are folders of files, whatever packages they were made from"
RELEASES = "how many releases of a site stay is in no resource: keep_releases is as usual"


class Exported(BaseModel):
    """The document, as data and as YAML, and what to know of it. Paths in it are relative to where it's written."""

    model_config = ConfigDict(frozen=True)

    environment: str
    region: str
    parts: int
    document: dict[str, Any]
    text: str
    untold: tuple[str, ...]
    calls: dict[str, int]


def export(scope: Scope, beside: str = "", room: Path | None = None) -> Exported:
    """Read what stands of an environment, and write the blueprint that it would come from. Writes nothing in AWS.

    What it has of files is brought into the folder `beside` in `room`, by which the document names it. Raises
    CastraError where nothing stands, and Refused where there's no room for its files, and with each part that no
    blueprint written here would keep as it is: a document is told only where its plan has nothing to do.
    """
    found = survey(scope, KINDS.values()).found
    if not found:
        why = f"nothing stands of it in {scope.region}"
        raise CastraError(str(scope.environment), why, f"See what does: castra list --region {scope.region}")
    standing, name = Standing(found, scope.region, scope.account, standing_groups(scope)), str(scope.environment)
    files = made_of_files(standing)
    if files and room is None:
        why = f"the code and the pages of {', '.join(files)} must lie beside the document, and it's written nowhere"
        raise Refused(f"Exporting {name}", why, f"Write it into a folder: castra export {name} --out {name}.yaml")
    pages = bring(scope, standing, room / beside) if files and room else {}
    try:
        document, text = _document(sections(standing, scope, beside, pages), standing)
        plan = _plan(text, scope, room)
    except Invalid as error:
        raise _refused(name, [f"{one.path}: {one.why}" for one in error.problems]) from error
    if changes := [step for step in plan.changes if not _only_tags(step)]:
        raise _refused(name, list(_untold(changes)))
    told = {"environment": name, "region": scope.region, "document": document, "text": text}
    untold = tuple(_not_in_it(document, plan))
    return Exported(**told, untold=untold, parts=len(standing.found), calls=scope.calls.summary())


def _document(said: Section, standing: Standing) -> tuple[Section, str]:
    """As short as people write it, as data and as YAML."""
    source = "What was read"
    true = true_to(standing, said, build(said, source).parts())
    document = shortened(build(true, source).model_dump(mode="json", exclude_defaults=True))
    return document, written(document)


def _plan(text: str, scope: Scope, room: Path | None) -> Plan:
    """What raising it would do."""
    again = parse(text, "What was written", room)
    scope.tags = again.all_tags
    return plan_of(again, scope, [part.key for part in again.parts()])


def _not_in_it(document: Section, plan: Plan) -> Iterator[str]:
    yield UNTOLD
    for sections_of, told in (({"servers", "instances"}, FROM_IDS), ({"layers"}, AS_FILES), ({"sites"}, RELEASES)):
        if document.keys() & sections_of:
            yield told
    if plan.changes:
        which = f"{len(plan.changes)} parts carry tags by hand"
        yield f"{which}: raising it gives them Castra's other tags, and changes nothing else"


def _only_tags(step: Step) -> bool:
    """So with what was adopted: it has those tags only that somebody gave it.

    How long the value of a secret is that somebody else made stands in a tag of Castra's, too; the value stays.
    """
    noted = {"length"} if step.kind in ("secret", "parameter") else set[str]()
    tags = [change.field.startswith("tags.") or change.field in noted for change in step.changes]
    return step.action == "update" and all(tags)


def _untold(changes: list[Step]) -> Iterator[str]:
    """What such a blueprint would take away, in one line, and each part that it would change."""
    if gone := [step.part for step in changes if step.action == "delete"]:
        yield f"{', '.join(gone)}: no section asks for {'it' if len(gone) == 1 else 'them'}"
    for step in changes:
        if step.action != "delete":
            yield f"{step.part}: {'; '.join(changes_in_words(step)) or step.because}"


def _refused(name: str, untold: list[str]) -> Refused:
    shown = "".join(f"\n  {one}." for one in untold)
    why = f"no blueprint that can be written from what AWS tells would keep it as it is:{shown}\n"
    return Refused(f"Exporting {name}", why, "Keep the blueprint that it was raised from, or write these parts by hand")
