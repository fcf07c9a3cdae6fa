"""A site's pages fetched from its bucket into a folder, and how they were published."""

import gzip
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import brotli
from pydantic import BaseModel, ConfigDict

from blueprints.sites import CacheRule, Publishing
from tasks.each import each
from tasks.errors import CastraError
from tasks.scope import Scope
from tasks.serverless.unpacking import refuse_outside
from tasks.storage.publishing.headers import cache_of
from tasks.storage.publishing.manifest import read

COMPRESSED = {"gzip": "gzip", "br": "brotli"}


class Page(BaseModel):
    """What is said of a file where it's served."""

    model_config = ConfigDict(frozen=True)

    cache: str
    encoding: str


def fetch(scope: Scope, bucket: str, into: Path) -> dict[str, Page]:
    """Write the files of the newest release into a folder, as they were before they were compressed; gives each's page.

    Raises CastraError where nothing whole is published, and for a key that leads out of the folder.
    """
    manifest, _ = read(scope, bucket)
    if manifest.current is None or not manifest.whole:
        raise CastraError(f"bucket {bucket}", "no whole release is published in it", "Publish the site again first")
    files = manifest.current.files
    for key in files:
        refuse_outside(key, into)

    def write(key: str) -> Page:
        version = {"VersionId": files[key][1]} if files[key][1] else {}
        answer = scope.client("s3").get_object(Bucket=bucket, Key=key, **version)
        encoding = answer.get("ContentEncoding", "")
        target = into / key
        target.parent.mkdir(parents=True, exist_ok=True)
        if encoding in COMPRESSED:
            packed = answer["Body"].read()
            target.write_bytes(gzip.decompress(packed) if encoding == "gzip" else brotli.decompress(packed))
        else:
            with target.open("wb") as file:
                for piece in answer["Body"].iter_chunks(2**20):
                    file.write(piece)
        return Page(cache=answer.get("CacheControl", ""), encoding=encoding)

    into.mkdir(parents=True)
    return dict(each(write, files))


def published(pages: Mapping[str, Page]) -> Publishing:
    """How files must be published to be served as these are. Pure.

    What is kept as long as usual needs no rule. For others, a rule is for all files with one ending, or of one folder,
    where these are all alike; else for the file alone.
    """
    packed = Counter(page.encoding for page in pages.values() if page.encoding in COMPRESSED)
    compress = COMPRESSED[packed.most_common(1)[0][0]] if packed else "none"
    rules = {}
    for key, page in pages.items():
        if page.cache and page.cache != cache_of(key, Publishing()):
            rules[_pattern(key, page.cache, pages)] = page.cache
    cache = tuple(CacheRule(match=match, control=control) for match, control in sorted(rules.items()))
    return Publishing.model_validate({"cache": cache, "compress": compress})


def _pattern(key: str, cache: str, pages: Mapping[str, Page]) -> str:
    folder, _, name = key.rpartition("/")
    ending = f".{name.rpartition('.')[2]}"
    if folder and _all_so(cache, (page for other, page in pages.items() if other.startswith(f"{folder}/"))):
        return f"{folder}/*"
    if "." in name and _all_so(cache, (page for other, page in pages.items() if other.endswith(ending))):
        return f"*{ending}"
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in key)


def _all_so(cache: str, pages: Iterable[Page]) -> bool:
    alike = [page.cache == cache for page in pages]
    return all(alike) and len(alike) > 1
