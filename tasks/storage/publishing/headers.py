"""What is said of each file when it's served: its type, how long it may be kept, how it is encoded. Pure."""

import mimetypes
import re
from fnmatch import fnmatchcase

from blueprints.sites import Publishing

TYPES = {
    ".avif": "image/avif",
    ".cjs": "text/javascript",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}
"""Beside Python's own, or in their place; the machine's aren't asked, so that all machines publish the same."""

_KNOWN = mimetypes.MimeTypes(filenames=())
TEXTS = re.compile(r"^(text/.*|application/(javascript|json|manifest\+json|xml)|image/svg\+xml)$")
PAGES = ("text/html", "application/xhtml+xml")
LATE = ("sw.js", "service-worker.js")  # what decides in the browser which files it takes
HASHED = re.compile(r"[.-](?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{8,}\.[a-z0-9.]+$")
FOR_EVER, ALWAYS_ANEW, A_WHILE = "public, max-age=31536000, immutable", "no-cache", "public, max-age=300"


def type_of(key: str) -> str:
    """The media type by the name's end, with a character set for texts."""
    end = f".{key.rpartition('.')[2].lower()}"
    found = TYPES.get(end) or _KNOWN.guess_type(key.lower(), strict=True)[0] or "application/octet-stream"
    return f"{found}; charset=utf-8" if TEXTS.match(found) else found


def is_page(key: str) -> bool:
    """Whether it refers to other files, and so comes after them."""
    return type_of(key).partition(";")[0] in PAGES or key.rpartition("/")[2] in LATE


def is_hashed(key: str) -> bool:
    """Whether a hash in its name says what's in it, such as app.3f2a9c1e.js: it never changes."""
    return not is_page(key) and HASHED.search(key.rpartition("/")[2]) is not None


def cache_of(key: str, publishing: Publishing) -> str:
    """The header Cache-Control."""
    for rule in publishing.cache:
        if fnmatchcase(key, rule.match):
            return rule.control
    return ALWAYS_ANEW if is_page(key) else FOR_EVER if is_hashed(key) else A_WHILE


def encoding_of(key: str, size: int, publishing: Publishing) -> str:
    """The header Content-Encoding, empty for what stays as it is: small files get no smaller."""
    if publishing.compress == "none" or size < 512 or not TEXTS.match(type_of(key).partition(";")[0]):
        return ""
    return "br" if publishing.compress == "brotli" else "gzip"
