"""What is particular to key pairs."""

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprints.environment import Environment
from blueprints.key_pairs import KeyPair, without_comment
from blueprints.reading import build, load
from blueprints.servers import LaunchTemplate
from tasks.errors import CastraError, Invalid
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.compute import KEY, KEY_PAIR, NEWEST, OTHER_KEY

KIND = KINDS["key-pair"]
TEMPLATE = LaunchTemplate(name="web", image=NEWEST, instance_type="t3.micro", key_pair="key-pair/admin")


def rsa(bits: int) -> str:
    fields = [b"ssh-rsa", b"\x01\x00\x01", b"\x00" + (1 << (bits - 1)).to_bytes((bits + 7) // 8, "big")]
    return f"ssh-rsa {base64.b64encode(b''.join(len(one).to_bytes(4, 'big') + one for one in fields)).decode()}"


def document(key_pairs: dict[str, Any], **servers: Any) -> dict[str, Any]:
    app = {"image": {"ssm": NEWEST.removeprefix("ssm:")}, **servers}
    network = {"cidr": "10.0.0.0/16"}
    return {"name": "e", "region": "eu-west-1", "network": network, "key_pairs": key_pairs, "servers": {"app": app}}


def template(environment: Environment) -> LaunchTemplate:
    (one,) = [part for part in environment.parts() if isinstance(part, LaunchTemplate)]
    return one


def key_of_template(scope: Scope) -> str:
    (one,) = look(scope, KINDS["launch-template"], "web")
    return str(one.state.key_pair)


def test_its_id_is_the_name_that_templates_want(strict: Scope) -> None:
    raise_all(strict, (KEY_PAIR, TEMPLATE))
    (found,) = look(strict, KIND, "admin")
    (pair,) = strict.ec2.describe_key_pairs(Filters=strict.filters)["KeyPairs"]
    assert found.id == pair["KeyName"] == key_of_template(strict)
    assert found.state.public_key == KEY
    assert look_and_plan(strict, (KEY_PAIR, TEMPLATE)).settled


def test_another_comment_is_no_change(strict: Scope) -> None:
    raise_all(strict, (KEY_PAIR,))
    assert look_and_plan(strict, (KeyPair(name="admin", public_key=f"{KEY}   else@where"),)).settled


def test_another_key_stands_beside_the_old_one_until_templates_have_moved(physics: Physics, strict: Scope) -> None:
    raise_all(strict, (KEY_PAIR, TEMPLATE))
    before = key_of_template(strict)
    physics.log.clear()
    other = KeyPair(name="admin", public_key=OTHER_KEY)
    plan = raise_all(strict, (other, TEMPLATE))
    assert {step.part: step.action for step in plan.changes} == {
        "key-pair/admin": "replace",
        "launch-template/web": "update",
    }
    assert key_of_template(strict) != before
    named = ("ec2:ImportKeyPair", "ec2:CreateLaunchTemplateVersion", "ec2:DeleteKeyPair")
    assert [call.name for call in physics.writes() if call.name in named] == list(named)
    assert [pair["KeyName"] for pair in strict.ec2.describe_key_pairs()["KeyPairs"]] == [key_of_template(strict)]


def test_made_anew_by_hand_under_its_name_it_is_known_by_its_material(strict: Scope) -> None:
    """Name and tags are right, and yet it's another key: what AWS tells of the key itself decides."""
    raise_all(strict, (KEY_PAIR,))
    (found,) = look(strict, KIND, "admin")
    strict.ec2.delete_key_pair(KeyName=found.id)
    strict.ec2.import_key_pair(
        KeyName=found.id,
        PublicKeyMaterial=OTHER_KEY.encode(),
        TagSpecifications=[
            {"ResourceType": "key-pair", "Tags": [{"Key": key, "Value": value} for key, value in found.tags.items()]}
        ],
    )
    (step,) = look_and_plan(strict, (KEY_PAIR,)).changes
    assert (step.action, step.because) == ("replace", "changed by hand")


def test_a_lost_answer_makes_no_second_one_and_no_error(physics: Physics, strict: Scope) -> None:
    physics.rule("ImportKeyPair", "lose-answer", nth=1)
    raise_all(strict, (KEY_PAIR,))
    assert len(strict.ec2.describe_key_pairs()["KeyPairs"]) == 1
    assert look_and_plan(strict, (KEY_PAIR,)).settled


def test_one_of_its_name_that_is_nobodys_is_left_alone_and_named(strict: Scope) -> None:
    called = strict.name("key-pair/admin", variant=KIND.wanted(KEY_PAIR, {}).foundation)
    strict.ec2.import_key_pair(KeyName=called, PublicKeyMaterial=OTHER_KEY.encode())
    with pytest.raises(CastraError, match=r"there is a key pair .* already, without this part's tags.*adopt it"):
        raise_all(strict, (KEY_PAIR,))


def test_a_strike_removes_it_after_what_uses_it(strict: Scope) -> None:
    raise_all(strict, (KEY_PAIR, TEMPLATE))
    assert [removal.part for removal in look_and_plan(strict, ()).removals] == ["launch-template/web", "key-pair/admin"]
    raise_all(strict, ())
    assert strict.ec2.describe_key_pairs()["KeyPairs"] == []


def test_servers_name_one_of_the_document_or_one_that_exists_in_aws(strict: Scope) -> None:
    key_pairs = {"admin": {"public_key": f"{KEY} me"}}
    own = template(build(document(key_pairs, key_pair="admin")))
    assert (own.key_pair, own.needs) == ("key-pair/admin", ("security-group/servers-app", "key-pair/admin"))
    for foreign in ("ops", "our/key"):
        other = template(build(document(key_pairs, key_pair=foreign)))
        assert (other.key_pair, other.needs) == (foreign, ("security-group/servers-app",))
    assert template(build(document(key_pairs))).key_pair is None


def test_a_file_is_read_beside_the_document_and_travels_inside_it(tmp_path: Path) -> None:
    (tmp_path / "me.pub").write_text(f"{KEY} me@here\n")
    (tmp_path / "web.yaml").write_text(yaml.safe_dump(document({"admin": {"file": "me.pub"}}, key_pair="admin")))
    environment = load(tmp_path / "web.yaml")
    assert environment.key_pairs["admin"].public_key == f"{KEY} me@here"
    assert Environment.model_validate_json(environment.model_dump_json()) == environment


@pytest.mark.parametrize("key", [KEY, f"{KEY} comment of several words", f"  {KEY}\n", rsa(1024), rsa(2048), rsa(4096)])
def test_what_ec2_takes_is_kept_without_its_comment(key: str) -> None:
    assert without_comment(key) == " ".join(key.split()[:2])


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----", "is a private key"),
        ("ecdsa-sha2-nistp256 AAAA", "begins with ssh-ed25519 or ssh-rsa"),
        ("ssh-ed25519", "begins with ssh-ed25519 or ssh-rsa"),
        (KEY[:-8], "whole public key"),
        (f"ssh-rsa {KEY.split()[1]}", "whole public key"),
        ("ssh-ed25519 öäü", "whole public key"),
        (rsa(3072), "has 3072 bits"),
    ],
)
def test_what_ec2_does_not_take_is_told_with_its_place_and_never_shown(key: str, why: str) -> None:
    with pytest.raises(Invalid) as raised:
        build(document({"admin": {"public_key": key}}, key_pair="admin"))
    (problem,) = raised.value.problems
    assert problem.path == "key_pairs.admin.public_key"
    assert why in problem.why
    assert "abc" not in str(raised.value)


@pytest.mark.parametrize(
    ("given", "path", "why"),
    [
        ({}, "key_pairs.admin", "is missing"),
        ({"file": "no.pub"}, "key_pairs.admin.file", "there's no file"),
        ({"file": "me.pub", "public_key": KEY}, "key_pairs.admin.public_key", "can't be given beside a file"),
    ],
)
def test_a_key_that_cannot_be_read_is_told_with_its_place(
    tmp_path: Path, given: dict[str, str], path: str, why: str
) -> None:
    (tmp_path / "me.pub").write_text(KEY)
    with pytest.raises(Invalid) as raised:
        build(document({"admin": given}), folder=tmp_path)
    (problem,) = raised.value.problems
    assert problem.path == path
    assert why in problem.why


def test_key_pairs_need_no_network() -> None:
    parts = build({"name": "e", "region": "eu-west-1", "key_pairs": {"admin": {"public_key": KEY}}}).parts()
    assert [part.key for part in parts] == ["key-pair/admin"]
