"""Launch templates: versions that build on others, their deletion, tags that change."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.ec2.exceptions import InvalidLaunchTemplateVersionNotFound
from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateVersion
from moto.ec2.utils import parse_user_data

from tests.physics.answers import Answer, Refused
from tests.physics.hooks import during, instead
from tests.physics.protocol import Request
from tests.physics.rewrite import ok
from tests.physics.world import World


def template_of(request: Request, world: World) -> Any:
    """The template that a request names, or None."""
    ec2 = world.backend(request, "ec2")
    named = ec2.launch_template_name_to_ids.get(request.text("LaunchTemplateName"))
    return ec2.launch_templates.get(request.text("LaunchTemplateId") or named)


@during("ec2:CreateLaunchTemplateVersion")
@contextmanager
def building_on(request: Request, world: World) -> Iterator[None]:
    """A version takes what it doesn't say from its source version."""
    template, source = template_of(request, world), request.text("SourceVersion")
    if template is not None:
        template.source = template.get_version(source).data if source else {}
    yield


def create_version(template: Any, data: dict[str, Any], description: str) -> Any:
    """Numbers are never used again; in moto a version is found by its place in the list."""
    number = template.__dict__.get("last_number", 0) + 1
    said = {name: value for name, value in data.items() if value is not None}
    if isinstance(
        said.get("UserData"), str
    ):  # moto reads it in a template's first version only, and launches nothing from the others
        said["UserData"] = parse_user_data(said["UserData"])
    version = LaunchTemplateVersion(template, number, {**template.__dict__.pop("source", {}), **said}, description)
    template.last_number = number
    template.versions.append(version)
    return version


def get_version(template: Any, number: Any) -> Any:
    """By number, `$Latest` or `$Default`."""
    wanted = {"$latest": template.versions[-1].number, "$default": template.default_version_number}
    sought = str(wanted.get(str(number).lower(), number))
    for version in template.versions:
        if str(version.number) == sought:
            return version
    raise InvalidLaunchTemplateVersionNotFound(template_id=template.id, version=number)


LaunchTemplate.create_version = create_version
LaunchTemplate.get_version = get_version
LaunchTemplate.default_version = lambda template: get_version(template, "$Default")
LaunchTemplate.tags = property(lambda template: template.get_tags(), lambda template, _: None)
"""Moto keeps the tags of the first moment for ever."""


@instead("ec2:DeleteLaunchTemplateVersions")
def versions_deleted(request: Request, world: World) -> Answer:
    """All but the default version can go; the others keep their numbers."""
    template = template_of(request, world)
    if template is None:
        why = "The specified launch template, with template ID, does not exist."
        raise Refused("InvalidLaunchTemplateId.NotFound", why)
    done, failed = [], []
    for number in request.texts("LaunchTemplateVersion"):
        found = [each for each in template.versions if str(each.number) == number]
        about = {"launchTemplateId": template.id, "launchTemplateName": template.name, "versionNumber": number}
        if number == str(template.default_version_number):
            failed.append({**about, "responseError": error("launchTemplateVersionIsDefault", "is the default version")})
        elif not found:
            failed.append({**about, "responseError": error("launchTemplateVersionDoesNotExist", "does not exist")})
        else:
            template.versions.remove(found[0])
            done.append(about)
    sets = {
        "successfullyDeletedLaunchTemplateVersionSet": done,
        "unsuccessfullyDeletedLaunchTemplateVersionSet": failed,
    }
    return ok(request, sets)


def error(code: str, why: str) -> dict[str, str]:
    return {"code": code, "message": f"The specified launch template version {why}."}
