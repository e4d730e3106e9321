"""What all blocks of a case file have in common, and paths in them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo

Fraction = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(gt=0)]
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


class Section(BaseModel):
    """A block of a case file: unknown keys are errors, values are fixed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)


def required(section: type[Section]) -> list[str]:
    """Return the keys that a block cannot do without."""
    return [name for name, field in section.model_fields.items() if field.is_required()]
