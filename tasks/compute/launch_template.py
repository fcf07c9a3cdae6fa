"""Launch templates, in numbered versions of which the newest is the default."""

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.part import Lookup
from blueprints.servers import LaunchTemplate
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.kind import Found, Hushed, Kind, State, Unordered
from tasks.retry import when_visible
from tasks.scope import ENVIRONMENT, EXTRA, PART, Scope, as_dict, as_list, wanted_tags

TAGGED = ("instance", "volume")  # what a launch makes, and tags


class VolumeState(State):
    """A volume of every instance. What isn't set is None."""

    device: str
    size: int | None
    type: str | None
    iops: int | None
    throughput: int | None
    encrypted: bool
    keep: bool


class MetadataState(State):
    """How an instance is told about itself. Without a session token, whatever it can be made to fetch gets its role's
    credentials; with more than one hop, its containers do."""

    endpoint: str = "enabled"
    tokens: str = "required"
    hops: int = 1


class LaunchTemplateState(State):
    """The default version. https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-templates.html"""

    image: str
    instance_type: str
    groups: Unordered[str]
    profile: str | None
    key_pair: str | None
    user_data: Hushed[str]
    volumes: Unordered[VolumeState]
    shutdown: str
    monitoring: bool
    launched_by: str
    metadata: MetadataState = MetadataState()
    passes_tags_on: bool = True
    """Whether what's launched gets the environment, the part it belongs to, a name, and the template's user tags."""


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
                state = _state(defaults[id]["LaunchTemplateData"], tags)
                yield Found(self.name, name, id, state, tags, outputs=outputs)

    def wanted(self, part: LaunchTemplate, ids: Mapping[str, str]) -> LaunchTemplateState:
        """See the base. What nobody is said to launch belongs to the template."""
        return LaunchTemplateState(
            image=ids[part.image] if isinstance(part.image, Lookup) else part.image,
            instance_type=part.instance_type,
            groups=tuple(ids[group] for group in part.groups),
            profile=ids[part.profile] if part.profile else None,
            key_pair=part.key_pair,
            user_data=part.user_data,
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
                LaunchTemplateData=_data(wanted, scope),
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
        now = _state(data, {ENVIRONMENT: scope.environment or ""} | scope.wanted_tags(id))
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


def tags_at_launch(environment: str | None, tags: Mapping[str, str], launched_by: str) -> dict[str, str]:
    """The tags of instances and volumes, from the user's own and the key of the part that launches them. Pure."""
    identity = {ENVIRONMENT: environment or "", PART: launched_by}
    given = wanted_tags(environment, tags, launched_by)
    return identity | {key: value for key, value in given.items() if key != EXTRA}


def _pages(filters: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Filters": filters, "PaginationConfig": {"PageSize": 200}}


def _default_versions(scope: Scope, **which: Any) -> dict[str, Any]:
    """The default version of each template by the template's id; those of all templates, if none is named."""
    asked: dict[str, Any] = which | {"Versions": ["$Default"], "PaginationConfig": {"PageSize": 200}}
    versions = scope.pages("ec2", "describe_launch_template_versions", "LaunchTemplateVersions", **asked)
    return {version["LaunchTemplateId"]: version for version in versions}


def _renew(scope: Scope, id: str, wanted: LaunchTemplateState) -> None:
    answer = scope.ec2.create_launch_template_version(LaunchTemplateId=id, LaunchTemplateData=_data(wanted, scope))
    number = str(answer["LaunchTemplateVersion"]["VersionNumber"])
    when_visible(f"version {number}", scope.ec2.modify_launch_template, LaunchTemplateId=id, DefaultVersion=number)


# ---------------------------------------------------------------------- AWS's words and ours


def _data(wanted: LaunchTemplateState, scope: Scope) -> dict[str, Any]:
    """A version, as AWS takes it."""
    tags = as_list(tags_at_launch(scope.environment, scope.tags, wanted.launched_by))
    data = {
        "ImageId": wanted.image,
        "InstanceType": wanted.instance_type,
        "SecurityGroupIds": list(wanted.groups),
        "IamInstanceProfile": {"Arn": wanted.profile} if wanted.profile else None,
        "KeyName": wanted.key_pair,
        "UserData": b64encode(wanted.user_data.encode()).decode(),
        "BlockDeviceMappings": [_mapping(volume) for volume in wanted.volumes],
        "TagSpecifications": [{"ResourceType": resource, "Tags": tags} for resource in TAGGED],
    }
    return {key: value for key, value in data.items() if value} | {
        "InstanceInitiatedShutdownBehavior": wanted.shutdown,
        "Monitoring": {"Enabled": wanted.monitoring},
        "MetadataOptions": {
            "HttpEndpoint": wanted.metadata.endpoint,
            "HttpTokens": wanted.metadata.tokens,
            "HttpPutResponseHopLimit": wanted.metadata.hops,
        },
    }


def _mapping(volume: VolumeState) -> dict[str, Any]:
    ebs = {
        "VolumeSize": volume.size,
        "VolumeType": volume.type,
        "Iops": volume.iops,
        "Throughput": volume.throughput,
        "Encrypted": volume.encrypted,
        "DeleteOnTermination": not volume.keep,
    }
    return {"DeviceName": volume.device, "Ebs": {key: value for key, value in ebs.items() if value is not None}}


def _state(data: Mapping[str, Any], tags: Mapping[str, str]) -> LaunchTemplateState:
    """A version as AWS tells it, of a template with these tags."""
    metadata, profile = data.get("MetadataOptions", {}), data.get("IamInstanceProfile", {})
    launched = _launched_tags(data)
    launched_by = launched[0].get(PART, "")
    users = {key: tags[key] for key in tags.get(EXTRA, "").split() if key in tags}
    expected = tags_at_launch(tags.get(ENVIRONMENT), users, launched_by)
    return LaunchTemplateState(
        image=data.get("ImageId", ""),
        instance_type=data.get("InstanceType", ""),
        groups=tuple(data.get("SecurityGroupIds", [])),
        profile=profile.get("Arn") or profile.get("Name"),
        key_pair=data.get("KeyName"),
        user_data=b64decode(data.get("UserData") or "").decode(errors="replace"),
        volumes=tuple(_volume(mapping) for mapping in data.get("BlockDeviceMappings", [])),
        shutdown=data.get("InstanceInitiatedShutdownBehavior", "stop"),
        monitoring=data.get("Monitoring", {}).get("Enabled", False),
        launched_by=launched_by,
        metadata=MetadataState(
            endpoint=metadata.get("HttpEndpoint", ""),
            tokens=metadata.get("HttpTokens", ""),
            hops=metadata.get("HttpPutResponseHopLimit", 0),
        ),
        passes_tags_on=all(given == expected for given in launched),
    )


def _launched_tags(data: Mapping[str, Any]) -> list[dict[str, str]]:
    """The tags that a version gives to instances and to volumes."""
    given = {one["ResourceType"]: as_dict(one.get("Tags")) for one in data.get("TagSpecifications", [])}
    return [given.get(resource, {}) for resource in TAGGED]


def _volume(mapping: Mapping[str, Any]) -> VolumeState:
    ebs = mapping.get("Ebs", {})
    return VolumeState(
        device=mapping.get("DeviceName", ""),
        size=ebs.get("VolumeSize"),
        type=ebs.get("VolumeType"),
        iops=ebs.get("Iops"),
        throughput=ebs.get("Throughput"),
        encrypted=ebs.get("Encrypted", False),
        keep=not ebs.get("DeleteOnTermination", True),
    )
