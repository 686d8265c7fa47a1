"""A person at Prefect's UI, who finds things by the words on the screen."""

import re

from playwright.sync_api import Locator, Response, expect

from tests.browser.chromium import Screen

expect.set_options(timeout=30_000)  # the page is drawn by a server that others use too
VERSION = re.compile(r"^[0-9a-f]{8}$")  # how the UI names one version of an artifact
SHOWN = re.compile(r"^(markdown|table)-display$")
FITS = """
    shown => [shown, ...shown.querySelectorAll("*")].every(
        each => each.scrollWidth <= shown.clientWidth
    )
"""
BUSY, PRESSES = 503, 10
RUN_S = 180
"""A run is a new process; on a busy machine it takes long to begin."""


class Operator:
    """Clicks, types and reads."""

    def __init__(self, screen: Screen, home: str) -> None:
        self.screen, self.page, self.home = screen, screen.page, home

    def open_deployment(self, flow: str) -> None:
        """From the first page to a flow's only deployment."""
        self.page.goto(self.home)
        self.page.get_by_role("link", name="Deployments", exact=True).click()
        self.page.get_by_placeholder("Search deployments").fill(flow)
        expect(self.page).to_have_url(re.compile(re.escape(flow)))
        rows = self.page.get_by_role("row")
        expect(rows).to_have_count(2)  # the head, and the only one that is left
        rows.nth(1).get_by_role("link").first.click()
        expect(self.page.get_by_role("button", name="Run", exact=True)).to_be_visible()

    def fill_in_a_run(self, flow: str, **typed: str) -> None:
        """Open the form of a custom run, and type what it asks for."""
        self.open_deployment(flow)
        self.page.get_by_role("button", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Custom run").click()
        for name, text in typed.items():
            self.page.get_by_label(name, exact=True).fill(text)

    def submit(self) -> None:
        """Start the run of the form, and go to its page."""
        answer = self._press(self.page.get_by_role("button", name="Submit"), "/create_flow_run")
        self.page.locator(f'a[href*="{answer.json()["id"]}"]').first.click()
        expect(self.page.get_by_role("tab", name="Parameters")).to_be_visible()

    def see_state(self, name: str) -> None:
        """Wait until the run's page shows this state, without anybody reloading it."""
        badge = self.page.get_by_text(name, exact=True).first
        expect(badge).to_be_visible(timeout=RUN_S * 1000)

    def open_artifact(self, key: str) -> Locator:
        """From the run's page to the newest artifact of this key; give what it shows."""
        self.page.get_by_role("tab", name="Artifacts").click()
        self.page.get_by_role("heading", name=key, exact=True).first.click()
        self.page.get_by_role("link", name=VERSION).first.click()
        shown = self.page.get_by_test_id(SHOWN)
        expect(shown).to_be_visible()
        return shown

    def read_artifact(self, key: str) -> Locator:
        """Open an artifact of text, and see that none of it is cut off at the side."""
        shown = self.open_artifact(key)
        assert shown.evaluate(FITS), shown.inner_text()
        return shown

    def open_form(self) -> Locator:
        """Press Resume on the run's page, and give the form that asks."""
        self.page.get_by_role("button", name="Open menu").click()
        self.page.get_by_role("menuitem", name="Resume").click()
        return self.page.get_by_role("dialog", name="Resume Flow Run")

    def resume(self, form: Locator) -> None:
        """Send the form's answers."""
        self._press(form.get_by_role("button", name="Resume"), "/resume")
        expect(form).to_be_hidden()

    def _press(self, button: Locator, ending: str) -> Response:
        """
        Press a button that sends something to an address with this `ending`; give the answer.

        On SQLite a busy server answers some requests with 503; the UI says so in a corner for a
        moment, keeps what was typed, and leaves it to people to press again.
        """

        def is_answer(given: Response) -> bool:
            checked = given.url.endswith("/ui/schemas/validate") and ending == "/resume"
            return given.url.endswith(ending) or (checked and given.status == BUSY)

        for _ in range(PRESSES):
            with self.page.expect_response(is_answer) as answer:
                button.click()
            if answer.value.status != BUSY:
                break
        return answer.value
