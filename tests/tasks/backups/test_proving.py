"""Which backups are due for a proof, and what a restored one must show."""

import http.server
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from blueprints.backups import BackupPolicy, Prove
from tasks.backups.answering import unanswered
from tasks.backups.machine import Machine
from tasks.backups.proof_parts import end_of, parts_of_proof
from tasks.backups.proving import LONGEST_NAME, Proofs, environment_of, proofs_due
from tasks.backups.record import Backup, Piece
from tests.tasks.backups.making import NOW, backup

MACHINE = Machine(instance_type="t3.small", architecture="x86_64", root="/dev/xvda", zone="eu-west-1a")


def policy(**prove: Any) -> BackupPolicy:
    written = {"instances": ["db"], "when": {"cron": "0 2 * * *"}, "keep": {"daily": 7}, "prove": prove}
    return BackupPolicy.model_validate(written)


def of_db(days: int, proven: int | None = None, **told: Any) -> Backup:
    """A backup of so many days ago, proven so many days ago."""
    when = None if proven is None else NOW - timedelta(days=proven)
    return backup(NOW - timedelta(days=days), part="instance/db", source="i-1", proven=when, **told)


def due(*backups: Backup, anyway: bool = False, **prove: Any) -> Proofs:
    return proofs_due("web", {"nightly": policy(**prove)}, backups, NOW, anyway=anyway)


def told(proofs: Proofs) -> list[tuple[str, str, str | None]]:
    return [(deed.action, deed.because, deed.id) for deed in proofs.deeds]


def test_the_newest_whole_backup_is_proven_where_none_has_been() -> None:
    newest, failed = of_db(1), of_db(0, state="failed")
    proofs = due(of_db(2), newest, failed)
    assert told(proofs) == [("prove", "never proven yet", newest.id)]
    assert [(proof.policy, proof.series, proof.backup) for proof in proofs.due] == [("nightly", "instance/db", newest)]


def test_a_proof_counts_for_its_days_whichever_backup_it_was_of() -> None:
    young, old = (due(of_db(9, proven=days), of_db(1), every_days=7) for days in (6, 7))
    assert told(young) == [("keep", "proven 6 days ago; every 7 days are asked for", of_db(1).id)]
    assert told(old) == [("prove", "last proven 7 days ago", of_db(1).id)]
    assert told(due(of_db(1, proven=1), anyway=True)) == [("prove", "last proven 1 day ago", of_db(1).id)]


def test_what_has_no_whole_backup_is_due_and_has_nothing_to_prove() -> None:
    (proof,) = due(of_db(1, state="failed")).due
    assert (proof.series, proof.backup) == ("instance/db", None)


def test_copies_and_policies_that_ask_for_no_proof_are_left_alone() -> None:
    copy = of_db(1, proven=0, copy_of="eu-central-1/snap-1", region="eu-central-1")
    (proof,) = due(copy).due
    assert proof.backup is None
    without = policy().model_copy(update={"prove": None})
    assert proofs_due("web", {"nightly": without}, [of_db(1)], NOW).deeds == []


def test_the_environment_of_a_proof_is_the_same_each_time_and_no_other_ones() -> None:
    assert environment_of("web", "nightly", "instance/db") == "proof-web-nightly-instance-db"
    long = [environment_of("w" * 40, "nightly", f"instance/{'d' * 40}{number}") for number in range(2)]
    assert len(set(long)) == 2
    assert all(len(name) <= LONGEST_NAME for name in long)
    assert environment_of("web", "nightly", "i-0A").islower()


def proof_parts(one: Backup, **prove: Any) -> dict[str, Any]:
    (proof,) = due(one, **prove).due
    return {part.key: part for part in parts_of_proof(proof, MACHINE, "eu-west-1")}


def pieces(*devices: str) -> tuple[Piece, ...]:
    return tuple(Piece(id=f"snap-{number}a", volume="v", device=one, gib=8) for number, one in enumerate(devices))


def test_a_proof_stands_in_a_network_without_a_way_out_unless_something_is_asked_of_it() -> None:
    closed = proof_parts(of_db(1, pieces=pieces("/dev/xvda", "/dev/sdf")))
    assert set(closed) == {
        *("vpc/restored", "subnet/restored", "security-group/restored", "firewall/restored"),
        *("image/db", "volume/db-sdf", "instance/db"),
    }
    firewall = closed["firewall/restored"]
    assert (firewall.inbound, firewall.outbound) == ((), ())
    assert closed["volume/db-sdf"].on_removal == "wipe"
    opened = proof_parts(of_db(1, pieces=pieces("/dev/xvda")), port=80, path="/", reached_from="198.51.100.7/32")
    assert {"internet-gateway/restored", "route-table/restored", "instance-profile/restored"} <= set(opened)
    (rule,) = opened["firewall/restored"].inbound
    assert (rule.ports, str(rule.peer)) == ((80, 80), "198.51.100.7/32")


def test_a_lone_volume_is_attached_to_an_instance_that_is_there_for_that_only() -> None:
    lone = backup(NOW, part="volume/data", source="vol-1", pieces=pieces("/dev/sdf"))
    proofs = proofs_due(
        "web", {"nightly": policy().model_copy(update={"instances": (), "volumes": ("data",)})}, [lone], NOW
    )
    parts = {part.key: part for part in parts_of_proof(proofs.due[0], MACHINE, "eu-west-1")}
    assert [(one.device, one.volume) for one in parts["instance/carrier"].volumes] == [("/dev/sdf", "volume/data")]


def test_a_proof_says_until_when_it_may_stand() -> None:
    (proof,) = due(of_db(1), minutes=60).due
    assert end_of(proof, NOW) == NOW + timedelta(hours=3)


@pytest.mark.parametrize(
    ("prove", "wrong"),
    [
        ({"path": "/"}, "no port to ask it on"),
        ({"port": 80}, "needs port and reached_from together"),
        ({"expect": "ok"}, "expects something of no query"),
        ({"query": "x", "expect": "("}, "no regular expression"),
    ],
)
def test_what_does_not_fit_is_told(prove: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValidationError, match=wrong):
        Prove.model_validate(prove)


@pytest.fixture
def server() -> Iterator[int]:
    """A web server that knows one page."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/health" else 404)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running.server_address[1]
        running.shutdown()
        thread.join()


def test_what_answers_answers_and_what_does_not_is_told(server: int) -> None:
    assert unanswered("127.0.0.1", server) == ""
    assert unanswered("127.0.0.1", server, "/health") == ""
    assert unanswered("127.0.0.1", server, "/nowhere") == f"127.0.0.1:{server}/nowhere answers with 404"


def test_where_nobody_listens_nothing_answers() -> None:
    assert "127.0.0.1:9 doesn't answer (ConnectionRefusedError" in unanswered("127.0.0.1", 9)
    assert "127.0.0.1:9/ doesn't answer" in unanswered("127.0.0.1", 9, "/")
