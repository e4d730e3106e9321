"""Numbers and words for a page, in as few bytes as it takes: arrays beside a JSON text, compressed, as base64.

Content, before compression: the length of the JSON text [byte] as a 32-bit number, the text, filled up to a multiple of
8, and the arrays, each at a multiple of 8. In the text an array is ``{"$": [type, place, shape]}``, its place counted
from the first array. ``page.js`` reads it. All numbers have the lowest byte first.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
from typing import Any

import numpy as np

WORD = 8
"""Arrays begin at a multiple of this [byte]: a browser reads them where they are."""
TYPES = {"f4": "<f4", "f8": "<f8", "i4": "<i4", "u2": "<u2"}
KEPT_BITS = 12
"""Of the 24 digits of a number of 32 bits that `rounded` keeps: an error of 1.2e-4 of the value."""


def pack(tree: Any) -> str:
    """Return mappings, lists, words, numbers and arrays of 1 or 2 dimensions as base64 of compressed bytes.

    Arrays are those of `TYPES`, others float64 or int32; a number that is no finite one becomes null.
    """
    buffers: list[bytes] = []
    text = json.dumps(_plain(tree, buffers), allow_nan=False, ensure_ascii=False).encode()
    return zipped(b"".join([len(text).to_bytes(4, "little"), _filled(text, 4), *buffers]))


def zipped(content: bytes) -> str:
    """Return the base64 of the gzip of bytes; the same bytes give the same text."""
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()


def rounded(values: Any) -> np.ndarray:
    """Return values as numbers of 32 bits of which those digits are zero that no picture shows, for compression."""
    exact = np.ascontiguousarray(values, dtype=np.float32)
    dropped = np.uint32(24 - KEPT_BITS)
    half = np.uint32(1) << (dropped - np.uint32(1))
    mask = ~((np.uint32(1) << dropped) - np.uint32(1))
    bits = exact.view(np.uint32)
    result = np.where(np.isfinite(exact), (bits + half) & mask, bits)
    return result.astype(np.uint32).view(np.float32)


def _plain(value: Any, buffers: list[bytes]) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(entry, buffers) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry, buffers) for entry in value]
    if isinstance(value, np.ndarray):
        return {"$": _kept(value, buffers)}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _kept(values: np.ndarray, buffers: list[bytes]) -> list[Any]:
    """Add the bytes of an array and return its type, place and shape."""
    kind = f"{values.dtype.kind}{values.dtype.itemsize}"
    if kind not in TYPES:
        kind = "i4" if values.dtype.kind in "iu" else "f8"
    place = sum(map(len, buffers))
    buffers.append(_filled(np.ascontiguousarray(values).astype(TYPES[kind]).tobytes()))
    return [kind, place, list(values.shape)]


def _filled(content: bytes, before: int = 0) -> bytes:
    """Return bytes, with zeros after them up to a multiple of `WORD` of what they and those `before` take."""
    return content + bytes(-(before + len(content)) % WORD)
