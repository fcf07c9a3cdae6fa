"""Launch templates: versions that build on others, and their deletion."""

from typing import Any

from tests.physics.answers import Answer, Refused
from tests.physics.hooks import after, instead
from tests.physics.protocol import Request
from tests.physics.rewrite import ok
from tests.physics.world import World


def template_of(request: Request, world: World) -> Any:
    """The template that a request names, or None."""
    ec2 = world.backend(request, "ec2")
    named = ec2.launch_template_name_to_ids.get(request.text("LaunchTemplateName"))
    return ec2.launch_templates.get(request.text("LaunchTemplateId") or named)


@after("ec2:CreateLaunchTemplateVersion")
def source_merged(request: Request, answer: Answer, world: World) -> None:
    """A version takes what it doesn't say from its source version."""
    template, source = template_of(request, world), request.text("SourceVersion")
    if source:
        fresh = template.versions[-1]
        fresh.data = {**template.get_version(source).data, **fresh.data}


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
