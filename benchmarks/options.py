"""Parameters of a benchmark from the words of a command line: ``--load-ratio 0.4`` sets `load_ratio`."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

Dimension = Annotated[Literal[2, 3], BeforeValidator(lambda text: {"2": 2, "3": 3}.get(text, text))]

Order = Annotated[Literal[1, 2], BeforeValidator(lambda text: {"1": 1, "2": 2}.get(text, text))]


def split(words: Any) -> Any:
    """Return what stands between the commas of `words`."""
    return words.split(",") if isinstance(words, str) else words


class OptionError(ValueError):
    """A word of the command line means nothing; the text says what would."""


class Parameters(BaseModel):
    """The inputs of a benchmark: field names are option names, the docstrings below them the help."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        """Return the parameters that `words` ask for; OptionError where they cannot be met."""
        given: dict[str, str] = {}
        rest = list(words)
        while rest:
            word = rest.pop(0)
            if not word.startswith("--"):
                raise OptionError(f"'{word}': expected an option, such as --{_option(next(iter(cls.model_fields)))}")
            key, equals, value = word[2:].partition("=")
            name = key.replace("-", "_")
            if name not in cls.model_fields:
                known = [_option(field) for field in cls.model_fields]
                close = get_close_matches(key, known, n=1)
                hint = f"did you mean --{close[0]}?" if close else "there are --" + ", --".join(known)
                raise OptionError(f"--{key}: no such option; {hint}")
            if not equals:
                if not rest:
                    raise OptionError(f"--{key}: its value is missing")
                value = rest.pop(0)
            given[name] = value
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            problems = [f"--{_option(str(e['loc'][0]))} {e['input']}: {e['msg']}" for e in error.errors() if e["loc"]]
            raise OptionError("\n".join(problems or [e["msg"] for e in error.errors()])) from error

    @classmethod
    def help(cls) -> list[tuple[str, str, str]]:
        """Return option, default and meaning of every parameter."""
        return [
            (f"--{_option(name)}", "chosen" if field.default is None else str(field.default), field.description or "")
            for name, field in cls.model_fields.items()
        ]


class ContactMethod(Parameters):
    """How contact is enforced."""

    method: Literal["augmented_lagrangian", "penalty"] = "augmented_lagrangian"
    """how contact is enforced"""
    augmentation: float | None = Field(None, gt=0)
    """augmentation or penalty over E*/h"""
    order: Order = 1
    """1, or 2 for quadratic displacements"""


class ContactParameters(ContactMethod):
    """What all benchmarks of contact between two elastic blocks share."""

    upper_modulus: float = Field(20e9, gt=0)
    """Young's modulus of the upper block [Pa]"""
    upper_poisson: float = Field(0.3, gt=-1, lt=0.5)
    """Poisson's ratio of the upper block"""
    lower_modulus: float = Field(10e9, gt=0)
    """Young's modulus of the lower block [Pa]"""
    lower_poisson: float = Field(0.25, gt=-1, lt=0.5)
    """Poisson's ratio of the lower block"""

    @property
    def moduli(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """(E [Pa], ν) of the upper and of the lower block."""
        return (self.upper_modulus, self.upper_poisson), (self.lower_modulus, self.lower_poisson)


def _option(name: str) -> str:
    return name.replace("_", "-")
