"""What the page works on: one folder and the runs started from it, in a process that shows one page."""

from __future__ import annotations

from dataclasses import dataclass, field

from interstice.solver.view.folder import Folder
from interstice.solver.view.jobs import Jobs


@dataclass
class Desk:
    """The folder that is shown, and the runs started here."""

    folder: Folder
    jobs: Jobs = field(default_factory=Jobs)


class _Present:
    desk: Desk | None = None


def put(desk: Desk | None) -> None:
    """Set what the page works on."""
    _Present.desk = desk


def present() -> Desk:
    """Return what the page works on."""
    assert _Present.desk is not None
    return _Present.desk
