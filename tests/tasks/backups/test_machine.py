"""What an instance was like is noted on its backups, in the room that tags have, and read back."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tasks.backups.machine import LONGEST, MACHINE, PLACE, Machine, machine_of, read_machine

TOLD: dict[str, Any] = {
    "InstanceType": "t3.small",
    "Architecture": "x86_64",
    "BootMode": "uefi",
    "EnaSupport": True,
    "RootDeviceName": "/dev/xvda",
    "Placement": {"AvailabilityZone": "eu-west-1a"},
    "SubnetId": "subnet-0a",
    "SecurityGroups": [{"GroupId": "sg-0b"}, {"GroupId": "sg-0a"}],
    "IamInstanceProfile": {"Arn": "arn:aws:iam::123456789012:instance-profile/castra/shop/db"},
    "KeyName": "admin",
}
words = st.text(st.characters(categories=("Ll", "Lu", "Nd"), include_characters="-/:."), max_size=90)


def test_an_instance_is_read_back_as_it_was() -> None:
    machine = machine_of(TOLD)
    assert machine.tags == {
        MACHINE: "type=t3.small arch=x86_64 boot=uefi root=/dev/xvda zone=eu-west-1a",
        PLACE: "subnet=subnet-0a groups=sg-0a+sg-0b "
        "profile=arn:aws:iam::123456789012:instance-profile/castra/shop/db key=admin",
    }
    assert read_machine(machine.tags) == machine


def test_of_what_no_tag_says_nothing_is_known() -> None:
    assert read_machine({}) == Machine()
    assert Machine(zone="eu-west-1b").tags == {MACHINE: "zone=eu-west-1b"}


def test_what_has_no_room_is_left_out_the_key_pair_first() -> None:
    machine = machine_of(TOLD | {"KeyName": "k" * 200})
    assert read_machine(machine.tags) == machine.model_copy(update={"key_pair": ""})
    assert read_machine(machine_of(TOLD | {"KeyName": "my key"}).tags).key_pair == ""


@given(st.builds(Machine, instance_type=words, key_pair=words, profile=words, groups=st.tuples(words), subnet=words))
def test_no_tag_is_too_long_and_what_is_read_is_never_another_ones(machine: Machine) -> None:
    assert all(len(value) <= LONGEST for value in machine.tags.values())
    read = read_machine(machine.tags)
    assert {read.subnet, ""} <= {machine.subnet, ""}
    assert {read.profile, ""} <= {machine.profile, ""}
