"""Releases of a site: what is sent, in which order, what a reader sees meanwhile, and rolling back."""

import gzip
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprints.sites import CacheRule, Publishing
from tasks.errors import CastraError, Held, Invalid
from tasks.progress import Event, listening, step
from tasks.scope import Scope
from tasks.storage.publishing import manifest as manifests
from tasks.storage.publishing.folder import LARGEST, items_in
from tasks.storage.publishing.headers import cache_of, is_hashed, is_page, type_of
from tasks.storage.publishing.manifest import KEY, Manifest
from tasks.storage.publishing.publish import publish, roll_back
from tasks.storage.publishing.release import in_phases, plan_release, plan_rollback
from tests.physics import Physics

BUCKET = "the-site"
PLAIN = Publishing()
Files = dict[str, str]


@pytest.fixture
def s3(strict: Scope) -> Any:
    """A client, and a bucket with versions that everybody may read."""
    client = strict.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": strict.region})
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return client


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[Files], str]:
    """Makes the folder hold exactly these files."""
    root = tmp_path / "site"

    def hold(files: Files) -> str:
        for path in sorted(root.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        for key, text in files.items():
            (root / key).parent.mkdir(parents=True, exist_ok=True)
            (root / key).write_text(text)
        return str(root)

    return hold


def served(s3: Any) -> Files:
    """What is in the bucket, but Castra's own."""
    listed = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    keys = [one["Key"] for one in listed if not one["Key"].startswith(".castra/")]
    return {key: s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode() for key in keys}


def put(physics: Physics) -> list[str]:
    return [call.params["Key"] for call in physics.log.snapshot() if call.name == "s3:PutObject"]


def site(number: int, pages: int = 3) -> Files:
    """Pages that refer to an asset each, whose name changes with each release."""
    assets = {f"assets/{page}-{number:08x}.js": f"// {number}" for page in range(pages)}
    return assets | {
        f"{page}.html": f'<script src="assets/{page}-{number:08x}.js"></script> {number}' for page in range(pages)
    }


# ---------------------------------------------------------------------- what is sent


def test_fifty_of_many_files_changed_send_fifty_objects_and_the_manifest_and_list_nothing(
    physics: Physics, strict: Scope, s3: Any, folder: Any
) -> None:
    files = {f"{number}.txt": "x" for number in range(200)}
    publish(strict, BUCKET, folder(files), PLAIN)
    physics.log.clear()
    changed = dict.fromkeys(list(files)[:50], "y")
    done = publish(strict, BUCKET, folder(files | changed), PLAIN)
    assert (done.release, done.sent, done.bytes, done.unchanged) == (2, 50, 50, 150)
    assert sorted(put(physics)) == sorted([*changed, KEY, KEY])
    assert set(physics.counts()) == {"s3:GetObject", "s3:PutObject"}
    assert physics.counts()["s3:GetObject"] == 1


def test_nothing_changed_sends_nothing_and_makes_no_release(
    physics: Physics, strict: Scope, s3: Any, folder: Any
) -> None:
    publish(strict, BUCKET, folder(site(1)), PLAIN)
    physics.log.clear()
    assert (publish(strict, BUCKET, folder(site(1)), PLAIN).release, physics.writes()) == (1, [])


def test_files_that_a_page_refers_to_are_there_before_it_and_go_only_after_n_releases(
    physics: Physics, strict: Scope, s3: Any, folder: Any
) -> None:
    two = Publishing(keep_releases=2)
    for number in (1, 2, 3):
        physics.log.clear()
        publish(strict, BUCKET, folder(site(number)), two)
        order = put(physics)
        assert (order[0], order[-1]) == (KEY, KEY)
        assert max(map(order.index, [key for key in order if key.endswith("js")])) < order.index("0.html")
        assert "assets/0-00000001.js" in served(s3)
    publish(strict, BUCKET, folder(site(4)), two)
    assert "assets/0-00000001.js" not in served(s3)
    assert "assets/0-00000002.js" in served(s3)


def test_headers_and_encodings_are_as_asked_and_a_change_of_them_is_sent(strict: Scope, s3: Any, folder: Any) -> None:
    files = {"index.html": "<p>" + "camp " * 200, "app.3f2a9c1e.js": "x", "logo.svg": "<svg/>", "notes": "?"}
    told = Publishing(compress="gzip", cache=(CacheRule(match="*.svg", control="max-age=7"),))
    publish(strict, BUCKET, folder(files), told)
    heads = {key: s3.get_object(Bucket=BUCKET, Key=key) for key in files}
    assert gzip.decompress(heads["index.html"]["Body"].read()).decode() == files["index.html"]
    assert {
        key: (head["ContentType"], head["CacheControl"], head.get("ContentEncoding")) for key, head in heads.items()
    } == {
        "index.html": ("text/html; charset=utf-8", "no-cache", "gzip"),
        "app.3f2a9c1e.js": ("text/javascript; charset=utf-8", "public, max-age=31536000, immutable", None),
        "logo.svg": ("image/svg+xml; charset=utf-8", "max-age=7", None),
        "notes": ("application/octet-stream", "public, max-age=300", None),
    }
    assert publish(strict, BUCKET, folder(files), Publishing(compress="brotli")).sent == 2
    page = s3.get_object(Bucket=BUCKET, Key="index.html")
    assert (page["ContentEncoding"], brotli.decompress(page["Body"].read()).decode()) == ("br", files["index.html"])


def test_progress_is_told_by_files_and_bytes(strict: Scope, s3: Any, folder: Any) -> None:
    events: list[Event] = []
    with listening(events.append), step("publish site/app"):
        publish(strict, BUCKET, folder(site(1)), PLAIN)
    assert re.fullmatch(r"6 of 6 files, 0\.0 of 0\.0 MB", [one.note for one in events if one.status == "waiting"][-1])


# ---------------------------------------------------------------------- who reads meanwhile


def test_a_reader_who_fetches_pages_and_all_they_refer_to_sees_no_broken_load(
    strict: Scope, s3: Any, folder: Any
) -> None:
    """A real reader, by HTTP, in threads of its own, while ten releases are published and one is rolled back."""
    opened = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket=BUCKET, OwnershipControls=opened)
    s3.delete_public_access_block(Bucket=BUCKET)
    everybody = (
        f'{{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::{BUCKET}/*"}}'
    )
    s3.put_bucket_policy(Bucket=BUCKET, Policy=f'{{"Version": "2012-10-17", "Statement": [{everybody}]}}')
    publish(strict, BUCKET, folder(site(0)), PLAIN)
    broken: list[str] = []
    loads: list[int] = []
    over = threading.Event()

    def load(page: int) -> None:
        address = f"{s3.meta.endpoint_url}/{BUCKET}"
        while not over.is_set():
            try:
                text = urlopen(f"{address}/{page}.html").read().decode()
                (asset, number) = re.findall(r'"(.*)".* (\d+)$', text)[0]
                assert urlopen(f"{address}/{asset}").read().decode() == f"// {number}"
                loads.append(int(number))
            except (HTTPError, AssertionError) as error:
                broken.append(f"{page}: {error}")

    readers = [threading.Thread(target=load, args=(page,)) for page in range(3)]
    for reader in readers:
        reader.start()
    for number in range(1, 8):
        publish(strict, BUCKET, folder(site(number)), Publishing(keep_releases=1))
    roll_back(strict, BUCKET)
    over.set()
    for reader in readers:
        reader.join()
    assert broken == []
    assert len(set(loads)) > 3


# ---------------------------------------------------------------------- rolling back


def test_a_release_is_rolled_back_by_copies_within_the_bucket_and_again_to_the_one_before(
    physics: Physics, strict: Scope, s3: Any, folder: Any
) -> None:
    for number in (1, 2, 3):
        publish(strict, BUCKET, folder(site(number)), PLAIN)
    physics.log.clear()
    done = roll_back(strict, BUCKET)
    assert (done.release, done.of, done.sent) == (4, 2, 3)
    assert physics.counts()["s3:CopyObject"] == 3
    assert put(physics) == [KEY, KEY]
    assert served(s3).items() >= site(2).items()
    assert roll_back(strict, BUCKET).of == 1
    assert roll_back(strict, BUCKET, 3).of == 3
    assert served(s3).items() >= site(3).items()
    assert s3.head_object(Bucket=BUCKET, Key="0.html")["CacheControl"] == "no-cache"


def test_a_bucket_without_versions_says_so_instead_of_rolling_back_half(
    physics: Physics, strict: Scope, s3: Any, folder: Any
) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    publish(strict, BUCKET, folder(site(1)), PLAIN)
    publish(strict, BUCKET, folder(site(2)), PLAIN)
    physics.log.clear()
    with pytest.raises(CastraError, match="it keeps no versions, and 3 files of release 1 were overwritten"):
        roll_back(strict, BUCKET)
    assert physics.writes() == []


@pytest.mark.parametrize(("number", "told"), [(None, "it has no earlier release"), (9, "it has no release 9")])
def test_what_can_not_be_rolled_back_to_is_told(
    strict: Scope, s3: Any, folder: Any, number: int | None, told: str
) -> None:
    with pytest.raises(CastraError, match="nothing was ever published"):
        roll_back(strict, BUCKET, number)
    publish(strict, BUCKET, folder(site(1)), PLAIN)
    with pytest.raises(CastraError, match=told):
        roll_back(strict, BUCKET, number)


# ---------------------------------------------------------------------- what goes wrong


def test_a_publish_that_was_broken_off_is_gone_on_with_and_sends_again_what_is_in_doubt(
    physics: Physics, strict: Scope, s3: Any, folder: Any
) -> None:
    publish(strict, BUCKET, folder(site(1)), PLAIN)
    physics.rule("PutObject", "error:AccessDenied:403", nth=5)
    with pytest.raises(Exception, match="AccessDenied"):
        publish(strict, BUCKET, folder(site(2)), PLAIN)
    assert manifests.glance(strict, BUCKET) == ""
    done = publish(strict, BUCKET, folder(site(1)), PLAIN)
    assert (done.release, done.sent) == (2, 3)
    assert served(s3).items() >= site(1).items()
    assert manifests.read(strict, BUCKET)[0].whole


def test_a_publish_that_was_broken_off_is_undone_by_a_rollback(
    physics: Physics, strict: Scope, s3: Any, folder: Any
) -> None:
    publish(strict, BUCKET, folder(site(1)), PLAIN)
    physics.rule("PutObject", "error:AccessDenied:403", nth=6)
    with pytest.raises(Exception, match="AccessDenied"):
        publish(strict, BUCKET, folder(site(2)), PLAIN)
    assert roll_back(strict, BUCKET).of == 1
    assert served(s3).items() >= site(1).items()


def test_answers_that_get_lost_make_no_difference(physics: Physics, strict: Scope, s3: Any, folder: Any) -> None:
    for nth in (1, 3, 10):  # the record before, a file, and the record after
        physics.rule("PutObject", "lose-answer", nth=nth)
    assert publish(strict, BUCKET, folder(site(1)), PLAIN).release == 1
    manifest, _ = manifests.read(strict, BUCKET)
    assert (manifest.whole, len(manifest.releases)) == (True, 1)
    assert served(s3) == site(1)


def test_two_who_publish_at_once_are_told_apart(strict: Scope, s3: Any, folder: Any) -> None:
    publish(strict, BUCKET, folder(site(1)), PLAIN)
    manifest, etag = manifests.read(strict, BUCKET)
    publish(strict, BUCKET, folder(site(2)), PLAIN)
    with pytest.raises(Held, match="somebody else has published to it meanwhile"):
        manifests.write(strict, BUCKET, manifest, etag)


def test_a_missing_folder_an_empty_one_and_a_file_that_is_too_large_are_told_before_anything_is_sent(
    physics: Physics, strict: Scope, s3: Any, folder: Any, tmp_path: Path
) -> None:
    physics.log.clear()
    (tmp_path / "empty" / ".git").mkdir(parents=True)
    (tmp_path / "empty" / ".git" / "config").touch()
    root = Path(folder({"index.html": "x"}))
    with (root / "film.mp4").open("wb") as film:
        film.truncate(LARGEST + 1)
    (root / "gone").symlink_to("nowhere")
    told = {
        str(tmp_path / "none"): ["sites.app.folder: there's no folder"],
        str(tmp_path / "empty"): ["sites.app.folder: there's no file in"],
        str(root): ["sites.app.folder: film.mp4 has 5.0 GiB, and S3 takes 5 GiB", "sites.app.folder: gone leads"],
    }
    for place, beginnings in told.items():
        with pytest.raises(Invalid) as raised:
            publish(strict, BUCKET, place, PLAIN, "sites.app")
        problems = sorted(map(str, raised.value.problems))
        assert [problem.startswith(start) for problem, start in zip(problems, beginnings, strict=True)] == [True] * len(
            beginnings
        )
    assert physics.log.snapshot() == []


def test_a_bucket_that_is_not_there_is_told(strict: Scope, folder: Any) -> None:
    with pytest.raises(CastraError, match=r"bucket nowhere-at-all: there's no such bucket\. Raise its environment"):
        publish(strict, "nowhere-at-all", folder(site(1)), PLAIN)


# ---------------------------------------------------------------------- pure

keys = st.sampled_from(["a.html", "b.html", "c.3f2a9c1e.js", "d.css", "sw.js", "e/f.png"])
contents = st.dictionaries(keys, st.sampled_from("xyz"), min_size=1)


@given(releases=st.lists(contents, min_size=1, max_size=8), keep=st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_whatever_is_published_in_turn_the_bucket_has_it_and_any_kept_release_can_come_back(
    releases: list[dict[str, str]], keep: int
) -> None:
    manifest, bucket, versions = Manifest(), dict[str, str](), dict[str, str]()

    def carry_out(planned: Any, source: Callable[[str], str]) -> Manifest:
        written = {}
        for key in planned.written:
            bucket[key] = source(key)
            written[key] = f"{key} {len(versions)}"
            versions[written[key]] = bucket[key]
        for key in planned.stale:
            bucket.pop(key, None)
        return planned.done(planned.begun(manifest), written, "now")

    for files in releases:
        planned = plan_release(files, manifest, keep)
        if not planned.settled:
            manifest = carry_out(planned, files.__getitem__)
        assert bucket.items() >= files.items()
        assert set(bucket) == set(manifest.present)
    for release in manifest.releases[:-1]:
        planned = plan_rollback(manifest, "b", release.number)
        back = carry_out(planned, lambda key, planned=planned: versions[planned.files[key][1]])
        assert {key: bucket[key] for key in release.files} == {key: stamp for key, (stamp, _) in release.files.items()}
        manifest = back


@given(st.sets(keys), st.sets(keys))
def test_no_page_comes_before_a_file_that_it_may_refer_to(written: set[str], there: set[str]) -> None:
    order = [key for phase in in_phases(written, there) for key in phase]
    assert sorted(order) == sorted(written)
    assert order == sorted(order, key=is_page)


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        ("app.3f2a9c1e.js", True),
        ("assets/index-BxT3kq9Z.css", True),
        ("main.3f2a9c1e.chunk.js", True),
        ("jquery-3.7.1.min.js", False),
        ("bootstrap.bundle.js", False),
        ("page-3f2a9c1e.html", False),
        ("logo.png", False),
    ],
)
def test_a_name_with_a_hash_is_told_from_others(key: str, hashed: bool) -> None:
    assert is_hashed(key) is hashed
    assert ("immutable" in cache_of(key, PLAIN)) is hashed


def test_types_are_the_same_on_every_machine(folder: Any) -> None:
    told = {
        "a.mjs": "text/javascript; charset=utf-8",
        "b.woff2": "font/woff2",
        "c.WEBP": "image/webp",
        "d": "application/octet-stream",
    }
    assert {key: type_of(key) for key in told} == told
    assert [item.key for item in items_in(folder({".well-known/x": "", ".env": "", "a": ""}), PLAIN, "s")] == [
        ".well-known/x",
        "a",
    ]
