"""A served page, and a visit to it that watches itself."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
PERSON = 2
MELANIN = 0.3


@dataclass(frozen=True)
class Served:
    """`borderlight serve` in a process of its own."""

    base: str

    def open(self, traveller: str = "t-browser", **more: Any) -> dict[str, Any]:
        body = {"traveller_ref": traveller, **more}
        return httpx.post(f"{self.base}/v1/sessions", json=body, timeout=20).raise_for_status().json()

    def state(self, opened: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {opened['token']}"}
        return httpx.get(f"{self.base}/v1/sessions/{opened['session_id']}", headers=headers, timeout=20).json()

    def row(self, session_id: str) -> dict[str, Any]:
        rows = httpx.get(f"{self.base}/operator/sessions", timeout=20).json()
        return next(row for row in rows if row["session_id"] == session_id)


@dataclass
class Visit:
    """A page that watches itself: requests beyond the origin, policy violations, errors in the console."""

    page: Page
    served: Served
    opened: dict[str, Any]
    foreign: list[str]
    complaints: list[str]

    @property
    def state(self) -> str:
        return str(self.page.evaluate("document.documentElement.dataset.state"))

    def until(self, *states: str, seconds: float = 30.0) -> str:
        """Wait until the journey is in one of `states`."""
        script = "wanted => wanted.includes(document.documentElement.dataset.state)"
        try:
            self.page.wait_for_function(script, arg=list(states), timeout=seconds * 1000)
        except Exception as error:
            raise AssertionError(f"in {self.state} instead of {states}: {self.complaints}") from error
        return self.state

    def tap(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()
