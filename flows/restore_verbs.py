"""`castra`'s verbs for what backups are for: copies of them, restores, proofs, and a failed instance's successor."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows import shell
from flows.options import File, Json, Name, Region, Yes

if TYPE_CHECKING:
    from tasks.operation import Operation
    from tasks.scope import Scope

verbs = typer.Typer()

Policies = Annotated[list[str] | None, typer.Argument(help="Only these policies.", show_default=False)]


@verbs.command(name="copy")
def copy(file: File, policies: Policies = None, yes: Yes = False, json: Json = False) -> None:
    """Copy backups to the regions, and share them with the accounts, that their policies name."""
    with shell.errors_told(json):
        blueprint, only = shell.load(file), tuple(policies or ())
        from tasks.backups.copies import plan_copies
        from tasks.reading import scope_of

        planned, _ = plan_copies(blueprint, scope_of(blueprint), datetime.now(UTC), only)

        def copy_them(approved: str) -> "Operation":
            from flows.copy_backups import copy_backups

            return copy_backups(blueprint, only, approved)

        shell.operate(planned, copy_them, yes, json, f"castra copy {file}")


@verbs.command(name="restore")
def restore(
    name: Name,
    what: Annotated[
        str, typer.Argument(help="instance/a, volume/a, database/a, replication-group/a, site/a or an id.")
    ],
    at: Annotated[datetime | None, typer.Option("--at", help="The newest backup up to this time, in UTC.")] = None,
    backup: Annotated[str | None, typer.Option("--backup", help="This backup; of a site, this release.")] = None,
    device: Annotated[str | None, typer.Option("--device", help="Only the volume of this device.")] = None,
    into: Annotated[str | None, typer.Option("--into", help="Another environment; else beside the old one.")] = None,
    where_it_was: Annotated[
        bool, typer.Option("--where-it-was", help="With --into: in the old one's subnet and groups even so.")
    ] = False,
    instance_type: Annotated[str, typer.Option("--type", help="Another instance type than the old one's.")] = "",
    zone: Annotated[str, typer.Option("--zone", help="Another zone than the old one's.")] = "",
    region: Region = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Restore a backup as a new instance, volume, database or cache, beside the old one or elsewhere; or a site."""
    with shell.errors_told(json):
        scope = shell.scope_in(name, region)
        if what.startswith("site/"):
            others = {"--at": at, "--device": device, "--into": into, "--where-it-was": where_it_was}
            others |= {"--type": instance_type, "--zone": zone}
            _site(scope, what.removeprefix("site/"), backup, others, yes, json)
            return
        from dataclasses import replace

        from tasks.backups.restoration import plan_restore
        from tasks.backups.restoring import Wish

        moment = at.replace(tzinfo=UTC) if at and at.tzinfo is None else at
        wish = Wish(what, moment, backup, device, into, where_it_was, instance_type, zone)
        planned = plan_restore(scope, wish)
        wish = replace(wish, backup=planned.backup.id)  # the very one that is agreed to

        def restore_it(approved: str) -> "Operation":
            from flows.restore import restore

            asked = {field: value for field, value in vars(wish).items() if value}
            asked |= {"at": wish.at.isoformat()} if wish.at else {}
            done: Operation = restore(name, scope.region, **asked, approved=approved)
            return done

        shell.operate(planned.operation, restore_it, yes, json, f"castra show {into or name} --region {scope.region}")


def _site(scope: "Scope", site: str, release: str | None, others: dict[str, Any], yes: bool, json: bool) -> None:
    """An earlier release of a site is its backup. `others` are options that mean nothing there."""
    from tasks.backups.releases import plan_release_again
    from tasks.errors import Invalid, Problem

    way_out = "Leave it away: a release is chosen by --backup NUMBER, and goes where the site is"
    problems = [Problem(name, "a site has none of that", way_out) for name, value in others.items() if value]
    if release is not None and not release.isdecimal():
        problems.append(Problem("--backup", f"{release} is no number of a release", "Name one: 7"))
    if problems:
        raise Invalid("castra restore", problems)
    planned = plan_release_again(scope, site, int(release) if release else None)

    def publish_again(approved: str) -> "Operation":
        from flows.roll_back_site import roll_back_site

        plan_release_again(scope, site, planned.release).operation.refuse_unless(approved)
        done = roll_back_site(planned.bucket, scope.region, planned.release)
        (deed,) = planned.operation.deeds
        because = f"release {done.of} again, as release {done.release}"
        deed = deed.model_copy(update={"because": because, "id": planned.bucket, "seconds": done.seconds})
        return planned.operation.done((deed,), done.seconds, done.calls)

    next_command = f"castra show {scope.environment} --region {scope.region}"
    shell.operate(planned.operation, publish_again, yes, json, next_command)


@verbs.command(name="prove")
def prove(
    file: File,
    policies: Policies = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Also what was proven recently.")] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Restore the newest backups apart from everything, check them, stamp those that are good, and strike all again."""
    with shell.errors_told(json):
        blueprint, only = shell.load(file), tuple(policies or ())
        from tasks.backups.proof_plan import plan_proofs
        from tasks.reading import scope_of

        planned, _ = plan_proofs(blueprint, scope_of(blueprint), only, anyway)

        def prove_them(approved: str) -> "Operation":
            from flows.prove_backups import prove_backups

            return prove_backups(blueprint, only, anyway, approved)

        shell.operate(planned, prove_them, yes, json, f"castra prove {file}")


@verbs.command(name="replace")
def replace(
    file: File,
    name: Annotated[str, typer.Argument(help="The instance's name in the section `instances`.", show_default=False)],
    from_blueprint: Annotated[
        bool, typer.Option("--from-blueprint", help="Boot the blueprint's image, not the newest backup.")
    ] = False,
    even_if_well: Annotated[bool, typer.Option("--even-if-well", help="Also one that hasn't failed.")] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Put a new instance into a failed one's place: its volumes, its address and its targets go over to it."""
    with shell.errors_told(json):
        blueprint = shell.load(file)
        from tasks.backups.replacing import plan_exchange
        from tasks.reading import scope_of

        scope = scope_of(blueprint)
        planned = plan_exchange(blueprint, name, scope, from_blueprint=from_blueprint, even_if_well=even_if_well)

        def exchange_it(approved: str) -> "Operation":
            from flows.replace_failed_instance import replace_failed_instance

            return replace_failed_instance(blueprint, name, from_blueprint, even_if_well, approved)

        shell.operate(planned.operation, exchange_it, yes, json, f"castra drift {file}")
