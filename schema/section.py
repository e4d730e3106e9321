"""What all blocks of a case file have in common, and paths in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

Fraction = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(gt=0, le=1e5)]
"""A C-rate [1/h]."""


def _from_case_folder(path: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder", Path())
    return check_path((folder / path).absolute())


def check_path(path: Path) -> Path:
    """Return `path`, which the copy of the case will name; ValueError if it is not text in UTF-8."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise ValueError(f"the path {str(path)!r} is not UTF-8 text; rename the folder or the file") from None
    return path


CaseFile = Annotated[Path, AfterValidator(_from_case_folder)]
"""A path, given relative to the case file; absolute after reading."""


NOT_COMPUTED = "not_computed"
"""The pydantic error of a default that other errors left without what it is computed from; it needs no message."""


def otherwise(rule: Callable[[dict[str, Any]], Any]) -> BeforeValidator:
    """Make a field, None if not given, what `rule` says from the checked keys above it: as written, with a unit.

    The case then holds it like any other value, for the run and for the copy of the case alike.
    """

    def fill(value: Any, info: ValidationInfo) -> Any:
        if value is not None:
            return value
        try:
            return rule(info.data)
        except KeyError:
            raise PydanticCustomError(NOT_COMPUTED, "a default cannot be computed") from None

    return BeforeValidator(fill)


class Section(BaseModel):
    """A block of a case file: unknown keys are errors, values are fixed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)
    material_block: ClassVar[str] = ""
    """The block that the material of every side needs for this one, if any."""


class Revised(Section):
    """A block that has lost keys, and says so. Not all are one: what looks before makes pairs in a block lists."""

    gone: ClassVar[Mapping[str, str]] = {}
    """Keys that are no longer read, each with the rest of the sentence that says why and what to write."""

    @model_validator(mode="before")
    @classmethod
    def _says_what_is_gone(cls, given: Any) -> Any:
        for key, why in cls.gone.items() if isinstance(given, dict) else ():
            if key in given:
                raise ValueError(f"{key} {why}")
        return given


def fields_of(section: type[Section]) -> dict[str, FieldInfo]:
    """Return the fields of a block by their keys, as they are written."""
    return {field.alias or name: field for name, field in section.model_fields.items()}


def required(section: type[Section]) -> list[str]:
    """Return the keys that a block cannot do without."""
    return [key for key, field in fields_of(section).items() if field.is_required()]
