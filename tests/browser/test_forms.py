"""Every form is filled in by a browser, and its run is seen to end; what is wrong is refused in words."""

from pathlib import Path

import pytest
import yaml
from playwright.sync_api import expect

from tests.browser.form import Console
from tests.browser.stories import BUCKET, STORIES, TOPIC
from tests.flows.world import REGION, ROOT


@pytest.fixture(scope="module")
def what_stands(console: Console) -> None:
    """A bucket that keeps versions, and a topic."""
    s3 = console.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    console.client("sns").create_topic(Name=TOPIC.rpartition(":")[2])


def test_every_deployment_that_people_start_has_its_form_filled_in() -> None:
    declared = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    verbs = {Path(one["entrypoint"].partition(":")[0]).stem.replace("_", "-") for one in declared}
    assert {filled.flow for story in STORIES.values() for filled in story} == verbs


@pytest.mark.browser
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("what_stands", "tmp_path")
@pytest.mark.parametrize("story", STORIES)
def test_each_form_is_filled_in_and_its_run_completes(console: Console, story: str) -> None:
    for filled in STORIES[story]:
        ended = console.run(filled.flow, filled.fields, filled.deployment)
        assert ended["state_type"] == "COMPLETED", f"{filled.flow}: {ended['state']['message']}"
        print(f"{filled.flow}: {ended['name']}, {ended['state_name']} after {ended['total_run_time']:.1f} s")


WRONG = {
    "a name that can't be": ("raise-from-catalogue", {"item": "batch", "name": "Not OK"}, "'Not OK' does not match"),
    "no region": ("tear-down", {"environment": "web"}, "'region' is a required property"),
    "no such region": ("pause", {"environment": "web", "region": "Ireland"}, "'Ireland' does not match"),
    "too many": (
        "raise-from-catalogue",
        {"item": "web", "name": "many", "count": 101},
        "101 is greater than the maximum",
    ),
}


@pytest.mark.browser
@pytest.mark.usefixtures("tmp_path")
@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_right_is_refused_in_words_before_there_is_a_run(console: Console, case: str) -> None:
    flow, fields, why = WRONG[case]
    console.see_refused(flow, fields, why)


@pytest.mark.browser
@pytest.mark.usefixtures("tmp_path")
def test_what_is_wrong_in_a_document_is_told_by_its_run(console: Console) -> None:
    document = f"name: wrong\nregion: {REGION}\nnetwrk: {{cidr: 10.0.0.0/16}}\n"
    ended = console.run("spin-up", {"blueprint": document})
    assert ended["state_type"] == "FAILED"
    assert "netwrk: there's no such field. Did you mean network?" in ended["state"]["message"]
    expect(console.page.get_by_text("Did you mean network?").first).to_be_visible()
