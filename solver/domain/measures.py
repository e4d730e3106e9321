"""Integrals over a body of revolution, in its half-plane."""

from __future__ import annotations

from typing import Any

import ufl


class RadialMeasure(ufl.Measure):  # type: ignore[misc]  # UFL has no types
    """A measure of the half-plane (r, z) that integrates over the body of revolution: it multiplies by 2πr."""

    __slots__ = ("_circumference", "section")

    def __init__(self, section: ufl.Measure, circumference: Any) -> None:
        """Weigh the measure `section` of the half-plane by the UFL expression `circumference`, 2πr [m]."""
        super().__init__(
            section.integral_type(),
            section.ufl_domain(),
            section.subdomain_id(),
            section.metadata(),
            section.subdomain_data(),
        )
        self.section, self._circumference = section, circumference

    def reconstruct(self, *args: Any, **kwargs: Any) -> RadialMeasure:
        """Return the same with some properties of `section` replaced, as ufl.Measure does."""
        return RadialMeasure(self.section.reconstruct(*args, **kwargs), self._circumference)

    def __rmul__(self, integrand: Any) -> ufl.Form:
        return self._circumference * integrand * self.section
