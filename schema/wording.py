"""How messages name what could have been meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

_SIZES = (("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12))


def closest(word: str, allowed: Iterable[str]) -> list[str]:
    """Return the one or two of `allowed` that `word` may be a misspelling of, whatever their case."""
    folded = {other.lower(): other for other in allowed}
    return [folded[match] for match in difflib.get_close_matches(word.lower(), list(folded), n=2, cutoff=0.6)]


def either(words: Sequence[str]) -> str:
    """Return "'this' or 'that'"."""
    return " or ".join(f"'{word}'" for word in words)


def duration(seconds: float) -> str:
    """Return a time as people say it: 12 s, 3 min, 1.5 h, 4 days, 20 years."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if seconds < 99.5 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 100 * 3600:
        return f"{seconds / 3600:.1f} h"
    days = seconds / 86400
    return f"{days:.0f} days" if days < 1000 else f"{days / 365.25:.3g} years"


def two_digits(value: float) -> float:
    """Return a number of which nothing but its size is known."""
    return float(f"{value:.2g}")


def rounded(value: float) -> str:
    """Return it in words: 1,200 or 4.5e+12."""
    return f"{two_digits(value):,.0f}" if value < 1e9 else f"{value:.2g}"


def bytes_in_words(count: float) -> str:
    """Return a number of bytes as people say it, with two digits: 20 MB, 1.5 GB."""
    unit, factor = next((one for one in _SIZES if count < 999.5 * one[1]), _SIZES[-1])
    return f"{two_digits(count / factor):g} {unit}"


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Return "; did you mean 'this'?", empty if nothing allowed is close to `word`."""
    close = closest(word, allowed)
    return f"; did you mean {either(close)}?" if close else ""
