"""A browser for pages: no network, no screen, and nothing that a page complains about goes unseen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = Path("/usr/bin/chromium")
OPTIONS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
DESK, PHONE = 1280, 390
"""Widths of a window [pixel]."""
PATIENCE = 60_000
"""For a page to be ready [ms]: the machine may be busy."""


@contextmanager
def browser() -> Iterator[Any]:
    """Yield a browser, which is gone at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=[*OPTIONS])
        try:
            yield started
        finally:
            started.close()


@contextmanager
def opened(started: Any, file: Path, width: int = DESK, script: str = "") -> Iterator[Any]:
    """Yield a file opened as a page, ready and without a network; AssertionError if it asked for one, or complained.

    `script` is run before anything of the page.
    """
    context = started.new_context(viewport={"width": width, "height": 900}, offline=True)
    context.set_default_timeout(PATIENCE)
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    address = file.resolve().as_uri()

    def refuse(route: Any) -> None:
        if route.request.url.split("#")[0] == address:
            route.continue_()
        else:
            complaints.append(f"asked for {route.request.url[:100]}")
            route.abort()

    page.route("**/*", refuse)
    if script:
        page.add_init_script(script)
    try:
        page.goto(address)
        if not script:
            page.wait_for_selector("html[data-ready=yes]")
        yield page
        assert complaints == []
    finally:
        context.close()


def drawn(page: Any, name: str) -> Any:
    """Return what the chart `name` shows, once it has been drawn: traces with typed arrays as lists, and the layout."""
    page.locator(f"#{name}").scroll_into_view_if_needed()
    page.wait_for_function("name => document.getElementById(name).data", arg=name)
    return page.evaluate(
        """name => {
            const { data, layout } = document.getElementById(name);
            const listed = (key, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
            return JSON.parse(JSON.stringify({ data, layout }, listed));
        }""",
        name,
    )


def sideways(page: Any) -> float:
    """Return by how much the page is wider than its window [pixel]."""
    return float(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))
