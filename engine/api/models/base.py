"""What the answers and bodies of the API have in common.

Every model is frozen and refuses what it does not know: a row that gained or lost a value fails where it is sent, not where a
screen draws it. The sentence below a field is its description in the OpenAPI document, with unit and sign.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints, WithJsonSchema

WHO_MAX, REASON_MAX, NAME_MAX = 60, 500, 60


def _iso(instant: datetime) -> str:
    return instant.isoformat()


Instant = Annotated[
    datetime,
    PlainSerializer(_iso, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A moment with its zone, UTC in everything that the engine says, as ISO 8601."""
Who = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=WHO_MAX, pattern=r"^[\w .@:-]+$")]
"""Who says something, as the journal keeps it."""
# Spaces at the ends are cut off behind the bound, which so is that of the document: of the text as it is sent.
Reason = Annotated[str, StringConstraints(max_length=REASON_MAX), AfterValidator(str.strip)]
"""Why; kept in the journal."""
NeededReason = Annotated[str, StringConstraints(min_length=1, max_length=REASON_MAX, pattern=r"\S"), AfterValidator(str.strip)]
"""Why, where nothing is done without a reason."""
OrderRef = Annotated[str, StringConstraints(max_length=NAME_MAX)]
"""Reference of an order, and of the position that it opened: sp3f2a1-261130-0004."""
Name = Annotated[str, StringConstraints(max_length=NAME_MAX)]
"""Name of a strategy, a breaker or a preset."""
Net = Annotated[Decimal, Field(max_digits=12, decimal_places=6)]
"""USD per share, + received and - paid."""


class Model(BaseModel):
    """One answer, one body, or a part of either."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
