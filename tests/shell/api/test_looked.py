"""Which calls are a person's look, and that only news of them is kept."""

import pytest

from engine.api.access.looked import Looked
from engine.api.access.roles import Role, rule_of
from engine.domain.facts.running import EngineStarted, PersonLooked
from engine.domain.ledger import Ledger
from tests import given


def kept(name: str, role: Role, method: str, path: str, status: int = 200, mode: str = "paper") -> list[PersonLooked]:
    """What two calls one after the other leave behind."""
    found = list[PersonLooked]()
    ledger = given.told(Ledger(), EngineStarted("0.1", mode, given.JOURNAL_ID), at=given.NOW)  # type: ignore[arg-type]
    ledger.looks.at = None

    def keep(fact: PersonLooked) -> None:
        found.append(fact)
        given.told(ledger, fact)

    looked = Looked(lambda: given.NOW, lambda: ledger, keep)
    for _ in range(2):
        looked.saw(name, role, rule_of(method, path), status)
    return found


@pytest.mark.parametrize(
    ("name", "role", "path"),
    [("", "admin", "/v1/status"), ("", "admin", "/v1/stream"), ("phone", "trader", "/v1/positions")],
)
def test_command_console_and_key_of_a_trader_look(name: str, role: Role, path: str) -> None:
    (look,) = kept(name, role, "GET", path)

    assert look == PersonLooked(name or "the socket in the state folder", f"GET {path}")


@pytest.mark.parametrize(
    ("name", "role", "path", "status", "mode"),
    [
        ("", "admin", "/health", 200, "paper"),
        ("", "admin", "/metrics", 200, "paper"),
        ("board", "viewer", "/v1/status", 200, "paper"),
        ("phone", "trader", "/v1/positions", 403, "paper"),
        ("phone", "trader", "/v1/nowhere", 404, "paper"),
        ("", "admin", "/v1/status", 200, "sim"),
    ],
)
def test_programs_strangers_and_simulations_do_not(name: str, role: Role, path: str, status: int, mode: str) -> None:
    assert kept(name, role, "GET", path, status, mode) == []
