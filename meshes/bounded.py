"""Bounds of memory and computing for the reading of a file that may be damaged."""

from __future__ import annotations

import resource
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def bounded(memory: float, seconds: float) -> Iterator[None]:
    """Raise MemoryError or TimeoutError where what is done here takes more; not before it comes back to Python."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    # only the main thread is told of signals
    main = threading.current_thread() is threading.main_thread()

    def end(*_: object) -> None:
        raise TimeoutError(f"it takes more than {seconds:g} s to read")

    resource.setrlimit(resource.RLIMIT_DATA, (min(_used() + int(memory), before[0] % 2**64), before[1]))
    handler = signal.signal(signal.SIGVTALRM, end) if main else None
    try:
        if main:
            signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        yield
    except MemoryError:
        raise MemoryError(f"it takes more than {memory / 1e9:.1f} GB of memory to read") from None
    finally:
        if main:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, handler)
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _used() -> int:
    """Return the bytes of data that this process has [see proc(5), statm]."""
    return int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
