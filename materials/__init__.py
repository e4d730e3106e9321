"""Materials: one YAML file each, every number with its source, and their loader."""

from interstice.materials.library import (
    Electrolyte,
    Host,
    Material,
    MaterialError,
    Metal,
    Row,
    Thermal,
    describe,
    load,
    names,
)

__all__ = ["Electrolyte", "Host", "Material", "MaterialError", "Metal", "Row", "Thermal", "describe", "load", "names"]
