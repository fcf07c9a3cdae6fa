"""What is particular to launch templates: complete versions, the default one, tags that reach what's launched."""

from base64 import b64decode
from typing import Any

import pytest

from blueprints.part import Part
from blueprints.servers import LaunchTemplate, Volume
from tasks.compute.launch_template import LaunchTemplateKind
from tasks.compute.template_version import state_of, tags_at_launch
from tasks.decide import differences
from tasks.errors import CastraError
from tasks.scope import CREATED, ENVIRONMENT, FINGERPRINT, PART, Scope, as_dict, as_list
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.compute import GROUPS, PLAIN, PROFILES, ROLE, TEMPLATE, loosen
from tests.tasks.rows.network import VPC

KIND = LaunchTemplateKind()
BENEATH: tuple[Part, ...] = (VPC, *GROUPS, ROLE, *PROFILES)


def default_version(scope: Scope, name: str) -> dict[str, Any]:
    (found,) = look(scope, KIND, name)
    answer = scope.ec2.describe_launch_template_versions(LaunchTemplateId=found.id, Versions=["$Default"])
    (version,) = answer["LaunchTemplateVersions"]
    return dict(version)


def launched_tags(scope: Scope, name: str) -> dict[str, dict[str, str]]:
    """Resource type to the tags that the default version gives it."""
    specifications = default_version(scope, name)["LaunchTemplateData"]["TagSpecifications"]
    return {one["ResourceType"]: as_dict(one["Tags"]) for one in specifications if one["ResourceType"] in NAMED}


NAMED = ("instance", "volume")


def test_every_version_is_complete_in_itself(scope: Scope) -> None:
    raise_all(scope, (*BENEATH, TEMPLATE))
    first = default_version(scope, "web")
    raise_all(scope, (*BENEATH, TEMPLATE.model_copy(update={"instance_type": "t3.small"})))
    second = default_version(scope, "web")
    assert (first["VersionNumber"], second["VersionNumber"]) == (1, 2)
    # Into the first version's data moto writes the template's own tags.
    own = {"InstanceType", "TagSpecifications"}
    assert {key: value for key, value in second["LaunchTemplateData"].items() if key not in own} == {
        key: value for key, value in first["LaunchTemplateData"].items() if key not in own
    }


def test_what_is_launched_must_use_tokens_and_keeps_metadata_to_itself(scope: Scope) -> None:
    raise_all(scope, [PLAIN])
    metadata = default_version(scope, "plain")["LaunchTemplateData"]["MetadataOptions"]
    assert (metadata["HttpTokens"], int(metadata["HttpPutResponseHopLimit"])) == ("required", 1)


def test_volumes_are_encrypted_unless_it_is_said_otherwise(scope: Scope) -> None:
    raise_all(scope, [PLAIN.model_copy(update={"volumes": (Volume(device="/dev/xvda", size=8),)})])
    (mapping,) = default_version(scope, "plain")["LaunchTemplateData"]["BlockDeviceMappings"]
    assert str(mapping["Ebs"]["Encrypted"]).lower() == "true"
    assert mapping["Ebs"]["VolumeType"] == "gp3"


def test_a_default_version_made_by_hand_is_told_field_by_field_and_mended_by_a_new_one(scope: Scope) -> None:
    raise_all(scope, [PLAIN])
    (found,) = look(scope, KIND, "plain")
    loosen(scope, found.id)
    (step,) = raise_all(scope, [PLAIN]).steps
    assert {change.field for change in step.changes} == {"launched_by", "metadata", "passes_tags_on"}
    (mended,) = look(scope, KIND, "plain")
    assert (mended.id, mended.outputs["version"]) == (found.id, "3")


def test_a_version_that_is_not_the_default_is_nobodys_business(scope: Scope) -> None:
    raise_all(scope, [PLAIN])
    (found,) = look(scope, KIND, "plain")
    scope.ec2.create_launch_template_version(LaunchTemplateId=found.id, LaunchTemplateData={"InstanceType": "m5.large"})
    assert look_and_plan(scope, [PLAIN]).settled


def test_user_data_goes_as_base64_and_is_shown_as_a_hash_only(scope: Scope) -> None:
    plan = raise_all(scope, (*BENEATH, TEMPLATE))
    data = default_version(scope, "web")["LaunchTemplateData"]
    assert b64decode(data["UserData"]).decode() == TEMPLATE.user_data
    shown = {change.field: change.to for change in plan.steps[-1].changes}
    assert shown["user_data"].startswith("sha256:")


def test_what_is_launched_carries_environment_part_name_and_the_users_tags_but_no_record(scope: Scope) -> None:
    scope.tags = {"team": "red"}
    raise_all(scope, [PLAIN])
    expected = {
        ENVIRONMENT: scope.environment,
        PART: "scaling-group/web",
        "Name": f"{scope.environment}-web",
        "team": "red",
    }
    assert launched_tags(scope, "plain") == {"instance": expected, "volume": expected}
    assert not {FINGERPRINT, CREATED} & expected.keys()


def test_what_nobody_is_said_to_launch_belongs_to_the_template(scope: Scope) -> None:
    alone = LaunchTemplate(name="alone", image="ami-12c6146b", instance_type="t3.micro")
    raise_all(scope, [alone])
    assert launched_tags(scope, "alone")["instance"][PART] == "launch-template/alone"
    assert look_and_plan(scope, [alone]).settled


@pytest.mark.parametrize("tags", [{"team": "blue"}, {"Name": "ours", "cost": "7"}, {}])
def test_the_users_tags_changed_they_reach_what_is_launched_by_one_new_version(
    scope: Scope, tags: dict[str, str]
) -> None:
    scope.tags = {"team": "red"}
    raise_all(scope, [PLAIN])
    scope.tags = tags
    (step,) = raise_all(scope, [PLAIN]).steps
    assert (step.action, step.because) == ("update", "its tags differ")
    expected = tags_at_launch(scope.environment, tags, "scaling-group/web")
    assert launched_tags(scope, "plain") == {"instance": expected, "volume": expected}
    assert default_version(scope, "plain")["VersionNumber"] == 2
    assert look_and_plan(scope, [PLAIN]).settled


def test_tags_and_settings_changed_at_once_take_one_new_version(scope: Scope) -> None:
    raise_all(scope, [PLAIN])
    scope.tags = {"team": "red"}
    raise_all(scope, [PLAIN.model_copy(update={"monitoring": True})])
    assert default_version(scope, "plain")["VersionNumber"] == 2


def test_cut_off_before_the_new_version_was_the_default_it_is_finished_by_the_next_run(
    scope: Scope, aws: Physics
) -> None:
    raise_all(scope, [PLAIN])
    changed = PLAIN.model_copy(update={"monitoring": True})
    aws.rule("ec2:ModifyLaunchTemplate", "error:UnauthorizedOperation:403", nth=1)
    with pytest.raises(Exception, match="UnauthorizedOperation"):
        raise_all(scope, [changed])
    raise_all(scope, [changed])
    assert look_and_plan(scope, [changed]).settled


def test_reading_costs_two_calls_however_many_templates_there_are(scope: Scope) -> None:
    raise_all(scope, [PLAIN.model_copy(update={"name": f"t{number}"}) for number in range(20)])
    own = Scope(scope.environment, scope.region)
    assert len(list(KIND.owned(own))) == 20
    assert own.calls.by_operation() == {
        "ec2:DescribeLaunchTemplateVersions": 1,
        "ec2:DescribeLaunchTemplates": 1,
    }


def test_a_lost_answer_makes_no_second_one_and_no_error(scope: Scope, aws: Physics) -> None:
    aws.rule("ec2:CreateLaunchTemplate", "lose-answer", nth=1)
    raise_all(scope, [PLAIN])
    assert len(look(scope, KIND, "plain")) == 1
    assert look_and_plan(scope, [PLAIN]).settled


def test_a_foreign_one_of_its_name_is_named_with_a_way_out(scope: Scope) -> None:
    title = scope.name("plain", 128)
    scope.ec2.create_launch_template(LaunchTemplateName=title, LaunchTemplateData={"InstanceType": "t3.nano"})
    with pytest.raises(CastraError, match=rf"a launch template {title} that doesn't carry its tags.*Delete it, or tag"):
        raise_all(scope, [PLAIN])


def test_one_that_an_earlier_try_made_but_no_listing_shows_yet_is_taken_on(scope: Scope) -> None:
    tags = as_list(scope.birth_tags("launch-template/plain", None))
    made = scope.ec2.create_launch_template(
        LaunchTemplateName=scope.name("plain", 128),
        LaunchTemplateData={"InstanceType": "t3.nano"},
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": tags}],
    )
    wanted = KIND.wanted(PLAIN, {str(PLAIN.image): "ami-12c6146b"})
    assert KIND.create(scope, "plain", wanted) == made["LaunchTemplate"]["LaunchTemplateId"]
    (found,) = look(scope, KIND, "plain")
    assert found.state == wanted


@pytest.mark.parametrize(
    "data", [{}, {"UserData": "not base64"}, {"UserData": "/9j/4AAQ"}, {"BlockDeviceMappings": [{}]}]
)
def test_whatever_somebody_put_into_a_version_it_can_be_read(data: dict[str, Any]) -> None:
    wanted = KIND.wanted(PLAIN, {str(PLAIN.image): "ami-12c6146b"})
    assert differences(state_of(data, {}), wanted)
