"""The guard: who does not know the secret, or comes by a foreign name or from a foreign page, reaches nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from interstice.solver.view.guard import Guard, admits

SECRET = "abc-DEF_123"
HOST = ("host", "127.0.0.1:8501")


def scope(path: str, *headers: tuple[str, str], kind: str = "http") -> dict[str, Any]:
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return {"type": kind, "path": path, "method": "GET", "headers": encoded}


@pytest.mark.parametrize("path", [f"/{SECRET}", f"/{SECRET}/", f"/{SECRET}/_stcore/stream", f"/{SECRET}/media/x.csv"])
@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:9000", "localhost"])
def test_who_knows_the_address_is_admitted(path: str, host: str) -> None:
    assert admits(scope(path, ("host", host)), SECRET)
    assert admits(scope(path, ("host", host), ("origin", f"http://{host}")), SECRET)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/",
            "",
            "//",
            "/_stcore/health",
            f"/x/{SECRET}/",
            f"//{SECRET}/",
            f"/{SECRET}x/",
            f"/{SECRET[:-1]}/",
            SECRET,
        ),
        *(f"/{SECRET.lower()}/", "/é/", f"/../{SECRET}/", f"/?{SECRET}"),
    ],
)
def test_without_the_secret_nobody_is(path: str) -> None:
    assert not admits(scope(path, HOST), SECRET)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("host", "evil.example:8501")],
        [("host", "127.0.0.1.evil.example")],
        [("host", "evil.example@127.0.0.1:8501")],
        [("host", "127.0.0.1@evil.example")],
        [("host", "127.0.0.1:8501/x")],
        [("host", "[::1")],
        [("host", "")],
        [HOST, ("host", "evil.example")],
        [HOST, ("origin", "http://evil.example")],
        [HOST, ("origin", "https://127.0.0.1:8501")],
        [HOST, ("origin", "http://127.0.0.1:8502")],
        [HOST, ("origin", "null")],
        [HOST, ("origin", "http://127.0.0.1:8501"), ("origin", "http://evil.example")],
    ],
)
def test_by_a_foreign_name_or_from_a_foreign_page_nobody_is(headers: list[tuple[str, str]]) -> None:
    assert not admits(scope(f"/{SECRET}/", *headers), SECRET)


def answers(asked: dict[str, Any]) -> tuple[list[dict[str, Any]], bool]:
    """Return what the guard sends, and whether what stands behind it was asked."""
    sent: list[dict[str, Any]] = []
    reached = []

    async def behind(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"Cache-Control", b"public")]})

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(Guard(behind, SECRET)(asked, receive, send))
    return sent, bool(reached)


def test_what_is_refused_is_told_the_same_whatever_was_asked() -> None:
    for path in ("/", "/_stcore/host-config", "/static/index.html"):
        sent, reached = answers(scope(path, HOST))
        assert not reached and sent[0]["status"] == 403
        assert sent[1]["body"] == b"This page is shown at the address alone that 'interstice view' has printed.\n"
    sent, reached = answers(scope("/_stcore/stream", HOST, kind="websocket"))
    assert not reached and sent == [{"type": "websocket.close", "code": 1008}]
    assert not answers(scope(f"/{SECRET}/", HOST, kind="other"))[1]


def test_answers_keep_a_browser_from_going_elsewhere() -> None:
    sent, reached = answers(scope(f"/{SECRET}/", HOST))
    headers = sent[0]["headers"]
    named = {name.decode().lower(): value.decode() for name, value in headers}
    assert reached and len(headers) == len(named)
    assert "ws://127.0.0.1:8501" in named["content-security-policy"]
    assert "frame-ancestors 'none'" in named["content-security-policy"] and "*" not in named["content-security-policy"]
    assert (named["referrer-policy"], named["cache-control"]) == ("no-referrer", "no-store")
