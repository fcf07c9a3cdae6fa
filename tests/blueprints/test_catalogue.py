"""The catalogue: each item is valid, and what is asked for is in the document, comments and all."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from blueprints.balancing import LoadBalancer
from blueprints.catalog.items import HERE, ITEMS, SIZES, Choice, Item, Size, folders, headline, written
from blueprints.firewalls import Firewall
from blueprints.instances import StandingInstance
from blueprints.problem import Invalid
from blueprints.reading import load

every_item = pytest.mark.parametrize("item", ITEMS)
COUNTED: dict[Item, dict[str, int]] = {"web": {"min": 3, "max": 6}, "internal-tool": {"min": 3, "max": 6}}


def test_every_document_of_the_folder_is_an_item() -> None:
    assert tuple(sorted(path.stem for path in HERE.glob("*.yaml"))) == ITEMS
    assert {path.name for path in HERE.iterdir() if path.is_dir()} - {"__pycache__"} <= set(ITEMS)


@every_item
def test_an_item_is_valid_as_it_is_written_and_says_what_it_is(item: Item) -> None:
    environment = load(HERE / f"{item}.yaml")
    assert environment.parts()
    assert (environment.name, environment) == (item, Choice(item=item).environment())
    assert re.fullmatch(r"[A-Z].{20,100}\.", headline(item))


@every_item
@pytest.mark.parametrize("size", SIZES)
def test_what_is_asked_for_is_what_it_says_and_its_comments_stay(item: Item, size: Size) -> None:
    asked = {"name": "123", "region": "us-east-1", "owner": "Zoë: \"the\" 'one' #1\\1", "size": size}
    asked["expires_after"] = "1d12h"
    choice = Choice(item=item, count=3 if item in COUNTED else None, **asked)
    document, before = yaml.safe_load(choice.text()), yaml.safe_load((HERE / f"{item}.yaml").read_text())
    assert [document.pop(field) for field in ("name", "region", "owner", "expires_after")] == [
        "123",
        "us-east-1",
        asked["owner"],
        "1d12h",
    ]
    for section, field, kind in (
        ("servers", "instance_type", str),
        ("instances", "instance_type", str),
        ("functions", "memory", int),
    ):
        for name, entry in before.get(section, {}).items():
            assert entry[field] == kind(SIZES["small"][field])
            entry[field] = kind(SIZES[size][field])
            entry |= {"count": COUNTED[item]} if section == "servers" else {}
            assert document[section][name] == entry
    assert document == {key: value for key, value in before.items() if key not in ("name", "region")}
    assert choice.text().startswith((HERE / f"{item}.yaml").read_text().partition("\nname:")[0])
    assert choice.environment().all_tags == {"owner": asked["owner"]}


def test_a_number_of_servers_is_refused_where_there_are_none() -> None:
    for item in set(ITEMS) - set(COUNTED):
        with pytest.raises(Invalid, match=f"{item} has no servers"):
            Choice(item=item, count=2).text()


@every_item
def test_written_into_a_folder_it_is_whole_there_and_never_written_over(item: Item, tmp_path: Path) -> None:
    *copies, document = written(Choice(item=item, name="own"), tmp_path / "new")
    assert document == tmp_path / "new" / "own.yaml"
    assert [copy.name for copy in copies] == [folder.name for folder in folders(item)]
    assert [part.key for part in load(document).parts()] == keys_of(item)
    document.write_text("mine")
    with pytest.raises(Invalid, match="is there already"):
        list(written(Choice(item=item, name="own"), tmp_path / "new"))
    assert document.read_text() == "mine"


@every_item
def test_defaults_are_safe(item: Item) -> None:
    """Only the balancer of `web` is public; only the bastion is in a public subnet, and it admits nobody."""
    environment = Choice(item=item).environment()
    public = [part.name for part in environment.parts() if isinstance(part, LoadBalancer) and part.public]
    assert public == (["front"] if item == "web" else [])
    assert {servers.placement for servers in environment.servers.values()} <= {"private"}
    machines = [*environment.servers.values(), *environment.instances.values()]
    assert not any(admission for machine in machines for admission in machine.admits)
    assert {name for name, one in environment.instances.items() if one.placement == "public"} <= {"bastion"}
    assert {site.visibility for site in environment.sites.values()} <= {"vpc", "cdn"}
    assert {bucket.on_removal for bucket in environment.buckets.values()} <= {"keep"}
    assert environment.network is None or environment.network.nat == "none"


def keys_of(item: Item) -> list[str]:
    return [part.key for part in Choice(item=item).environment().parts()]


# ---------------------------------------------------------------------- the bastion

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIp0Ra7LkZ3rPTrpLgWqCqqUqTTZXpjHCbGHwzSQZPlM ada@example"


def test_a_bastion_admits_the_networks_that_are_named_by_key_and_nobody_else() -> None:
    choice = Choice(item="bastion", ssh_from=("203.0.113.0/24", "2001:db8::/48"), public_key=KEY)
    parts = {part.key: part for part in choice.environment().parts()}
    firewall, instance = parts["firewall/instance-bastion"], parts["instance/bastion"]
    assert isinstance(firewall, Firewall)
    assert isinstance(instance, StandingInstance)
    assert [(rule.ports, str(rule.peer)) for rule in firewall.inbound] == [
        ((22, 22), "203.0.113.0/24"),
        ((22, 22), "2001:db8::/48"),
    ]
    assert (instance.key_pair, instance.root.encrypted) == ("key-pair/people", True)
    assert choice.text().startswith((HERE / "bastion.yaml").read_text().partition("\nname:")[0])


@pytest.mark.parametrize(
    ("item", "given", "why"),
    [
        ("bastion", {"ssh_from": ["203.0.113.0/24"]}, "nobody gets in without one"),
        ("bastion", {"public_key": KEY}, "come from"),
        ("bastion", {"ssh_from": ["0.0.0.0/0"], "public_key": KEY}, "is the whole world"),
        ("bastion", {"ssh_from": ["::/0"], "public_key": KEY}, "is the whole world"),
        ("bastion", {"ssh_from": ["203.0.113.0/24"], "public_key": "no key"}, "public key"),
        ("web", {"ssh_from": ["203.0.113.0/24"], "public_key": KEY}, "web has no bastion"),
    ],
)
def test_a_bastion_is_not_opened_without_a_key_nor_to_everybody(item: Item, given: dict[str, Any], why: str) -> None:
    with pytest.raises((Invalid, ValidationError), match=why):
        Choice(item=item, **given).text()
