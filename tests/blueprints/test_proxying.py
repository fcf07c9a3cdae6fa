"""What servers that are proxies boot with, and what can't be proxied."""

from email import message_from_string
from pathlib import Path
from typing import Any

import pytest

from blueprints.part import filled
from blueprints.problem import Invalid
from blueprints.reading import build

EXAMPLES = Path(__file__).parents[2] / "examples"
IDS = {
    "bucket/www": "arn:aws:s3:::shop-www",
    "http-api/main": "a1b2c3",
    "rest-api/old": "d4e5f6",
}


def document(proxy: dict[str, str], *, site: Any = None, api: Any = None, **servers: Any) -> dict[str, Any]:
    route = {"GET /hello": "https://example.com"}
    return {
        "name": "shop",
        "region": "eu-west-1",
        "network": {"cidr": "10.0.0.0/16"},
        "sites": {"www": {"folder": "site", **(site or {})}},
        "apis": {"main": {"routes": route, **(api or {})}, "old": {"kind": "rest", "routes": route}},
        "servers": {"web": {"image": {"id": "ami-12c6146b"}, "port": 8080, "proxy": proxy, **servers}},
    }


def boots(proxy: dict[str, str], **more: Any) -> str:
    parts = build(document(proxy, **more), folder=EXAMPLES).parts()
    (template,) = [part for part in parts if part.kind == "launch-template"]
    assert set(template.needs) <= {*IDS, "security-group/servers-web"}
    return str(filled(template.user_data, IDS))


def problems(proxy: dict[str, str], **more: Any) -> list[str]:
    with pytest.raises(Invalid) as refused:
        build(document(proxy, **more), folder=EXAMPLES).parts()
    return [str(problem) for problem in refused.value.problems]


def test_a_site_is_fetched_by_tls_from_its_bucket_with_an_index_for_folders() -> None:
    said = boots({"/docs": "site/www"})
    assert "listen 8080;" in said
    assert "location /docs/ {" in said
    assert "rewrite ^/docs/(.*/)?$ /shop-www/$1index.html break;" in said
    assert "set $upstream s3.eu-west-1.amazonaws.com;" in said
    assert "proxy_pass https://$upstream;" in said
    assert "error_page 403 404 =404 @missing_docs;" in said


@pytest.mark.parametrize(
    ("site", "status", "page"), [({"spa": True}, "=200", "index.html"), ({"error": "about.html"}, "=404", "about.html")]
)
def test_what_is_missing_is_shown_as_the_site_has_it(site: dict[str, Any], status: str, page: str) -> None:
    said = boots({"/": "site/www"}, site=site)
    assert f"error_page 403 404 {status} @missing;" in said
    assert f"rewrite ^ /shop-www/{page} break;" in said


def test_paths_that_differ_in_signs_only_are_told_apart() -> None:
    said = boots({"/a-b": "site/www", "/a_b": "site/www", "/a/b": "site/www"})
    names = [line.split()[1] for line in said.splitlines() if line.strip().startswith("location @")]
    assert len(set(names)) == len(names) == 3


def test_an_apis_stage_stands_before_what_is_left_of_the_path() -> None:
    said = boots({"/api": "api/main", "/v1.0/old": "api/old"})
    assert "set $upstream a1b2c3.execute-api.eu-west-1.amazonaws.com;" in said
    assert "rewrite ^/api/(.*)$ /$1 break;" in said
    assert "rewrite ^/v1\\.0/old/(.*)$ /live/$1 break;" in said


def test_a_bootstrap_runs_before_it() -> None:
    own, castras = message_from_string(boots({"/": "site/www"}, bootstrap="#!/bin/sh\necho first\n")).get_payload()
    assert own.get_content_type() == castras.get_content_type() == "text/x-shellscript"
    assert "echo first" in own.get_payload()
    assert "shop-www" in castras.get_payload()


def test_what_boots_is_the_same_each_time() -> None:
    assert boots({"/": "site/www"}, bootstrap="#!/bin/sh\n") == boots({"/": "site/www"}, bootstrap="#!/bin/sh\n")


@pytest.mark.parametrize(
    ("proxy", "more", "said"),
    [
        ({"/": "site/w"}, {}, "servers.web.proxy./: there is no w in the section sites. Name one of: site/www"),
        ({"/": "site/www"}, {"port": None}, "servers.web.port: is missing"),
        ({"/": "site/www"}, {"site": {"visibility": "cdn"}}, "servers.web.proxy./: its bucket answers CloudFront only"),
        ({"/": "api/main"}, {"api": {"default_endpoint": False}}, "Leave apis.main.default_endpoint on"),
        ({"/castra": "api/main"}, {}, "/castra/health is answered by nginx itself"),
        ({"/": "site/www"}, {"bootstrap": "echo"}, "servers.web.bootstrap: is neither a script nor cloud-config"),
        ({f"/{n:02}{'x' * 190}": "api/main" for n in range(40)}, {}, "AWS takes at most 16384"),
    ],
)
def test_what_cannot_be_proxied_is_told_with_a_way_out(proxy: dict[str, str], more: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in problems(proxy, **more))


def test_a_websocket_api_is_refused() -> None:
    api = {"kind": "websocket", "routes": {"$connect": "https://example.com"}}
    assert any("a WebSocket API isn't proxied" in one for one in problems({"/": "api/main"}, api=api))
