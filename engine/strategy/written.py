"""The base of everything that stands in a file of the trader."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo


class Written(BaseModel):
    """What stands in a file: nothing unknown is accepted and nothing changes after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, use_attribute_docstrings=True)

    last_keys: ClassVar[tuple[str, ...]] = ()
    """Fields that stand behind all others, though a base class has them."""
    defaults_lead: ClassVar[bool] = False
    """Whether the way out of a value below it is the default: of limits no example and no guess lets through much more."""


def fields_in_order(model: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    """The fields of a model as a reader expects them."""
    last: tuple[str, ...] = getattr(model, "last_keys", ())
    return sorted(model.model_fields.items(), key=lambda item: last.index(item[0]) if item[0] in last else -1)
