"""The page about a run: outputs as links, what took longest, what is left; nothing that isn't there."""

from flows.reporting import page
from tasks.report import Outcome, Report, Retried

REPORT = Report(
    environment="shop",
    region="eu-west-1",
    fingerprint="p1-0",
    steps=(),
    counts={"create": 12, "update": 0, "keep": 1},
    calls={"read": 30, "write": 14},
    seconds=61.5,
    outcomes=tuple(Outcome(part=f"subnet/{n}", action="create", id="subnet-1", seconds=n) for n in range(12)),
    outputs={
        "load-balancer/front.dns_name": "front-1.elb.amazonaws.com",
        "site/app.url": "https://d1.cloudfront.net",
        "nat-gateway/a.public_ip": "203.0.113.9",
    },
)


def test_outputs_are_links_and_the_longest_steps_come_first() -> None:
    said = page(REPORT)
    assert said.startswith("# shop in eu-west-1\n\n12 create, 1 keep; 61.5 s, 30 reads and 14 writes.\n")
    assert "| load-balancer/front.dns_name | [front-1.elb.amazonaws.com](http://front-1.elb.amazonaws.com) |" in said
    assert "| site/app.url | [https://d1.cloudfront.net](https://d1.cloudfront.net) |" in said
    assert "| nat-gateway/a.public_ip | 203.0.113.9 |" in said
    steps = [line for line in said.splitlines() if line.startswith("| create ")]
    assert (len(steps), steps[0], steps[-1]) == (10, "| create subnet/11 | 11.0 |", "| create subnet/2 | 2.0 |")
    assert "Left" not in said
    assert "Tried again" not in said


def test_what_is_left_and_what_was_tried_again_is_told_in_one_row_each() -> None:
    left = {"left": 1, "remaining": {"vpc/main": "in use\nby eni-1 | eni-2"}, "outcomes": None, "outputs": None}
    said = page(REPORT.model_copy(update=left | {"retries": {"throttled": Retried(count=3, seconds=1.25)}}))
    assert "1 resources left." in said
    assert "| vpc/main | in use by eni-1 \\| eni-2 |" in said
    assert "| throttled | 3 | 1.2 |" in said
    assert "Where to go" not in said
