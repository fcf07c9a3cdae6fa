"""How a machine is reached, decided without AWS: which machine, which way, which command, and what is missing."""

import shlex
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks.errors import CastraError, Invalid, Refused
from tasks.network.rule import RuleState
from tasks.reaching.host import Host, chosen, user_of
from tasks.reaching.way import Asked, way_to

REGION = "eu-west-1"
BORN = datetime(2026, 5, 12, tzinfo=UTC)
PLAIN = Asked(REGION)
OUTSIDE = "203.0.113.0/24"


def rules(*peers: str, ports: tuple[int, int] | None = (22, 22)) -> tuple[RuleState, ...]:
    return tuple(RuleState(protocol="tcp", ports=ports, peer=peer) for peer in peers)


def host(part: str = "instance/db", **more: Any) -> Host:
    """One that runs in a private subnet, and admits nobody."""
    told: dict[str, Any] = {"id": f"i-{part.rpartition('/')[2]}", "state": "running", "launched": BORN}
    told |= {"healthy": True, "private": "10.13.0.7", "user": "ec2-user", "key_pair": "people"}
    return Host(part=part, **told | more)


BASTION = host(
    "instance/bastion", private="10.13.0.5", public="198.51.100.9", groups=frozenset({"sg-b"}), inbound=rules(OUTSIDE)
)
CLOSED = replace(BASTION, inbound=(), key_pair="people", allowed=True, online=True)
DB = host(inbound=rules("sg-b"))


# ---------------------------------------------------------------------- which way


def test_session_manager_is_first_where_its_agent_is_online_and_its_role_allows_it() -> None:
    both = replace(BASTION, allowed=True, online=True)
    way = way_to(both, [both], PLAIN)
    assert (way.by, way.line) == ("session", "aws ssm start-session --target i-bastion --region eu-west-1")
    assert way.programs == ("aws", "session-manager-plugin")


def test_by_its_own_address_where_somebody_outside_is_admitted_by_ssh() -> None:
    way = way_to(BASTION, [BASTION], Asked(REGION, key="~/key"))
    assert (way.by, way.admitted) == ("ssh", (OUTSIDE,))
    assert way.command == ("ssh", "-i", "~/key", "ec2-user@198.51.100.9")
    assert (way.programs, way.remarks) == (("ssh",), ())
    plain = way_to(BASTION, [BASTION], PLAIN)
    assert (plain.line, plain.remarks) == ("ssh ec2-user@198.51.100.9", ("It takes the private key of people.",))


def test_by_a_bastion_that_it_admits_as_another_user() -> None:
    way = way_to(replace(DB, user="ubuntu"), [DB, BASTION], PLAIN)
    assert (way.by, way.via, way.admitted) == ("bastion", "instance/bastion", (OUTSIDE,))
    assert way.line == "ssh -J ec2-user@198.51.100.9 ubuntu@10.13.0.7"


def test_with_a_key_it_is_given_to_the_bastion_too_which_dash_j_does_not() -> None:
    way = way_to(DB, [DB, BASTION], Asked(REGION, key="my key"))
    hop = ["ssh", "-i", "my key", "-W", "%h:%p", "ec2-user@198.51.100.9"]
    assert list(way.command) == ["ssh", "-i", "my key", "-o", f"ProxyCommand={shlex.join(hop)}", "ec2-user@10.13.0.7"]
    assert tuple(shlex.split(way.line)) == way.command


def test_by_a_bastion_that_is_closed_through_its_session() -> None:
    way = way_to(DB, [DB, CLOSED], PLAIN)
    assert (way.by, way.via, way.admitted) == ("bastion", "instance/bastion", ())
    tunnel = "aws ssm start-session --target i-bastion --region eu-west-1"
    tunnel += " --document-name AWS-StartSSHSession --parameters portNumber=22"
    hop = ["ssh", "-W", "%h:%p", "-o", f"ProxyCommand={tunnel}", "ec2-user@i-bastion"]
    assert way.command == ("ssh", "-o", f"ProxyCommand={shlex.join(hop)}", "ec2-user@10.13.0.7")
    assert way.programs == ("ssh", "aws", "session-manager-plugin")


@pytest.mark.parametrize("asked", [Asked(REGION, key="k"), Asked(REGION, user="ada")])
def test_a_key_or_a_user_mean_ssh_which_a_session_then_carries(asked: Asked) -> None:
    way = way_to(CLOSED, [CLOSED], asked)
    assert (way.by, way.command[0], way.command[-1]) == ("session", "ssh", f"{asked.user or 'ec2-user'}@i-bastion")
    assert "AWS-StartSSHSession" in way.line


def test_a_network_that_holds_the_bastion_admits_it_too() -> None:
    assert way_to(replace(DB, inbound=rules("10.13.0.0/20")), [BASTION], PLAIN).by == "bastion"
    with pytest.raises(Refused):
        way_to(replace(DB, inbound=rules("10.13.1.0/24")), [BASTION], PLAIN)


@pytest.mark.parametrize(
    ("peer", "ports"), [("10.0.0.0/8", (22, 22)), ("fd00::/8", (22, 22)), ("sg-x", (22, 22)), (OUTSIDE, (443, 443))]
)
def test_private_networks_groups_and_other_ports_are_no_way_in_from_outside(peer: str, ports: tuple[int, int]) -> None:
    with pytest.raises(Refused, match="nobody outside is admitted"):
        way_to(replace(BASTION, inbound=rules(peer, ports=ports)), [], PLAIN)


@pytest.mark.parametrize("peer", ["0.0.0.0/0", "::/0", "pl-1"])
def test_the_whole_world_and_prefix_lists_are(peer: str) -> None:
    assert way_to(replace(BASTION, inbound=rules(peer, ports=None)), [], PLAIN).by == "ssh"


def test_of_several_bastions_the_one_of_that_name_then_an_open_one_then_the_newest() -> None:
    late = BORN + timedelta(days=1)
    jump = replace(BASTION, id="i-jump", part="instance/jump", launched=late)
    assert way_to(DB, [jump, BASTION], PLAIN).via == "instance/bastion"
    shut = replace(CLOSED, id="i-shut", part="instance/shut", launched=late + timedelta(days=1))
    newest = replace(jump, id="i-newest", part="instance/newest", launched=late + timedelta(hours=1))
    assert way_to(DB, [shut, jump, newest], PLAIN).via == "instance/newest"


def test_an_agent_that_is_there_though_no_role_allows_it_is_the_last_resort() -> None:
    """An account can allow Session Manager for all of its instances."""
    odd = replace(DB, online=True)
    assert way_to(odd, [BASTION], PLAIN).by == "bastion"
    way = way_to(odd, [], PLAIN)
    assert (way.by, len(way.remarks)) == ("session", 1)


# ---------------------------------------------------------------------- what is missing


def why_not(one: Host, *others: Host) -> str:
    with pytest.raises(Refused) as refused:
        way_to(one, others, PLAIN)
    return str(refused.value)


def test_all_that_is_missing_is_told_at_once_with_what_opens_it() -> None:
    told = why_not(host(key_pair=""), BASTION)
    for said in ("role doesn't allow", "without a key pair", "no public address", "no other machine leads to it"):
        assert said in told
    for way_out in ("AmazonSSMManagedInstanceCore", "key_pair", "placement: public", "castra catalogue bastion"):
        assert way_out in told


def test_a_role_without_an_agent_is_told_apart_from_no_role() -> None:
    assert "its agent isn't online" in why_not(host(allowed=True))


def test_a_machine_that_does_not_run_is_said_to() -> None:
    assert "it is stopped. Start it" in why_not(replace(BASTION, state="stopped"))


def test_windows_takes_no_ssh() -> None:
    assert "runs Windows" in why_not(replace(BASTION, windows=True))
    assert way_to(replace(CLOSED, windows=True), [], PLAIN).by == "session"


def test_a_bastion_that_is_stopped_or_without_a_key_leads_nowhere() -> None:
    assert "no other machine" in why_not(DB, replace(BASTION, state="stopped"), replace(BASTION, key_pair=""))


# ---------------------------------------------------------------------- which machine


def crew() -> list[Host]:
    """Three servers, the newest of which is ill."""
    ages = (timedelta(0), timedelta(hours=1), timedelta(hours=2))
    old, new, ill = (host("scaling-group/app", id=f"i-{n}", launched=BORN + age) for n, age in enumerate(ages))
    return [old, new, replace(ill, healthy=False)]


def test_of_several_servers_the_newest_healthy_one_or_the_one_that_is_counted_or_named() -> None:
    hosts = [*crew(), DB]
    assert [chosen(hosts, "app", index).id for index in (None, 1, 2, 3)] == ["i-1", "i-1", "i-0", "i-2"]
    assert chosen(hosts, "i-2", None).id == "i-2"
    assert chosen(hosts, "instance/db", None) == chosen(hosts, "db", 1) == DB


@pytest.mark.parametrize("index", [0, -1, 4])
def test_a_number_that_none_has_is_refused(index: int) -> None:
    with pytest.raises(Invalid, match="of scaling-group/app there are 3"):
        chosen(crew(), "app", index)


def test_a_name_of_none_and_a_name_of_two_are_told() -> None:
    with pytest.raises(CastraError, match="Name one of these parts, or an instance's id: instance/db"):
        chosen([DB], "dp", None)
    with pytest.raises(Invalid, match="instance/app and scaling-group/app"):
        chosen([*crew(), host("instance/app")], "app", None)


@pytest.mark.parametrize(
    ("name", "user"),
    [
        ("al2023-ami-2023.5.20240624.0-kernel-6.1-x86_64", "ec2-user"),
        ("ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20240423", "ubuntu"),
        ("debian-12-amd64-20240507-1740", "admin"),
        ("bitnami-wordpress-6.5-debian-12", "bitnami"),
        ("RHEL-9.4.0_HVM-20240605-x86_64-82-Hourly2-GP3", "ec2-user"),
        ("shop--base--7", ""),
    ],
)
def test_whom_one_logs_in_as_follows_from_the_images_family(name: str, user: str) -> None:
    assert user_of([name, "", "Linux/UNIX"]) == user
