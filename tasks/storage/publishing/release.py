"""What it takes to turn what is published into what is to be: which files, in which order. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tasks.errors import CastraError
from tasks.storage.publishing.folder import digest_of
from tasks.storage.publishing.headers import is_hashed, is_page
from tasks.storage.publishing.manifest import Entry, Manifest, Release

Phases = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Planned:
    """Keys to write, phase by phase, each whole before the next; keys to remove after all that; and what then is.

    `files` are the new release's, with the versions that are known already.
    """

    number: int
    digest: str
    phases: Phases
    stale: tuple[str, ...]
    files: Mapping[str, Entry]
    earlier: tuple[Release, ...]
    of: int | None = None

    @property
    def settled(self) -> bool:
        """Whether there's nothing to write."""
        return not any(self.phases) and bool(self.earlier) and self.earlier[-1].digest == self.digest

    @property
    def written(self) -> tuple[str, ...]:
        """All keys to write."""
        return tuple(key for phase in self.phases for key in phase)

    def begun(self, manifest: Manifest) -> Manifest:
        """What the manifest says while this is under way."""
        doubtful = dict.fromkeys((*manifest.under_way, *self.written, *self.stale))
        return manifest.model_copy(update={"under_way": tuple(doubtful)})

    def done(self, manifest: Manifest, versions: Mapping[str, str], at: str) -> Manifest:
        """What it says afterwards. `versions` are those of the files that were written."""
        files = {key: (stamp, versions.get(key, known)) for key, (stamp, known) in self.files.items()}
        release = Release(number=self.number, at=at, digest=self.digest, files=files, of=self.of)
        unsure = {key: ("", version) for key, (_, version) in manifest.present.items() if key in manifest.under_way}
        present = {key: entry for key, entry in (manifest.present | unsure | files).items() if key not in self.stale}
        return Manifest(releases=(*self.earlier, release), present=present)


def plan_release(stamps: Mapping[str, str], manifest: Manifest, keep: int) -> Planned:
    """Publish these files (keys to stamps). What is there already isn't sent; what `keep` releases lack goes, last."""
    return _planned({key: (stamp, "") for key, stamp in stamps.items()}, manifest, keep, None)


def plan_rollback(manifest: Manifest, bucket: str, number: int | None = None) -> Planned:
    """Make an earlier release the current one again, as a new release; without a number, the one before.

    A publish that was killed is undone first. Raises CastraError where there's none, or where its files are gone.
    """
    what = f"bucket {bucket}"
    if manifest.current is None:
        raise CastraError(what, "nothing was ever published to it", "Publish something first")
    current = manifest.current
    origin = current.of or current.number
    earlier = [one for one in manifest.releases if (one.number == number if number else one.number < origin)]
    target = current if manifest.under_way and number is None else earlier[-1] if earlier else None
    if target is None:
        known = ", ".join(str(one.number) for one in manifest.releases[:-1]) or "none"
        why = f"it has no release {number}" if number else "it has no earlier release"
        raise CastraError(what, why, f"Releases that can be rolled back to: {known}")
    planned = _planned(dict(target.files), manifest, len(manifest.releases), target.of or target.number)
    if lost := [key for key in planned.written if not target.files[key][1]]:
        why = f"it keeps no versions, and {len(lost)} files of release {target.number} were overwritten ({lost[0]})"
        raise CastraError(what, why, "Publish the files of that release again; turn on the bucket's versioning")
    return planned


def in_phases(keys: Iterable[str], there: Iterable[str]) -> Phases:
    """Who is referred to comes before who refers: names with a hash, other new files, changed ones; new pages, changed.

    So a page that is read at any time finds all that it refers to.
    """
    known = frozenset(there)
    phases: dict[int, list[str]] = {}
    for key in sorted(keys):
        place = 0 if is_hashed(key) else 1 if not is_page(key) else 3
        phases.setdefault(place + (place > 0 and key in known), []).append(key)
    return tuple(tuple(phases[place]) for place in sorted(phases))


def _planned(files: dict[str, Entry], manifest: Manifest, keep: int, of: int | None) -> Planned:
    doubtful, there = frozenset(manifest.under_way), manifest.present
    same = {key for key, entry in files.items() if key not in doubtful and there.get(key, ("",))[0] == entry[0]}
    known = {key: there[key] if key in same else entry for key, entry in files.items()}
    earlier = manifest.releases[-keep:]
    alive = set(files).union(*(release.files for release in earlier))
    return Planned(
        number=manifest.current.number + 1 if manifest.current else 1,
        digest=digest_of({key: stamp for key, (stamp, _) in files.items()}),
        phases=in_phases(files.keys() - same, there),
        stale=tuple(sorted((there.keys() | doubtful) - alive)),
        files=known,
        earlier=earlier,
        of=of,
    )
