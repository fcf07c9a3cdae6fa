"""The section `people`, from users, groups and keys of IAM; keys and passwords themselves stay where they are."""

from blueprints.granting import partition
from blueprints.people import CHANGE_PASSWORD
from tasks.exporting.machines import policy
from tasks.exporting.standing import Section, Standing, said


def people(standing: Standing) -> Section:
    """Groups and users, by name."""
    groups = {
        name: said(policies=[policy(standing, arn) for arn in one.state.managed])
        for name, one in standing.of("group").items()
    }
    users = {name: _user(standing, name) for name in standing.of("user")}
    return {section: told for section, told in {"groups": groups, "users": users}.items() if told}


def _user(standing: Standing, name: str) -> Section:
    """Who may sign in to the console may change its password, too, which needn't be said."""
    state, key, login = (standing.state(kind, name) for kind in ("user", "access-key", "login-profile"))
    follows = CHANGE_PASSWORD.format(partition=partition(standing.region)) if login else ""
    return said(
        groups=[standing.name(arn) for arn in state.groups],
        policies=[policy(standing, arn) for arn in state.managed if arn != follows],
        access_key=key is not None,
        generation=key.generation if key else None,
        console=login is not None,
        password_generation=login.generation if login else None,
    )
