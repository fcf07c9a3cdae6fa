"""`castra`'s verb for people."""

import typer

from flows import shell
from flows.options import Json, Name, Region

verbs = typer.Typer()


@verbs.command()
def people(name: Name, region: Region = None, json: Json = False) -> None:
    """Tell an environment's users: groups, keys, and when they were last used. Writes nothing in AWS."""
    with shell.errors_told(json):
        scope = shell.scope_in(name, region)
        from flows import screen
        from tasks.identity.last_used import days_since, last_used

        told, now = last_used(scope), scope.now
        if json:
            document = {"environment": name, "region": scope.region}
            uses = [one.model_dump(mode="json") for one in told]
            screen.print_json(document | {"people": uses, "calls": scope.calls.summary()})
        elif told:
            columns = ["user", "groups", "password used", "key", "status", "made", "used", "by", "kept in"]
            rows = []
            for one in told:
                row = [one.user, ", ".join(one.groups), days_since(one.password_used, now)]
                if one.key:
                    row += [one.key, one.status, days_since(one.made, now), days_since(one.used, now), one.service]
                rows.append([*row, one.secret or "by hand"] if one.key else [*row, "none", "", "", "", "", ""])
            screen.print_table(columns, rows)
        else:
            screen.data.print(f"{name} has no users in {scope.region}.", highlight=False)
