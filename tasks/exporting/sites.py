"""The section `sites`, from buckets with pages and what stands in front of them. Pages lie beside the document."""

import json
from collections.abc import Mapping
from typing import Any

from tasks.exporting.files import Pages
from tasks.exporting.standing import Section, Standing, said
from tasks.storage.publishing.fetching import Page, published

READERS = "Readers"


def sites(standing: Standing, beside: str, pages: Pages) -> dict[str, Section]:
    """Each, by name."""
    buckets = standing.of("bucket")
    return {
        name: _site(standing, name, f"{beside}/sites/{name}", buckets[name].state, pages.get(name, {}))
        for name in standing.of("site")
        if name in buckets
    }


def _site(standing: Standing, name: str, folder: str, bucket: Any, pages: Mapping[str, Page]) -> Section:
    visibility = _visibility(standing, name)
    return said(
        folder=folder,
        visibility=visibility,
        name=bucket.called or None,
        on_removal=bucket.on_removal,
        **published(pages).model_dump(mode="json", include={"cache", "compress"}),
        **(_delivered(standing, name) if visibility == "cdn" else _served(bucket.website)),
    )


def _visibility(standing: Standing, name: str) -> str:
    """By the statement that says who may read it."""
    policy = standing.state("bucket-policy", name)
    statements = json.loads(policy.document)["Statement"] if policy else []
    readers: Section = next((one for one in statements if one.get("Sid") == READERS), {})
    asked = json.dumps(readers.get("Condition", {}))
    return "vpc" if "aws:SourceVpc" in asked else "cdn" if "AWS:SourceArn" in asked else "public"


def _served(website: Any) -> Section:
    """By S3's own server: an application's page is its index."""
    if website is None:
        return {}
    return _pages(website.index, website.index if website.error == website.index else "", website.error or "")


def _delivered(standing: Standing, name: str) -> Section:
    """By CloudFront. The first domain is the one that the certificate is named after."""
    state, certificate = standing.state("distribution", name), standing.state("certificate", name)
    if state is None:
        return {}
    first = [certificate.domain] if certificate else []
    domains = first + [domain for domain in state.aliases if domain not in first]
    price = None if state.price_class == "100" else state.price_class
    return {**_pages(state.index, state.fallback, state.error), **said(price_class=price, domains=domains)}


def _pages(index: str, fallback: str, error: str) -> Section:
    spa = bool(fallback) and fallback == index
    return said(index=index, spa=spa, error=error or None if not spa else None)
