"""`castra` from a shell: what it prints and where, how it ends, and that it asks before it writes."""

import json
import os
import pty
import re
import select
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.spin_up import spin_up
from tests.flows.server import answers
from tests.flows.shell import LIMIT, castra, start
from tests.flows.world import (
    REGION,
    WEB,
    client,
    ids,
    keys,
    nothing_written,
    small,
    small_document,
    standing,
    whole,
    writes,
    written,
)
from tests.physics import Physics

ACTIONS = {"create", "update", "replace", "keep", "delete"}
PLAN = {"environment", "region", "fingerprint", "steps", "counts", "calls"}
WRITTEN = PLAN | {"outcomes", "outputs", "seconds", "retries"}
STRUCK = PLAN | {"outcomes", "seconds", "retries", "left"}


@pytest.fixture(autouse=True)
def orders_end(aws: Physics) -> Iterator[None]:
    """No rule outlives its test."""
    yield
    aws.rules.clear()


@pytest.fixture
def file(tmp_path: Path, name: str) -> Path:
    """A small blueprint under a name of its own."""
    return written(small_document(name), tmp_path)


def assert_plan(document: dict[str, Any], name: str) -> None:
    """The shape that every document of a plan has."""
    assert (document["environment"], document["region"]) == (name, REGION)
    assert re.fullmatch(r"p1-[0-9a-f]{16}", document["fingerprint"])
    assert set(document["counts"]) == ACTIONS
    assert sum(document["counts"].values()) == len(document["steps"])
    assert set(document["calls"]) == {"read", "write"}
    for step in document["steps"]:
        assert set(step) == {"part", "action", "changes", "because"}
        assert step["action"] in ACTIONS
        assert step["because"]
        for change in step["changes"]:
            assert set(change) == {"field", "from", "to", "fixed"}


def assert_outcomes(document: dict[str, Any]) -> None:
    """The shape that comes with carrying a plan out."""
    for outcome in document["outcomes"]:
        assert set(outcome) == {"part", "action", "id", "seconds"}
    assert document["seconds"] > 0


# ---------------------------------------------------------------------- without a write


def test_check_says_that_a_blueprint_is_right_without_asking_aws(aws: Physics, file: Path, name: str) -> None:
    before = len(aws.log.snapshot())
    said = castra("check", file)
    assert (said.returncode, said.stdout) == (0, f"{file} is right: {name} in {REGION}, 9 parts.\n")
    assert said.stderr == f"Next: castra plan {file}\n"
    document = castra("check", file, "--json").document
    assert document == {"environment": name, "region": REGION, "parts": [part.key for part in small(name).parts()]}
    assert len(aws.log.snapshot()) == before


def test_schema_is_a_json_schema_of_the_document() -> None:
    said = castra("schema")
    assert (said.returncode, said.stderr) == (0, "")
    assert set(said.document["properties"]) >= {"name", "region", "account", "network", "balancers", "servers"}
    assert set(yaml.safe_load(WEB.read_text())) <= set(said.document["properties"])


def test_plan_prints_one_document_and_writes_nothing(aws: Physics, file: Path, name: str) -> None:
    with nothing_written(aws):
        said = castra("plan", file, "--json")
        told = castra("plan", file, "--exit-code")
    assert said.returncode == 0
    assert_plan(said.document, name)
    assert set(said.document) == PLAN
    assert said.document["counts"]["create"] == len(keys(small(name)))
    assert said.document["calls"]["write"] == 0 < said.document["calls"]["read"]
    vpc = next(step for step in said.document["steps"] if step["part"] == "vpc/main")
    assert {"field": "cidr", "from": None, "to": "10.30.0.0/16", "fixed": False} in vpc["changes"]
    assert told.returncode == 3
    assert "  + create  vpc/main  not there yet\n" in told.stdout
    assert told.stdout.endswith("9 to create, 0 as wanted\n")
    assert "0 writes" in told.stderr
    assert f"Next: castra up {file}" in told.stderr


# ---------------------------------------------------------------------- a life


@pytest.mark.usefixtures("prefect")
def test_up_and_down_print_one_document_each(aws: Physics, file: Path, name: str) -> None:
    parts = keys(small(name))
    first = len(aws.log.snapshot())
    up = castra("up", file, "--yes", "--json")
    assert up.returncode == 0, up.stderr
    assert_plan(up.document, name)
    assert_outcomes(up.document)
    assert set(up.document) == WRITTEN
    assert sorted(one["part"] for one in up.document["outcomes"]) == parts
    assert up.document["outputs"]["nat-gateway/a.public_ip"]
    assert up.document["calls"]["write"] == len([call for call in aws.log.snapshot()[first:] if call.write])
    assert standing(name) == whole(small(name))
    assert "done     create vpc/main" in up.stderr

    with nothing_written(aws):
        again = castra("up", file, "--yes", "--json")
        settled = castra("plan", file, "--exit-code")
        listed = castra("list", "--region", REGION, "--json")
        shown = castra("show", name, "--region", REGION, "--json")
    assert set(again.document) == WRITTEN
    assert (again.returncode, again.document["outcomes"], again.document["calls"]["write"]) == (0, [], 0)
    assert again.document["outputs"] == up.document["outputs"]
    assert settled.returncode == 0
    assert settled.stdout == "Nothing to do: 9 as wanted.\n"
    (mine,) = [one for one in listed.document["environments"] if one["environment"] == name]
    assert set(mine) == {"environment", "parts", "kinds", "created", "owner", "purpose", "expires"}
    assert (mine["parts"], mine["kinds"]["subnet"]) == (9, 2)
    assert (mine["owner"], mine["purpose"], mine["expires"]) == (None, None, None)
    assert [set(one) for one in shown.document["parts"]] == [
        {"part", "id", "phase", "created", "expires", "outputs"}
    ] * 9
    assert {one["part"]: one["id"] for one in shown.document["parts"]} == ids(name)

    down = castra("down", name, "--region", REGION, "--yes", "--json")
    assert down.returncode == 0, down.stderr
    assert_plan(down.document, name)
    assert_outcomes(down.document)
    assert set(down.document) == STRUCK
    assert (down.document["left"], down.document["counts"]["delete"], standing(name)) == (0, 9, [])
    with nothing_written(aws):
        nothing = castra("down", name, "--region", REGION, "--yes", "--json")
    assert set(nothing.document) == STRUCK
    assert (nothing.returncode, nothing.document["left"], nothing.document["outcomes"]) == (0, 0, [])


@pytest.mark.usefixtures("prefect")
def test_people_get_data_on_stdout_and_talk_on_stderr(prefect: str, aws: Physics, file: Path, name: str) -> None:
    up = castra("up", file, "--yes")
    assert up.returncode == 0, up.stderr
    assert re.search(r"\nDone: 9 steps in [0-9.]+ s, [0-9]+ reads, [0-9]+ writes\.\n$", up.stdout)
    assert "  nat-gateway/a.public_ip = " in up.stdout
    assert f"console: {prefect} (ready in" in up.stderr
    assert f"run: {prefect}/runs/flow-run/" in up.stderr
    assert re.search(r"Prefect's server and engine added [0-9.]+ s\.", up.stderr)
    assert f"Next: castra drift {file}" in up.stderr

    client("ec2").modify_vpc_attribute(VpcId=ids(name)["vpc/main"], EnableDnsHostnames={"Value": False})
    with nothing_written(aws):
        drift = castra("drift", file)
        drift_json = castra("drift", file, "--json")
    assert (drift.returncode, drift_json.returncode) == (3, 3)
    assert "  ~ update  vpc/main  changed by hand\n      dns_hostnames: False → True\n" in drift.stdout
    assert_plan(drift_json.document, name)
    (step,) = [step for step in drift_json.document["steps"] if step["action"] != "keep"]
    assert step["changes"] == [{"field": "dns_hostnames", "from": False, "to": True, "fixed": False}]
    assert castra("up", file, "--yes").returncode == 0
    assert castra("drift", file).returncode == 0

    shown = castra("show", name, env={"AWS_REGION": REGION})
    assert re.search(r"^vpc/main +vpc-\w+ +standing +0 h [0-9]+ min", shown.stdout, re.MULTILINE)
    assert re.search(rf"^{name} +9 +0 h", castra("list", "--region", REGION).stdout, re.MULTILINE)
    down = castra("down", name, "--region", REGION, "--yes")
    assert "  - delete  vpc/main  the environment is struck\n" in down.stdout
    assert down.stdout.endswith("\n0 resources left\n")
    assert castra("show", name, "--region", REGION).stdout == f"Nothing stands of {name} in {REGION}.\n"


# ---------------------------------------------------------------------- asking


def test_without_a_terminal_and_without_yes_nothing_is_done(aws: Physics, file: Path, name: str) -> None:
    with nothing_written(aws):
        said = castra("up", file)
    assert (said.returncode, standing(name)) == (2, [])
    assert "--yes: there's no terminal to ask in. Add --yes to go on without asking." in said.stderr


def in_terminal(*words: object, answer: str) -> tuple[int, str]:
    """Run `castra` in a terminal, answer its question, and give its exit code and all that was on the screen."""
    ours, theirs = pty.openpty()
    outputs = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    with start(*words, env={"TERM": "xterm-256color", "COLUMNS": "200"}, **outputs) as process:
        os.close(theirs)
        screen, asked = "", False
        while text := heard(ours):
            screen += text
            if not asked and "Go on? [y/N]" in screen:
                os.write(ours, f"{answer}\n".encode())
                asked = True
        os.close(ours)
        return process.wait(LIMIT), re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen)


def heard(terminal: int) -> str:
    """What comes next on a terminal; empty once its other side is closed."""
    ready, _, _ = select.select([terminal], [], [], LIMIT)
    assert ready, "castra said nothing more, and didn't end"
    try:
        return os.read(terminal, 65536).decode(errors="replace")
    except OSError:
        return ""


def test_asked_in_a_terminal_no_means_no(aws: Physics, file: Path, name: str) -> None:
    with nothing_written(aws):
        code, screen = in_terminal("up", file, answer="n")
    assert code == 1
    assert "9 to create" in screen
    assert "Nothing was changed." in screen
    assert standing(name) == []


@pytest.mark.usefixtures("prefect")
def test_asked_in_a_terminal_yes_raises_it_with_live_progress(name: str, file: Path) -> None:
    code, screen = in_terminal("up", file, answer="y")
    assert code == 0, screen
    assert re.search(r"[0-9]+ of 9 steps done, [0-9]+ running", screen)
    assert "Done: 9 steps" in screen
    assert standing(name) == whole(small(name))


# ---------------------------------------------------------------------- Ctrl-C


@pytest.mark.usefixtures("prefect")
def test_ctrl_c_starts_no_new_step_and_says_how_to_go_on(aws: Physics, file: Path, name: str) -> None:
    held = aws.rule("CreateInternetGateway", "hold")
    with start("up", file, "--yes") as process:
        assert held.reached.wait(LIMIT)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        heard_of_it = next(line for line in process.stderr if line.startswith("Stopping"))
        assert "no new step is started" in heard_of_it
        aws.release()
        _, errors = process.communicate(timeout=LIMIT)
    assert process.returncode == 1
    assert re.search(r"the run was asked to stop: [0-9] steps are done, [0-9] weren't started", errors)
    assert "Run the same command again: it goes on from what stands" in errors
    assert "Traceback" not in errors
    stands = {part for part, _ in standing(name)}
    assert "internet-gateway/main" in stands
    assert "nat-gateway/a" not in stands
    assert castra("up", file, "--yes").returncode == 0
    assert standing(name) == whole(small(name))


@pytest.mark.usefixtures("prefect")
@pytest.mark.thorough
def test_a_second_ctrl_c_ends_it_at_once(aws: Physics, file: Path, name: str) -> None:
    held = aws.rule("CreateInternetGateway", "hold")
    with start("up", file, "--yes") as process:
        assert held.reached.wait(LIMIT)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert next(line for line in process.stderr if line.startswith("Stopping"))
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "What was made stands; run the same command again to go on." in errors
    assert "Traceback" not in errors


# ---------------------------------------------------------------------- the server it runs on


@pytest.mark.thorough
def test_the_local_server_is_started_once_and_stopped_when_asked(aws: Physics, tmp_path: Path, name: str) -> None:
    home = {"PREFECT_HOME": str(tmp_path / "home"), "PREFECT_API_URL": None}
    file = written(small_document(name), tmp_path)
    try:
        first = castra("up", file, "--yes", env=home)
        assert first.returncode == 0, first.stderr
        record = json.loads((tmp_path / "home" / "castra-console.json").read_text())
        url, pid = record["url"], record["pid"]
        assert f"console: {url} (ready in" in first.stderr
        assert answers(url)
        settings = Path(f"/proc/{pid}/environ").read_text()
        assert "AWS_" not in settings
        written(small_document(name, network={"endpoints": []}), tmp_path)
        second = castra("up", file, "--yes", env=home)
        assert f"console: {url} (ready in" in second.stderr
        assert json.loads((tmp_path / "home" / "castra-console.json").read_text()) == record
        assert castra("console", env=home).stdout == f"{url}\n"
        assert [(run["name"], run["state_type"]) for run in runs(url)] == [(f"raise {name}", "COMPLETED")] * 2
    finally:
        stopped = castra("console", "--stop", env=home)
    assert stopped.stdout == "Stopped.\n"
    deadline = time.monotonic() + LIMIT
    while answers(url):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert castra("console", "--stop", env=home).stdout == "It wasn't running.\n"


def test_a_server_that_has_taken_the_port_since_is_neither_used_nor_stopped(prefect: str, tmp_path: Path) -> None:
    (tmp_path / "castra-console.json").write_text(json.dumps({"url": prefect, "pid": os.getpid()}))
    said = castra("console", "--stop", env={"PREFECT_HOME": str(tmp_path), "PREFECT_API_URL": None})
    assert (said.returncode, said.stdout) == (0, "It wasn't running.\n")
    assert not (tmp_path / "castra-console.json").exists()
    assert answers(prefect)


def runs(url: str) -> Any:
    """The flow runs that a server knows."""
    headers = {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{url}/api/flow_runs/filter", b"{}", headers)) as answer:
        return json.load(answer)


def test_a_server_that_is_named_and_does_not_answer_is_told(aws: Physics, file: Path) -> None:
    with nothing_written(aws):
        said = castra("up", file, "--yes", env={"PREFECT_API_URL": "http://127.0.0.1:9/api"})
    assert said.returncode == 1
    assert "no Prefect server answers at PREFECT_API_URL=http://127.0.0.1:9/api" in said.stderr
    assert "unset PREFECT_API_URL" in said.stderr


@pytest.mark.usefixtures("prefect")
def test_a_part_that_holds_something_is_replaced_only_by_name(aws: Physics, tmp_path: Path, name: str) -> None:
    subnets = {"public": ["10.30.0.0/20"], "private": ["10.30.128.0/20"]}
    spin_up(small(name, network={"subnets": subnets}))
    moved = {"public": ["10.30.0.0/20"], "private": ["10.30.192.0/20"]}
    file = written(small_document(name, network={"subnets": moved}), tmp_path)
    with nothing_written(aws):
        refused = castra("up", file, "--yes")
        drift = castra("drift", file)
    assert refused.returncode == 1
    assert "every address in it would be lost" in refused.stderr
    assert "--replace subnet/private-a" in refused.stderr
    assert drift.returncode == 3
    assert "± replace subnet/private-a" in drift.stdout
    before = len(writes(aws))
    assert castra("up", file, "--yes", "--replace", "subnet/private-a").returncode == 0
    assert {"CreateSubnet", "DeleteSubnet"} <= {call.operation for call in writes(aws)[before:]}
    assert standing(name) == whole(small(name, network={"subnets": moved}))
