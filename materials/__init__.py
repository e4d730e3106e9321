"""Materials: one YAML file each, every number with its source, and their loader."""

from interstice.materials.electrolyte import Electrolyte
from interstice.materials.host import Host
from interstice.materials.library import describe, load, names
from interstice.materials.material import Material, MaterialError, Metal, Row, Thermal

__all__ = ["Electrolyte", "Host", "Material", "MaterialError", "Metal", "Row", "Thermal", "describe", "load", "names"]
