"""A trader's file held against the language, without putting it in force."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from engine.api.models.base import Model

TEXT_MAX = 200_000
"""Characters of a file; a strategy has some thousand."""


class CheckWord(Model):
    """A file to check."""

    text: Annotated[str, StringConstraints(max_length=TEXT_MAX)]
    """What stands in it, YAML."""
    file: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^/\\\x00]+$")] = Field(
        "strategy.yaml", examples=["spx_bull_put.yaml"]
    )
    """Its name: account.yaml, common.yaml and events.yaml are checked as such."""


class FileProblem(Model):
    """One problem, with its place."""

    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    end_column: int
    """The first column after what is marked."""
    severity: Literal["error", "warning"]
    """A file with an error is not put in force."""
    message: str
    """What was found."""
    hint: str
    """The way out."""


class Checked(Model):
    """What the language says of a file."""

    is_good: bool
    """Whether it could be put in force: it has no error."""
    problems: tuple[FileProblem, ...]
    """In order of place."""
    rendered: str
    """All of them as the command line shows them."""
    meaning: tuple[str, ...]
    """What a good strategy says, in sentences."""
