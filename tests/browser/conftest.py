"""A console, as `make console` starts it, and a browser to look at it."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.form import Console
from tests.console import shown_in
from tests.flows.conftest import HOME  # Prefect's home, as in all tests

__all__ = ["HOME"]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium; without one, these tests are skipped."""
    if CHROMIUM is None:
        pytest.skip("there's no Chromium: `apt-get install chromium`")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def console(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """Server, worker, deployments and an emulated AWS; and a page of the browser, wide enough for a form."""
    with shown_in(tmp_path_factory.mktemp("console")) as shown:
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(30_000)
        yield Console(page, shown.castrum, shown.aws)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[Any]:
    """Where a test fails, what the browser shows then becomes a file, and its name a section of the report."""
    report = yield
    console = getattr(item, "funcargs", {}).get("console")
    if report.when == "call" and report.failed and console is not None:
        picture = item.funcargs["tmp_path"] / "page.png"  # type: ignore[attr-defined]
        console.page.screenshot(path=picture)
        report.sections.append(("The page", str(picture)))
    return report
