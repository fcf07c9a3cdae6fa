"""A deployment's form in Prefect's UI, by the labels that a person sees."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import boto3
from playwright.sync_api import Locator, Page, expect

from tests.flows.test_prefect_end_to_end import Castrum
from tests.flows.world import REGION

Value = str | int | bool | list[str]
"""Text or a choice; a number; a switch; a list of texts."""


T = TypeVar("T")
FORGOTTEN = 5  # times at most that a page may forget what was written into its form


class Missed(Exception):
    """A page says that a field is missing."""


@dataclass(frozen=True)
class Console:
    """The UI in a browser, the server behind it, and the address of its emulated AWS."""

    page: Page
    castrum: Castrum
    aws: str

    def client(self, service: str) -> Any:
        """A plain client of the emulated AWS."""
        keys = {"aws_access_key_id": "emulated", "aws_secret_access_key": "emulated"}
        return boto3.client(service, region_name=REGION, endpoint_url=self.aws, **keys)

    def open(self, flow: str, deployment: str = "castra") -> "Form":
        """Go to a deployment's form, as a person does: from the list, by its buttons."""
        page = self.page
        page.goto(f"{self.castrum.url}/deployments")
        page.get_by_placeholder("Search deployments").fill(flow)
        row = page.get_by_role("row").filter(has=page.get_by_role("link", name=flow, exact=True))
        row.get_by_role("link", name=deployment, exact=True).click()
        page.get_by_role("button", name="Run", exact=True).click()
        page.get_by_text("Custom run").click()
        page.locator(".schema-form-property").first.wait_for()
        return Form(self, flow)

    def run(self, flow: str, fields: Mapping[str, Value], deployment: str = "castra") -> Any:
        """Fill a form in, submit it, and see its run end in the browser; the run."""
        return self.see(self._filled(flow, fields, deployment, Form.submit))

    def see_refused(self, flow: str, fields: Mapping[str, Value], why: str) -> None:
        """Fill a form in, submit it, and see it refused in these words, with no run made."""
        self._filled(flow, fields, "castra", lambda form: form.refused(why))

    def _filled(self, flow: str, fields: Mapping[str, Value], deployment: str, then: Callable[["Form"], T]) -> T:
        """Fill a form in, and go on, until that gives something.

        What is written before Prefect's page has settled, faster than any person does, it may forget: then once more.
        """
        for _ in range(FORGOTTEN):
            form = self.open(flow, deployment)
            form.fill(fields)
            if answer := then(form):
                return answer
        raise AssertionError(f"the form of {flow} forgets what is written into it")

    def see(self, run: str) -> Any:
        """Wait until a run has ended, and see that its page says how; the run."""
        ended = self.castrum.ended(run)
        self.page.goto(f"{self.castrum.url}/runs/flow-run/{run}")
        expect(self.page.get_by_text(ended["state_name"], exact=True).first).to_be_visible()
        expect(self.page.get_by_text(ended["name"]).first).to_be_visible()
        return ended


@dataclass(frozen=True)
class Form:
    """One that is open."""

    console: Console
    flow: str

    @property
    def page(self) -> Page:
        """The browser's."""
        return self.console.page

    def field(self, name: str) -> Locator:
        """All that stands around a parameter: its label, what it says, and what can be written into."""
        label = self.page.locator(".schema-form-property__label").filter(
            has_text=re.compile(rf"^{name}( \(Optional\))?$")
        )
        return self.page.locator(".schema-form-property").filter(has=label)

    def fill(self, fields: Mapping[str, Value]) -> None:
        """Write, choose or switch what each field takes."""
        for name, value in fields.items():
            field = self.field(name)
            if isinstance(value, bool):
                if value:
                    field.get_by_role("switch").click()
            elif isinstance(value, int):
                field.locator("input").fill(str(value))
            elif isinstance(value, list):
                for item in value:
                    field.get_by_role("button", name="Add item").click()
                    field.locator("textarea").last.fill(item)
            elif field.locator(".p-select").count():
                self._choose(field, name, value)
            else:
                field.locator("textarea").fill(value)

    def _choose(self, field: Locator, name: str, value: str) -> None:
        """By the keyboard: the list opens elsewhere on the page."""
        schema = self.console.castrum.deployment(self.flow)["parameter_openapi_schema"]
        field.locator(".p-select-button__control").click()
        for _ in range(schema["properties"][name]["enum"].index(value) + 1):
            self.page.keyboard.press("ArrowDown")
        self.page.keyboard.press("Enter")
        expect(field.locator(".p-select-button__value")).to_have_text(value)

    def submit(self) -> str:
        """Submit it, again where SQLite has another writer just then; the id of the run that is made.

        None is made where the page misses a field: then it's empty.
        """
        while True:
            try:
                with self._answered("/create_flow_run") as made:
                    with self._answered("/ui/schemas/validate") as checked:
                        self._press_submit()
                    if "is a required property" in checked.value.text():
                        raise Missed
            except Missed:
                return ""
            if made.value.status != 503:
                assert made.value.ok, made.value.text()
                return str(json.loads(made.value.text())["id"])
            expect(self.page.get_by_text("Something went wrong").first).to_be_visible()

    def _answered(self, path: str) -> Any:
        return self.page.expect_response(lambda answer: answer.url.endswith(path))

    def _press_submit(self) -> None:
        """By the keyboard: a message may lie over the button."""
        self.page.get_by_role("button", name="Submit").press("Enter")

    def refused(self, why: str) -> bool:
        """Submit it, and see it refused in these words, with no run made; not so where the page misses a field."""
        self._press_submit()
        told, missed = self.page.get_by_text(why), self.page.get_by_text("is a required property")
        expect(told.or_(missed).first).to_be_visible()
        assert self.page.url.partition("?")[0].endswith("/run"), "the form is gone"
        return told.count() > 0
