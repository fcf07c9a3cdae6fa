"""Launch templates, in numbered versions of which the newest is the default."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.part import Id, Lookup, filled
from blueprints.servers import LaunchTemplate
from tasks.compute.template_version import LaunchTemplateState, VolumeState, data_of, state_of
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.kind import Found, Kind
from tasks.retry import when_visible
from tasks.scope import ENVIRONMENT, PART, Scope, as_dict


class LaunchTemplateKind(Kind[LaunchTemplate, LaunchTemplateState]):
    """Launch templates, in numbered versions of which the newest is the default."""

    name = "launch-template"
    actions = (
        "ec2:CreateLaunchTemplate",
        "ec2:CreateLaunchTemplateVersion",
        "ec2:CreateTags",
        "ec2:DeleteLaunchTemplate",
        "ec2:DeleteTags",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:DescribeLaunchTemplates",
        "ec2:ModifyLaunchTemplate",
    )

    def owned(self, scope: Scope) -> Iterator[Found[LaunchTemplateState]]:
        """DescribeLaunchTemplates by tag, and the default versions of all: two listings, however many there are."""
        templates = list(scope.pages("ec2", "describe_launch_templates", "LaunchTemplates", **_pages(scope.filters)))
        defaults = _default_versions(scope) if templates else {}
        for template in templates:
            tags, id = as_dict(template.get("Tags")), template["LaunchTemplateId"]
            if (name := self.named_in(tags)) and id in defaults:
                outputs = {"version": str(defaults[id]["VersionNumber"])}
                state = state_of(defaults[id]["LaunchTemplateData"], tags)
                yield Found(self.name, name, id, state, tags, outputs=outputs)

    def wanted(self, part: LaunchTemplate, ids: Mapping[str, str]) -> LaunchTemplateState:
        """See the base. What nobody is said to launch belongs to the template."""
        return LaunchTemplateState(
            image=ids[part.image] if isinstance(part.image, Id | Lookup) else part.image,
            instance_type=part.instance_type,
            groups=tuple(ids[group] for group in part.groups),
            profile=ids[part.profile] if part.profile else None,
            key_pair=ids[part.key_pair] if isinstance(part.key_pair, Id) else part.key_pair,
            user_data=str(filled(part.user_data, ids)),
            volumes=tuple(VolumeState(**volume.model_dump()) for volume in part.volumes),
            shutdown=part.shutdown,
            monitoring=part.monitoring,
            launched_by=part.launched_by or part.key,
        )

    def create(self, scope: Scope, name: str, wanted: LaunchTemplateState) -> str:
        """The ClientToken is botocore's, one a call: its retries can't make two, and no dead template is answered.

        A template that is there already is taken on if it's ours: EC2's listings lag behind by seconds.
        """
        title = scope.name(name, 128)
        try:
            made = scope.ec2.create_launch_template(
                LaunchTemplateName=title,
                LaunchTemplateData=data_of(wanted, scope),
                TagSpecifications=self.tag_specifications(scope, name, wanted, "launch-template"),
            )
        except ClientError as error:
            if code_of(error) != "InvalidLaunchTemplateName.AlreadyExistsException":
                raise
            id = self._ours(scope, name, title)
            self.update(scope, id, wanted, frozenset(LaunchTemplateState.model_fields))
            return id
        return str(made["LaunchTemplate"]["LaunchTemplateId"])

    def update(self, scope: Scope, id: str, wanted: LaunchTemplateState, changed: frozenset[str]) -> None:
        """A new version, complete in itself, which becomes the default. AWS keeps 10,000."""
        when_visible(f"launch template {id}", _renew, scope, id, wanted)

    def delete(self, scope: Scope, id: str) -> None:
        """With all its versions."""
        with gone_is_fine("InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateName.NotFoundException"):
            scope.ec2.delete_launch_template(LaunchTemplateId=id)

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """The user's tags are in the template's versions too: where they changed, a new version follows."""
        super().tag(scope, id, tags, dropped)
        data = _default_versions(scope, LaunchTemplateId=id)[id]["LaunchTemplateData"]
        now = state_of(data, {ENVIRONMENT: scope.environment or ""} | scope.wanted_tags(id))
        if not now.passes_tags_on and now.launched_by:
            self.update(scope, id, now, frozenset({"passes_tags_on"}))

    def _ours(self, scope: Scope, name: str, title: str) -> str:
        """The id of the template of this name. Raises CastraError if it isn't ours."""
        (there,) = scope.ec2.describe_launch_templates(LaunchTemplateNames=[title])["LaunchTemplates"]
        tags = as_dict(there.get("Tags"))
        if scope.owns(tags) and self.named_in(tags) == name:
            return str(there["LaunchTemplateId"])
        why = f"there is a launch template {title} that doesn't carry its tags"
        way_out = f"Delete it, or tag it with {ENVIRONMENT}={scope.environment} and {PART}={self.key(name)}"
        raise CastraError(self.key(name), why, way_out)


def _pages(filters: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Filters": filters, "PaginationConfig": {"PageSize": 200}}


def _default_versions(scope: Scope, **which: Any) -> dict[str, Any]:
    """The default version of each template by the template's id; those of all templates, if none is named."""
    asked: dict[str, Any] = which | {"Versions": ["$Default"], "PaginationConfig": {"PageSize": 200}}
    versions = scope.pages("ec2", "describe_launch_template_versions", "LaunchTemplateVersions", **asked)
    return {version["LaunchTemplateId"]: version for version in versions}


def _renew(scope: Scope, id: str, wanted: LaunchTemplateState) -> None:
    answer = scope.ec2.create_launch_template_version(LaunchTemplateId=id, LaunchTemplateData=data_of(wanted, scope))
    number = str(answer["LaunchTemplateVersion"]["VersionNumber"])
    when_visible(f"version {number}", scope.ec2.modify_launch_template, LaunchTemplateId=id, DefaultVersion=number)
