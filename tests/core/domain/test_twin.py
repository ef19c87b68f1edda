"""A twin of the ledger hears what the ledger does not."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from engine.domain.ledger import Ledger
from engine.domain.twin import twin

CHANGES = (dict, list, set)


def test_twin_is_equal_and_shares_nothing_that_changes() -> None:
    known = Ledger()
    containers = {id(held): name for name, held in changing(known, "ledger")}

    other = twin(known)

    assert other == known
    assert [name for name, held in changing(other, "ledger") if id(held) in containers] == []
    assert {"ledger.ends.exercised", "ledger.breakers.tripped", "ledger.files.arms.standing"} <= set(containers.values())


def changing(fold: object, path: str) -> Iterator[tuple[str, object]]:
    """What a fold holds that can change, wherever it is, with the way to it."""
    for field in fields(fold):  # type: ignore[arg-type]
        held, name = getattr(fold, field.name), f"{path}.{field.name}"
        if isinstance(held, CHANGES):
            yield name, held
        elif is_dataclass(held) and not held.__dataclass_params__.frozen:
            yield name, held
            yield from changing(held, name)
