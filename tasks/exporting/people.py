"""The section `people`, from users, groups and keys of IAM; the keys themselves stay where they are."""

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
    state, key = standing.state("user", name), standing.state("access-key", name)
    return said(
        groups=[standing.name(arn) for arn in state.groups],
        policies=[policy(standing, arn) for arn in state.managed],
        access_key=key is not None,
        generation=key.generation if key else None,
    )
