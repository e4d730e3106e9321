"""Shows the page on this machine alone, at an address with a secret, until Ctrl-C; runs then end in order."""

from __future__ import annotations

import secrets
import signal
import socket
import tempfile
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from interstice.solver.terminal import say
from interstice.solver.view.desk import Desk, put
from interstice.solver.view.folder import Folder
from interstice.solver.view.guard import NAMES, Guard
from interstice.solver.view.jobs import PATIENCE

ADDRESS = "127.0.0.1"
SECRET = 24
"""Bytes of chance in the address."""
PAGE = Path(__file__).with_name("app.py")
GRACE = 3
"""How long [s] answers that are being given may take at the end."""
BEGIN = 30.0
"""How long [s] the page may take to begin."""
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
BACKLOG = 64
PAUSE = 0.1
"""How long [s] the program sleeps between two looks."""
COLOURS = {"base": "light", "primaryColor": "#0072B2"}


class ServeError(Exception):
    """The page cannot be shown; the text says why."""


def options(base: str) -> dict[str, Any]:
    """Return the options of Streamlit; those of the user's own files and environment come after them.

    `base` is what paths begin with.
    """
    return {
        "server.address": ADDRESS,
        "server.baseUrlPath": base,
        "server.headless": True,
        "server.enableCORS": True,
        "server.corsAllowedOrigins": [],
        "server.allowedHosts": list(NAMES),
        "server.enableXsrfProtection": True,
        "server.xsrfCookieSameSite": "strict",
        "server.enableStaticServing": False,
        "server.scriptHealthCheckEnabled": False,
        "server.enableAgentApi": False,
        "server.trustedUserHeaders": {},
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "server.allowRunOnSave": False,
        "server.maxUploadSize": 1,
        "server.cookieSecret": secrets.token_hex(32),
        "browser.gatherUsageStats": False,
        "client.allowedOrigins": [],
        "runner.magicEnabled": False,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "global.developmentMode": False,
        "logger.level": "error",
        **{f"theme.{name}": value for name, value in COLOURS.items()},
    }


def view(
    root: Path, shipped: Sequence[Path], others: Sequence[Path] = (), port: int = 0, opens_browser: bool = True
) -> None:
    """Show the page of a folder until a signal ends it.

    `shipped` are the cases that come with the program, `others` the folders of files that those refer to. The `port`
    is any free one if it is 0. ServeError if it is taken.
    """
    import uvicorn
    from starlette.middleware import Middleware
    from streamlit import starlette
    from streamlit.web import bootstrap

    secret = secrets.token_urlsafe(SECRET)
    desk = Desk(Folder(root, shipped, others))
    put(desk)
    bootstrap.load_config_options(options(secret))
    app = starlette.App(PAGE, middleware=[Middleware(Guard, secret=secret)])
    settings = uvicorn.Config(
        app,
        ws="websockets-sansio",
        access_log=False,
        log_level="error",
        timeout_graceful_shutdown=GRACE,
        server_header=False,
    )
    server = uvicorn.Server(settings)
    with _bound(port) as listening, _signals() as received:
        address = f"http://{ADDRESS}:{listening.getsockname()[1]}/{secret}/"
        # beside the main thread, which the signals reach
        serving = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="serves-page")
        serving.start()
        try:
            _wait(lambda: server.started or not serving.is_alive(), received, BEGIN)
            if not server.started and not received:
                raise ServeError("the page could not be begun")
            say(
                f"The page of {desk.folder.root} is at\n\n  {address}\n\nwhoever knows this address may start runs. "
                "Ctrl-C ends the page and, in order, the runs that it started."
            )
            with _opened(address, desk.folder.root, opens_browser):
                _wait(lambda: not serving.is_alive(), received)
            _end_runs(desk, received)
        finally:
            desk.jobs.end(lambda: True)
            server.should_exit = True
            serving.join()
            put(None)


def _end_runs(desk: Desk, received: list[int]) -> None:
    """End the runs that the page has started, and say what becomes of them."""
    left = desk.jobs.running()
    if left:
        say(
            f"\nending {_runs(len(left))} in order, with a checkpoint, for up to {PATIENCE:.0f} s; Ctrl-C again ends at once"
        )
    before = len(received)
    desk.jobs.end(lambda: len(received) > before)
    for job in left:
        say(f"go on with  interstice run --resume {job.folder}")


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


@contextmanager
def _bound(port: int) -> Iterator[socket.socket]:
    """Yield a socket of this machine alone."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((ADDRESS, port))
            listening.listen(BACKLOG)
        except OSError as error:
            raise ServeError(f"--port {port}: {error.strerror}; without --port it is any free one") from None
        yield listening


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Yield the list of the signals that have come meanwhile."""
    received: list[int] = []

    def take_note(number: int, frame: FrameType | None) -> None:
        received.append(number)

    heard = [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, take_note) for number in heard}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait(over: Callable[[], bool], received: list[int], longest: float = float("inf")) -> None:
    """Return when something is over, a signal has come, or the time [s] is up."""
    begun = time.monotonic()
    while not over() and not received and time.monotonic() - begun < longest:
        time.sleep(PAUSE)


@contextmanager
def _opened(address: str, root: Path, wanted: bool) -> Iterator[None]:
    """Open the page in the browser, by a file that only this user can read: others see the command of the browser.

    The file lies in the folder of the page, for browsers that may not look everywhere, and goes in the end.
    """
    if not wanted:
        yield
        return
    try:
        handle, name = tempfile.mkstemp(".html", ".open-", root)
    except OSError:
        yield
        return
    file = Path(name)
    try:
        with open(handle, "w", encoding="utf-8") as stream:
            stream.write(f'<!doctype html><meta http-equiv="refresh" content="0; url={address}">\n')
        with suppress(webbrowser.Error):
            webbrowser.open(file.as_uri())
        yield
    finally:
        file.unlink(missing_ok=True)
