"""Which images stay and which go: the closure of references against brute force, and the steps over time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprints.retiring import Retiring
from tasks.images.listing import Listings
from tasks.images.owned import DEPRECATED, DISABLED, Image, Snapshot
from tasks.images.references import Reached, reached
from tasks.images.retiring import Stock, goes_along, retirement

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
IMAGES = [f"ami-{number:08x}" for number in range(8)]
TEMPLATES = ("lt-0", "lt-1", "lt-2")
images = st.sampled_from(IMAGES)
WEEKLY = Retiring(keep=1, days=7)


def image(number: int = 0, age: int = 100, **more: Any) -> Image:
    """One of the name `app`, so many days old."""
    made = {"family": "app", "state": "available", "created": NOW - age * DAY, "snapshots": (f"snap-{number:08x}",)}
    tags = {"castra:image": "app"} | more.pop("tags", {})
    return Image(**{"id": IMAGES[number], "name": f"app-{number}", "tags": tags, **made, **more})


def snapshot(number: int = 0, age: int = 100, **more: Any) -> Snapshot:
    """The one that AWS made for the image of that number."""
    described = {"description": f"Created by CreateImage(i-0123456789abcdef0) for {IMAGES[number]}"}
    return Snapshot(**{"id": f"snap-{number:08x}", "gib": 8, "started": NOW - age * DAY, **described, **more})


def actions(stock: Stock, policy: Retiring = WEEKLY, now: datetime = NOW) -> dict[str, str]:
    """What is to be done with each."""
    return {str(deed.id): deed.action for deed in retirement(stock, policy, now)}


def reasons(stock: Stock, policy: Retiring = WEEKLY) -> dict[str, str]:
    return {str(deed.id): deed.because for deed in retirement(stock, policy, NOW)}


# ---------------------------------------------------------------------- the closure, against brute force


def template(id: str, default: int, latest: int) -> dict[str, Any]:
    return {
        "LaunchTemplateId": id,
        "LaunchTemplateName": f"name-{id}",
        "DefaultVersionNumber": default,
        "LatestVersionNumber": latest,
    }


def version(id: str, number: int, image: str) -> dict[str, Any]:
    data = {"ImageId": image}
    return {
        "LaunchTemplateId": id,
        "LaunchTemplateName": f"name-{id}",
        "VersionNumber": number,
        "LaunchTemplateData": data,
    }


@st.composite
def specifications(draw: Callable[..., Any]) -> dict[str, Any]:
    """A template by id or by name, and a version by number, by word or by silence."""
    id = draw(st.sampled_from(TEMPLATES))
    named = draw(st.sampled_from([{"LaunchTemplateId": id}, {"LaunchTemplateName": f"name-{id}"}]))
    number = draw(st.sampled_from([None, "$Default", "$Latest", "1", "2", "3", "4"]))
    return named if number is None else {**named, "Version": number}


@st.composite
def accounts(draw: Callable[..., Any]) -> Listings:
    """An account with all sorts of things that name images, some by several steps."""
    templates, versions = [], []
    for id in TEMPLATES:
        numbers = sorted(draw(st.sets(st.integers(1, 4), min_size=1)))
        templates.append(template(id, draw(st.sampled_from(numbers)), numbers[-1]))
        named = st.one_of(images, st.just("resolve:ssm:/golden"), st.just("resolve:ssm:/golden:3"))
        versions += [version(id, number, draw(named)) for number in numbers]
    some = specifications()
    groups = []
    for number in range(draw(st.integers(0, 2))):
        overrides = draw(
            st.lists(
                st.one_of(
                    some.map(lambda one: {"LaunchTemplateSpecification": one}),
                    images.map(lambda one: {"ImageId": one}),
                ),
                max_size=2,
            )
        )
        members = draw(st.lists(some, max_size=2))
        group: dict[str, Any] = {"AutoScalingGroupName": f"g{number}"}
        group["Instances"] = [{"InstanceId": f"i-{place}", "LaunchTemplate": one} for place, one in enumerate(members)]
        if draw(st.booleans()):
            group["LaunchTemplate"] = draw(some)
        else:
            policy = {"LaunchTemplateSpecification": draw(some), "Overrides": overrides}
            group["MixedInstancesPolicy"] = {"LaunchTemplate": policy}
        groups.append(group)
    instances = []
    for number, id in enumerate(draw(st.lists(images, max_size=2))):
        launched = draw(st.sampled_from([{}, {"id": "lt-0", "version": "2"}, {"id": "lt-2", "version": "1"}]))
        tags = [{"Key": f"aws:ec2launchtemplate:{key}", "Value": value} for key, value in launched.items()]
        instances.append({"InstanceId": f"i-{number}", "ImageId": id, "State": {"Name": "stopped"}, "Tags": tags})
    fleet = [{"LaunchTemplateSpecification": one, "Overrides": []} for one in draw(st.lists(some, max_size=1))]
    return Listings(
        instances=instances,
        templates=templates,
        versions=versions,
        groups=groups,
        configurations=[
            {"LaunchConfigurationName": "old", "ImageId": one} for one in draw(st.lists(images, max_size=1))
        ],
        fleets=[{"FleetId": "fleet-1", "LaunchTemplateConfigs": fleet}],
        parameters={f"/{one}": f'{{"image": "{one}"}}' for one in draw(st.lists(images, max_size=1))},
        aliases={"resolve:ssm:/golden": draw(images), "resolve:ssm:/golden:3": draw(images)},
        making=[{"ImageId": "ami-11111111", "SourceImageId": one} for one in draw(st.lists(images, max_size=1))],
    )


def by_brute_force(account: Listings, rollback: int) -> set[str]:
    """The same, told another way: every place is asked for every image."""
    templates = {one["LaunchTemplateId"]: one for one in account.templates}
    of = {
        id: {one["VersionNumber"]: one for one in account.versions if one["LaunchTemplateId"] == id} for id in templates
    }
    specified: list[dict[str, Any]] = []
    found: set[str] = {one["ImageId"] for one in (*account.instances, *account.configurations)}
    found |= {one["SourceImageId"] for one in account.making}
    for group in account.groups:
        mixed = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
        specified += [group.get("LaunchTemplate"), mixed.get("LaunchTemplateSpecification")]
        specified += [one.get("LaunchTemplateSpecification") for one in mixed.get("Overrides", [])]
        specified += [one["LaunchTemplate"] for one in group["Instances"]]
        found |= {one["ImageId"] for one in mixed.get("Overrides", []) if "ImageId" in one}
    specified += [one["LaunchTemplateSpecification"] for one in account.fleets[0]["LaunchTemplateConfigs"]]
    for id, numbered in of.items():
        words = {"$Latest": templates[id]["LatestVersionNumber"], "$Default": templates[id]["DefaultVersionNumber"]}
        used = set(words.values())
        for one in filter(None, specified):
            if id in (one.get("LaunchTemplateId"), one.get("LaunchTemplateName", "")[5:]):
                said = one.get("Version", "$Default")
                used.add(words.get(said) or int(said))
        for number in tuple(used):
            used |= set([earlier for earlier in numbered if earlier < number][-rollback:] if rollback else [])
        for instance in account.instances:
            tags = {tag["Key"].rpartition(":")[2]: tag["Value"] for tag in instance["Tags"]}
            if tags.get("id") == id:
                used.add(int(tags["version"]))
        for number in used & set(numbered):
            named = numbered[number]["LaunchTemplateData"]["ImageId"]
            found.add(account.aliases.get(named, named))
    texts = " ".join(account.parameters.values())
    return found | {one for one in IMAGES if one in texts}


@settings(deadline=None)
@given(accounts(), st.integers(0, 2))
def test_the_closure_is_what_brute_force_finds(account: Listings, rollback: int) -> None:
    assert set(reached(account, rollback)) == by_brute_force(account, rollback)


# ---------------------------------------------------------------------- the steps, over time


def stepped(stock: Stock, policy: Retiring, now: datetime) -> Stock:
    """What stands after all that is due has been done."""
    deeds = {deed.id: deed.action for deed in retirement(stock, policy, now)}
    standing: list[Image] = []
    gone: set[str] = {str(id) for id, action in deeds.items() if action == "remove"}
    for one in stock.images:
        tags = {key: value for key, value in one.tags.items() if key not in (DEPRECATED, DISABLED)}
        match deeds.get(one.id):
            case "deprecate":
                standing.append(image_with(one, deprecation=now, tags=one.tags | {DEPRECATED: now.isoformat()}))
            case "disable":
                standing.append(image_with(one, state="disabled", tags=one.tags | {DISABLED: now.isoformat()}))
            case "restore":
                standing.append(image_with(one, state="available", deprecation=None, tags=tags))
            case "deregister":
                gone |= {each.id for each in goes_along(one, stock)[0]}
            case _:
                standing.append(one)
    return Stock(standing, [one for one in stock.snapshots if one.id not in gone], stock.reached)


def image_with(one: Image, **changes: Any) -> Image:
    return Image(**{**vars(one), **changes})


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 200), st.booleans()), min_size=1, max_size=6),
    st.lists(st.sets(st.integers(0, 5)), min_size=1, max_size=12),
    st.integers(1, 2),
)
def test_what_anything_reaches_is_never_touched_and_the_rest_goes_in_the_end(
    stood: list[tuple[int, bool]], graphs: list[set[int]], keep: int
) -> None:
    """Each day has another graph; at the end nothing changes any more for long enough."""
    policy = Retiring(keep=keep, days=7)
    all_images = [
        image(number, age, tags={"castra:refused": "2026-01-01"} if refused else {})
        for number, (age, refused) in enumerate(stood)
    ]
    stock = Stock(all_images, [snapshot(number, age) for number, (age, _) in enumerate(stood)])
    for day, graph in enumerate([*graphs, *[graphs[-1]] * 300]):
        reach: Reached = {IMAGES[number]: ("an instance",) for number in graph}
        stock = Stock(stock.images, stock.snapshots, reach)
        before = {one.id: one for one in stock.images}
        stock = stepped(stock, policy, NOW + day * DAY)
        after = {one.id: one for one in stock.images}
        for id in reach.keys() & before.keys():
            assert (after[id].state, set(after[id].snapshots) <= {one.id for one in stock.snapshots}) == (
                "available",
                True,
            )
    good = sorted((one for one in all_images if not one.refused and one.id in after), key=lambda one: one.created)
    kept = {one.id for one in stock.images} - set(reach)
    assert len(kept) <= keep
    assert kept <= {one.id for one in good}
    assert {one.id for one in stock.snapshots} == {id for one in stock.images for id in one.snapshots}


def test_an_image_goes_in_three_steps_with_days_between() -> None:
    stock, seen = Stock([image(0), image(1, age=50)], [snapshot(0), snapshot(1)]), []
    for day in range(20):
        seen.append(actions(stock, now=NOW + day * DAY)[IMAGES[0]] if IMAGES[0] in {i.id for i in stock.images} else "")
        stock = stepped(stock, WEEKLY, NOW + day * DAY)
    assert [(day, action) for day, action in enumerate(seen) if action not in ("keep", "")] == [
        (0, "deprecate"),
        (7, "disable"),
        (14, "deregister"),
    ]
    assert [one.id for one in stock.images] == [IMAGES[1]]


# ---------------------------------------------------------------------- why they stay


@pytest.mark.parametrize(
    ("stays", "why"),
    [
        (image(0, age=3), "it was made on 2026-05-29, less than 7 days ago"),
        (image(0, launched=NOW - 2 * DAY), "it was last launched on 2026-05-30, less than 7 days ago"),
        (image(0, state="pending"), "it is being made"),
        (image(0, protected=True), "it is protected from being deregistered"),
        (image(0, public=True), "it is shared with everybody"),
        (image(0, tags={"castra:part": "image/golden", "castra:environment": "web"}), "it is image/golden of web"),
        (image(0, deprecation=NOW - 2 * DAY), "nothing reaches it, deprecated since 2026-05-30"),
    ],
)
def test_an_image_stays_and_is_told_why(stays: Image, why: str) -> None:
    stock = Stock([stays, image(1, age=1)])
    assert actions(stock)[IMAGES[0]] == "keep"
    assert why in reasons(stock)[IMAGES[0]]


def test_the_newest_good_ones_stay_and_one_that_a_rotation_refused_is_none_of_them() -> None:
    stock = Stock([image(0, age=90), image(1, age=80), image(2, age=70, tags={"castra:refused": "2026-05-01"})])
    assert actions(stock) == {IMAGES[0]: "deprecate", IMAGES[1]: "keep", IMAGES[2]: "deprecate"}
    assert reasons(stock)[IMAGES[1]] == "it is the newest of app"


def test_steps_are_undone_where_something_reaches_the_image_again_but_never_what_people_did() -> None:
    ours = image(0, state="disabled", deprecation=NOW - 9 * DAY, tags={DEPRECATED: "x", DISABLED: NOW.isoformat()})
    theirs = image(1, state="disabled", deprecation=NOW - 9 * DAY)
    stock = Stock(
        [ours, theirs, image(2, 9)], reached={one.id: ("launch template web version 3",) for one in (ours, theirs)}
    )
    assert actions(stock) == {ours.id: "restore", theirs.id: "keep", IMAGES[2]: "keep"}
    assert reasons(stock)[ours.id] == "launch template web version 3"


def test_what_somebody_else_disabled_has_its_days_counted_from_now() -> None:
    stock = Stock([image(0, state="disabled"), image(1, age=50)])
    assert actions(stock)[IMAGES[0]] == "disable"


def test_images_that_no_policy_is_about_are_not_even_named() -> None:
    assert retirement(Stock([image(0, family="")]), WEEKLY, NOW) == []


# ---------------------------------------------------------------------- snapshots


def test_only_the_snapshots_that_were_made_for_an_image_go_with_it() -> None:
    devices = tuple(f"snap-{number:08x}" for number in range(5))
    going = image(0, state="disabled", tags={DISABLED: (NOW - 9 * DAY).isoformat()}, snapshots=devices)
    snapshots = [
        snapshot(0),
        Snapshot(devices[1], 20, NOW, tags={"castra:image": "app"}),
        Snapshot(devices[2], 20, NOW, tags={"castra:backup": "web/nightly"}),
        Snapshot(devices[3], 20, NOW, "Created by CreateImage(i-0) for ami-0"),
        Snapshot(devices[4], 20, NOW, tags={"castra:image": "app"}),
    ]
    other = image(1, age=9, snapshots=devices[4:])
    stock = Stock([going, other], snapshots)
    [deed] = [deed for deed in retirement(stock, WEEKLY, NOW) if deed.id == going.id]
    assert (deed.action, deed.gib) == ("deregister", 28)
    assert goes_along(going, stock) == (
        snapshots[:2],
        {
            devices[2]: "it is a backup of web/nightly",
            devices[3]: "it wasn't made for this image",
            devices[4]: "another image stands on it",
        },
    )


def test_snapshots_whose_image_is_gone_are_found_and_backups_are_not() -> None:
    gone = [
        snapshot(0, tags={"castra:image": "app"}),
        snapshot(1),
        snapshot(2, tags={"castra:backup": "/nightly"}),
        snapshot(3, age=10, tags={"castra:image": "app"}),
        snapshot(4),
        Snapshot("snap-5", 8, NOW - 90 * DAY, "by hand"),
        snapshot(6, tags={"castra:image": "app"}),
        snapshot(7, tags={"castra:build": "app/3"}),
    ]
    stock = Stock([image(4, snapshots=())], gone, {gone[6].id: ("launch configuration old",)})
    assert actions(stock) == {
        IMAGES[4]: "keep",
        gone[0].id: "remove",
        gone[1].id: "keep",
        gone[3].id: "keep",
        gone[6].id: "keep",
        gone[7].id: "remove",
    }
    assert "goes if loose ones are asked for" in reasons(stock)[gone[1].id]
    assert actions(stock, Retiring(keep=1, loose=True))[gone[1].id] == "remove"
    assert actions(stock, Retiring(keep=1, only=("other",))) == {IMAGES[4]: "keep"}
