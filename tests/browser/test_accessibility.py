"""Every page and lesson by axe-core, in light and dark, and whether a keyboard reaches what a pointer does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.serving import PROJECT_ROOT, AppServer
from ui.lessons.catalogue import LESSONS

GRAVE = ("serious", "critical")
SETTLED = "[data-testid='stApp'][data-test-script-state='notRunning']"


PAGES = sorted(path.stem for path in (PROJECT_ROOT / "pages").glob("*.py"))
FIRST_STEPS = [f"learn?lesson={lesson.number}" for lesson in LESSONS]

EXCUSED = {
    "list": "[data-testid='stSidebarNavItems']",
    "listitem": "[data-testid='stSidebarNavItems'] li",
}
"""Findings that cannot be mended from here, by rule and selector: in Streamlit's own markup of a navigation in sections
the items lie in a <div> within the <ul>."""

UNREACHED = """
() => {
  const POINTERS = ["pointer", "grab", "crosshair", "ew-resize", "col-resize"]
  const NATIVE = "a[href], button, input, select, textarea, summary, label, [tabindex], [contenteditable]"
  const found = []
  const walk = (root, pointed, reached) => {
    for (const element of root.children) {
      const style = getComputedStyle(element)
      if (style.display === "none" || style.visibility === "hidden") continue
      if (element.matches(".js-plotly-plot, [aria-hidden='true']")) continue
      const mine = element.matches(NATIVE)
      const here = POINTERS.includes(style.cursor)
      const inner = element.shadowRoot ?? element
      const holds = inner.querySelector(NATIVE) !== null
      if (here && !pointed && !mine && !reached && !holds && element.getClientRects().length)
        found.push(element.outerHTML.slice(0, 160))
      walk(inner, pointed || here, reached || mine)
    }
  }
  const main = document.querySelector("[data-testid='stMain']")
  walk(main, false, false)
  return found
}
"""
"""What invites a pointer by its cursor, and neither is nor lies within anything that takes the focus.

Not within plotly's charts: their zoom and hover have no keyboard, but their figures stand beside them. And not what is
hidden from readers of the page: it does for a pointer what something else does for all.
"""


@pytest.fixture(scope="module")
def visitor(chromium: Browser, app_server: AppServer) -> Iterator[Page]:
    """Give one page for all visits: what was loaded once is kept."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
    yield context.new_page()
    context.close()


def visit(page: Page, url: str) -> None:
    """Load a page and wait until it and its components are ready."""
    page.goto(url)
    expect(page.locator(SETTLED)).to_have_count(1, timeout=60_000)
    expect(page.locator("[data-testid='stMain'] [data-state='loading']")).to_have_count(0, timeout=60_000)


def findings(page: Page, rules: list[str] | None = None) -> list[str]:
    """What axe-core finds that is serious or critical, and not excused; a line for each element."""
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": rules}
    return [
        f"{found['id']} ({found['impact']}): {node['html'][:200]} | {node['failureSummary']}"
        for found in Axe().run(page, options=options).response["violations"]
        if found["impact"] in GRAVE
        for node in found["nodes"]
        if not is_excused(page, found["id"], node["target"][0])
    ]


def is_excused(page: Page, rule: str, target: str | list[str]) -> bool:
    """Whether a finding is one of those above; what lies in a component of ours, whose target is a list, never is."""
    if rule not in EXCUSED or not isinstance(target, str):
        return False
    return bool(page.locator(target).evaluate("(found, excused) => found.matches(excused)", EXCUSED[rule]))


@pytest.mark.parametrize("address", [*PAGES, *(pytest.param(step, marks=pytest.mark.slow) for step in FIRST_STEPS)])
def test_no_serious_finding_and_all_within_reach(address: str, visitor: Page, app_server: AppServer) -> None:
    """Nothing serious or critical in light, no lack of contrast in dark, and no part that only a pointer reaches."""
    visit(visitor, f"{app_server.url}/{address}{'&' if '?' in address else '?'}model=digits-2d")
    assert [] == findings(visitor)
    assert [] == visitor.evaluate(UNREACHED)
    visitor.emulate_media(color_scheme="dark")
    try:
        assert [] == findings(visitor, ["color-contrast"])
    finally:
        visitor.emulate_media(color_scheme="light")


def test_these_checks_can_fail(visitor: Page, app_server: AppServer) -> None:
    """A button without a name, grey letters on grey, and a part that only a pointer reaches are found."""
    visit(visitor, f"{app_server.url}/teach?model=digits-2d")  # a page on which nothing goes on by itself
    visitor.evaluate(
        """() => document.querySelector("[data-testid='stMainBlockContainer']").insertAdjacentHTML("afterbegin",
        "<div><button></button><p style='color: #999; background: #bbb'>faint</p>" +
        "<div style='cursor: pointer'>press</div></div>")"""
    )
    assert {"button-name", "color-contrast"} == {line.split(" ")[0] for line in findings(visitor)}
    assert 1 == len(visitor.evaluate(UNREACHED))


def test_the_pages_are_those_of_the_navigation() -> None:
    """Every page of the folder stands in the navigation, so that none is left out here."""
    shell = (PROJECT_ROOT / "ui" / "shell.py").read_text("utf-8")
    assert [] == [name for name in PAGES if f'"{name}"' not in shell]
