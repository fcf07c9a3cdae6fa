"""`castra`'s verb that tells how a machine is reached."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows import shell
from flows.options import Json, Name, Region

if TYPE_CHECKING:
    from tasks.reaching.way import Way

verbs = typer.Typer()
GOT_FROM = {
    "aws": "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html",
    "session-manager-plugin": "https://docs.aws.amazon.com/systems-manager/latest/userguide/"
    "session-manager-working-with-install-plugin.html",
    "ssh": "https://www.openssh.com/portable.html",
}


@verbs.command()
def ssh(
    name: Name,
    machine: Annotated[
        str, typer.Argument(help="An instance, or a group of servers, by its name; or an instance's id.")
    ],
    index: Annotated[
        int | None, typer.Option("--index", help="Of several the so many-th: healthy ones first, the newest first.")
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", help="The file of the private key; SSH is meant.")] = None,
    user: Annotated[
        str | None, typer.Option("--user", help="As whom, by SSH; else as the image's maker has it.")
    ] = None,
    run: Annotated[bool, typer.Option("--run", help="Run the command, and don't only print it.")] = False,
    region: Region = None,
    json: Json = False,
) -> None:
    """Print the command that connects to a machine: Session Manager, its address, or a bastion. Writes nothing."""
    with shell.errors_told(json):
        from flows import screen
        from tasks.errors import Invalid, Problem
        from tasks.reaching.host import chosen
        from tasks.reaching.hosts import hosts_of
        from tasks.reaching.way import Asked, way_to

        if run and json:
            raise Invalid("castra ssh", [Problem("--json", "what is run prints for itself", "Leave one of them out")])
        if key and not key.is_file():
            raise Invalid("castra ssh", [Problem("--key", f"there's no file {key}", "Name the private key's file")])
        scope = shell.scope_in(name, region)
        hosts = hosts_of(scope)
        asked = Asked(scope.region, str(key or ""), user or "")
        way = way_to(chosen(hosts, machine, index), hosts, asked)
        if json:
            told = {"environment": name, "region": scope.region} | way.document()
            screen.print_json(told | {"calls": scope.calls.summary()})
            return
        _tell(way)
        if run:
            _become(way)
        screen.data.print(way.line, highlight=False, markup=False)


def _tell(way: "Way") -> None:
    from flows import screen

    whose = f"{way.part} ({way.instance})"
    said = {
        "session": f"{whose}, by Session Manager.",
        "ssh": f"{whose}, by its own address.",
        "bastion": f"{whose}, by way of {way.via}.",
    }
    admitted = f"SSH is admitted from {', '.join(way.admitted)} only." if way.admitted else ""
    for line in filter(None, (said[way.by], admitted, *way.remarks)):
        screen.talk.print(line, highlight=False, markup=False)


def _become(way: "Way") -> None:
    """Go on as that command. Raises CastraError where a program for it isn't installed."""
    from tasks.errors import CastraError

    for program in way.programs:
        if shutil.which(program) is None:
            raise CastraError("castra ssh", f"{program} isn't installed here", f"Get it: {GOT_FROM[program]}")
    os.execvp(way.command[0], way.command)
