"""What of an instance is changed in place: while it runs, and what it must be stopped for."""

from typing import Any

from tasks.compute.attaching import STARTS_WITHIN, STOPS_WITHIN, attach, await_state, described, give_address
from tasks.compute.blocks import modify
from tasks.compute.instance_state import NEED_STOP, InstanceState, Surroundings, root_id, state_of
from tasks.errors import CastraError
from tasks.retry import when_visible
from tasks.scope import PAUSED, Scope, as_dict

PROFILES = (
    "ec2:AssociateIamInstanceProfile",
    "ec2:DescribeIamInstanceProfileAssociations",
    "ec2:DisassociateIamInstanceProfile",
    "ec2:ReplaceIamInstanceProfileAssociation",
)
CHANGES = (
    "ec2:ModifyInstanceAttribute",
    "ec2:ModifyInstanceMetadataOptions",
    "ec2:MonitorInstances",
    "ec2:StartInstances",
    "ec2:UnmonitorInstances",
    "iam:PassRole",
)
ROOT = frozenset({"root", "root_size"})


def settings(wanted: InstanceState) -> dict[str, dict[str, Any]]:
    """What ModifyInstanceAttribute takes, one a call, by field."""
    return {
        "groups": {"Groups": list(wanted.groups)},
        "shutdown": {"InstanceInitiatedShutdownBehavior": {"Value": wanted.shutdown}},
        "deletion_protection": {"DisableApiTermination": {"Value": wanted.deletion_protection}},
    }


def change(scope: Scope, id: str, wanted: InstanceState, changed: frozenset[str]) -> None:
    """Each field by its own call; what needs a stop last, within one."""
    for field, arguments in settings(wanted).items():
        if field in changed:
            scope.go_ahead.check()
            scope.ec2.modify_instance_attribute(InstanceId=id, **arguments)
    if "metadata" in changed:
        set_metadata(scope, id, wanted)
    if "monitoring" in changed:
        watch = scope.ec2.monitor_instances if wanted.monitoring else scope.ec2.unmonitor_instances
        watch(InstanceIds=[id])
    if "profile" in changed:
        carry(scope, id, wanted.profile)
    if changed & ROOT:
        change_root(scope, id, wanted)
    if changed & {"volumes", "address", "running", *NEED_STOP}:
        settle(scope, id, wanted, changed & NEED_STOP)


def change_root(scope: Scope, id: str, wanted: InstanceState) -> None:
    """What differs of its root volume, which AWS tells once it runs."""
    await_state(scope, id, "running", "stopped", within=STARTS_WITHIN)
    root = _now(scope, id)
    if root.root is None or wanted.root is None:
        raise CastraError(f"instance {id}", "it has no root volume", "Attach one, or replace it")
    grown = wanted.root_size if wanted.root_size != root.root_size else None
    if grown or wanted.root != root.root:
        modify(scope, root_id(described(scope, id) or {}), grown, wanted.root)


def set_metadata(scope: Scope, id: str, wanted: InstanceState) -> None:
    """Metadata for a session token only, one hop."""
    scope.ec2.modify_instance_metadata_options(
        InstanceId=id,
        HttpEndpoint=wanted.metadata.endpoint,
        HttpTokens=wanted.metadata.tokens,
        HttpPutResponseHopLimit=wanted.metadata.hops,
    )


def carry(scope: Scope, id: str, profile: str) -> None:
    """Give it another instance profile, its first one, or none."""
    mine = [{"Name": "instance-id", "Values": [id]}, {"Name": "state", "Values": ["associating", "associated"]}]
    answer = scope.ec2.describe_iam_instance_profile_associations(Filters=mine)
    has = next((one["AssociationId"] for one in answer["IamInstanceProfileAssociations"]), "")
    given = {"IamInstanceProfile": {"Arn": profile}}
    if has and profile:
        replace = scope.ec2.replace_iam_instance_profile_association
        when_visible(f"instance profile {profile}", replace, AssociationId=has, **given)
    elif profile:
        associate = scope.ec2.associate_iam_instance_profile
        when_visible(f"instance profile {profile}", associate, InstanceId=id, **given)
    elif has:
        scope.ec2.disassociate_iam_instance_profile(AssociationId=has)


def settle(scope: Scope, id: str, wanted: InstanceState, stopped_for: frozenset[str] = frozenset()) -> None:
    """Bring it into the state that's wanted, with what's attached; through a stop, where something is changed in one.

    It needn't have begun to run: this waits for that.
    """
    await_state(scope, id, "running", "stopped", within=STARTS_WITHIN)
    now = _now(scope, id)
    if now.running and (stopped_for or not wanted.running):
        scope.go_ahead.check()
        scope.ec2.stop_instances(InstanceIds=[id])
        await_state(scope, id, "stopped", within=STOPS_WITHIN)
    if "instance_type" in stopped_for:
        scope.ec2.modify_instance_attribute(InstanceId=id, InstanceType={"Value": wanted.instance_type})
    if "user_data" in stopped_for:
        scope.ec2.modify_instance_attribute(InstanceId=id, UserData={"Value": wanted.user_data.encode()})
    if now.volumes != wanted.volumes:
        attach(scope, id, wanted.volumes, now.volumes)
    if now.address != wanted.address:
        scope.go_ahead.check()
        give_address(scope, id, wanted.address, now.address)
    if not wanted.running:
        awake_again(scope, id)
    elif (stopped_for or not now.running) and not paused(scope, id):
        scope.go_ahead.check()
        scope.ec2.start_instances(InstanceIds=[id])
        await_state(scope, id, "running", within=STARTS_WITHIN)


def _now(scope: Scope, id: str) -> InstanceState:
    """Its state, but for the attributes, which don't matter here."""
    scope.look_afresh()
    attributes = {"userData": "", "instanceInitiatedShutdownBehavior": "", "disableApiTermination": False}
    instance = described(scope, id)
    if instance is None:
        raise CastraError(f"instance {id}", "it has ended meanwhile", "Run the same command again")
    return state_of(instance, attributes, Surroundings(scope))


def paused(scope: Scope, id: str) -> bool:
    """Whether it was stopped by a pause, and is to stay so until it's resumed."""
    return PAUSED in as_dict((described(scope, id) or {}).get("Tags"))


def awake_again(scope: Scope, id: str) -> None:
    """Take the mark of a pause off what the blueprint itself wants stopped."""
    if paused(scope, id):
        scope.ec2.delete_tags(Resources=[id], Tags=[{"Key": PAUSED}])
