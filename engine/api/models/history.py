"""Questions to the history in SQL, and their answers."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from engine.api.models.base import Model

SQL_MAX, ROWS_MAX, SECONDS_MAX = 20_000, 10_000, 30.0


class Question(Model):
    """One SELECT over the views of the history. It reads no files and changes nothing."""

    sql: Annotated[str, StringConstraints(min_length=1, max_length=SQL_MAX)] = Field(
        examples=["SELECT strategy, sum(realised) FROM trades GROUP BY strategy"]
    )
    """DuckDB's dialect."""
    limit: int = Field(1_000, ge=1, le=ROWS_MAX)
    """Rows at the most."""
    within_s: float = Field(10.0, gt=0, le=SECONDS_MAX)
    """Seconds after which it is interrupted."""


class Table(Model):
    """What the history answers."""

    columns: tuple[str, ...]
    """Names, in order."""
    types: tuple[str, ...]
    """DuckDB's names of their types; instants are UTC."""
    rows: tuple[tuple[Any, ...], ...]
    """Values as JSON has them: amounts as numbers, instants as ISO text, what is absent as null."""
    is_cut: bool
    """Whether there were more rows than were asked for."""
    took_ms: float
    """Milliseconds."""
