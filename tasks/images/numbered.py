"""Numbered versions of a launch template: which image each has, and a new one that differs in its image only."""

from dataclasses import dataclass, field
from typing import Any

from tasks.compute.template_version import state_of
from tasks.retry import when_visible
from tasks.scope import FINGERPRINT, Scope, as_dict


@dataclass(frozen=True)
class Versions:
    """A template's versions: the default one's number, the image of each, and what their descriptions say."""

    template: str
    default: int
    images: dict[int, str] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)

    def with_image(self, image: str) -> int | None:
        """The number of the version that a rotation to this image leads to; None where it's still to be made."""
        if self.images.get(self.default) == image:
            return self.default
        note = _note(image, self.default)
        return max((number for number, said in self.notes.items() if said == note), default=None)


def versions_of(scope: Scope, template: str, since: int = 1) -> Versions:
    """Those from a number on, and the default one."""
    asked: dict[str, Any] = {"LaunchTemplateId": template, "PaginationConfig": {"PageSize": 200}}
    (default,) = scope.pages(
        "ec2", "describe_launch_template_versions", "LaunchTemplateVersions", **asked, Versions=["$Default"]
    )
    first = str(min(since, default["VersionNumber"]))
    told = list(
        scope.pages("ec2", "describe_launch_template_versions", "LaunchTemplateVersions", **asked, MinVersion=first)
    )
    return Versions(
        template,
        default["VersionNumber"],
        {one["VersionNumber"]: one["LaunchTemplateData"].get("ImageId", "") for one in (default, *told)},
        {one["VersionNumber"]: one.get("VersionDescription", "") for one in told},
    )


def make_version(scope: Scope, versions: Versions, image: str) -> int:
    """The default version again, with this image; the default stays what it is.

    The ClientToken is the same for the same step: whoever is killed and run again gets the same number.
    """
    scope.go_ahead.check()
    made = scope.ec2.create_launch_template_version(
        LaunchTemplateId=versions.template,
        SourceVersion=str(versions.default),
        LaunchTemplateData={"ImageId": image},
        VersionDescription=_note(image, versions.default),
        ClientToken=scope.token("launch-template-version", versions.template, image, str(versions.default)),
    )
    return int(made["LaunchTemplateVersion"]["VersionNumber"])


def make_default(scope: Scope, template: str, number: int, instead_of: int | None = None) -> None:
    """Turn a version into the default, and write down that it's what was wanted, so that no plan calls it a change.

    With `instead_of`, only where that one is the default now.
    """
    (found,) = scope.ec2.describe_launch_templates(LaunchTemplateIds=[template])["LaunchTemplates"]
    if found["DefaultVersionNumber"] == number or instead_of not in (None, found["DefaultVersionNumber"]):
        return
    what = f"version {number} of {template}"
    (version,) = when_visible(
        what, scope.ec2.describe_launch_template_versions, LaunchTemplateId=template, Versions=[str(number)]
    )["LaunchTemplateVersions"]
    tags = as_dict(found.get("Tags"))
    fingerprint = state_of(version["LaunchTemplateData"], tags).fingerprint
    if tags.get(FINGERPRINT) != fingerprint:
        scope.go_ahead.check()
        scope.ec2.create_tags(Resources=[template], Tags=[{"Key": FINGERPRINT, "Value": fingerprint}])
    scope.go_ahead.check()
    when_visible(what, scope.ec2.modify_launch_template, LaunchTemplateId=template, DefaultVersion=str(number))


def _note(image: str, source: int) -> str:
    return f"Castra: {image} instead of the image of version {source}"
