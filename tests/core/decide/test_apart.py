"""A part of the decision that fails stops no other, says where it failed, and is left alone while it rests."""

from types import ModuleType

import pytest

from engine.decide import decide as deciding
from engine.decide.decide import decide
from engine.decide.exit import exits as exiting
from engine.decide.exit import held as holding
from engine.domain.decision import Fault, Halt, Propose, RecordFunnel, Send, Settle
from engine.domain.facts.orders import OrderApproved
from engine.domain.snapshot import Snapshot
from tests import given

RULES = given.strategy("exits:\n  - time >= 09:35 New York")


def two_positions() -> Snapshot:
    second = given.proposal("o2", of=given.spread(short=570, long=565), by=RULES)
    known = given.ledger(*given.opened(given.proposal(by=RULES)), *given.opened(second))
    return given.snapshot(known)


def breaking(monkeypatch: pytest.MonkeyPatch, module: object, name: str, when: object = None) -> None:
    """From here on the function of the module fails, where its first argument is `when` if that is said."""
    real = getattr(module, name)

    def fails(first: object, *more: object) -> object:
        if when is None or getattr(first, "id", None) == when:
            raise KeyError("a number that nobody thought of")
        return real(first, *more)

    monkeypatch.setattr(module, name, fails)


def test_entries_that_fail_leave_exits_and_orders_to_act(monkeypatch: pytest.MonkeyPatch) -> None:
    breaking(monkeypatch, deciding, "entries")
    idle = given.strategy("exits:\n  - dte <= 1")
    found = decide(given.snapshot(given.ledger()), given.rulebook(idle))
    closes = decide(two_positions(), given.rulebook(RULES))

    [fault] = found
    assert isinstance(fault, Fault)
    assert fault.place == "entries"
    assert fault.text.startswith("KeyError: 'a number that nobody thought of' (")
    assert [one.order.position for one in closes if isinstance(one, Propose)] == ["o1", "o2"]


@pytest.mark.parametrize(("module", "step"), [(exiting, "settled"), (holding, "_row")])
def test_exits_of_one_position_that_fail_leave_the_others_theirs_and_open_nothing(
    module: ModuleType, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaking(monkeypatch, module, step, when="o1")

    found = decide(two_positions(), given.rulebook(RULES))

    assert [one.place for one in found if isinstance(one, Fault)] == ["exits of o1"]
    assert [one.order.position for one in found if isinstance(one, Propose)] == ["o2"]
    assert not any(isinstance(one, RecordFunnel) for one in found)


def test_nothing_opens_in_the_look_in_which_a_part_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    breaking(monkeypatch, deciding, "exits")
    order = given.proposal(by=RULES)
    known = given.ledger(order, given.previewed("o1"), OrderApproved("o1", "auto", order.limit))

    assert any(isinstance(one, Send) for one in decide(given.snapshot(known), given.rulebook(RULES))) is False
    monkeypatch.undo()
    assert any(isinstance(one, Send) for one in decide(given.snapshot(known), given.rulebook(RULES)))


def test_breakers_that_fail_stop_no_exit(monkeypatch: pytest.MonkeyPatch) -> None:
    breaking(monkeypatch, deciding, "halt_due")

    found = decide(two_positions(), given.rulebook(RULES))

    assert [one.place for one in found if isinstance(one, Fault)] == ["halts"]
    assert sum(isinstance(one, Propose) for one in found) == 2
    assert not any(isinstance(one, Halt | Settle) for one in found)


def test_part_that_rests_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    breaking(monkeypatch, deciding, "entries")
    known = given.ledger()

    assert decide(given.snapshot(known, resting=frozenset({"entries"})), given.rulebook(RULES)) == []
