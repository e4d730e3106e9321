"""Names with units: "mean gap [m]", as the columns of a history and the fields of a cell have them."""

from __future__ import annotations


def split_unit(column: str) -> tuple[str, str]:
    """Return a name and its unit, which stands in brackets at its end; "" where there is none."""
    title, bracket, unit = column.rpartition(" [")
    return (title, unit.removesuffix("]")) if bracket else (column, "")
