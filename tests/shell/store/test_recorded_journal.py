"""A journal that version 0.1 wrote folds to the books that version 0.1 made of it.

The two days of a demonstration of verticals are its facts as they were recorded; only the folders of its strategy files were cut
off, and the chain sealed anew. `summary.json` is what the fold of version 0.1 made of them.
"""

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pytest

from engine.domain.ledger import Ledger
from engine.store import checkpoint

JOURNALS = Path(__file__).parent / "journals"
ACCOUNT = "DU1234567"


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    state = tmp_path_factory.mktemp("state")
    (state / "journal").mkdir()
    for packed in sorted(JOURNALS.glob("*.jsonl.gz")):
        (state / "journal" / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
    found = checkpoint.recover(state, ACCOUNT)
    found.journal.close()
    assert (found.warnings, found.odd) == ((), ())
    assert found.journal.head.seq == checkpoint.verify(state) == 1409
    return found.ledger


def summary(books: Ledger) -> dict[str, object]:
    """Orders, positions and cash in words that outlive the classes that hold them."""
    return {
        "orders": {
            order.ref: [order.state, order.filled, _told(order.net_filled), _told(order.commission)]
            for order in books.orders.values()
        },
        "positions": {
            one.id: {
                "spread": str(one.spread),
                "opened": one.opened,
                "closed": one.closed,
                "opening_net": _told(one.opening_net),
                "closing_net": _told(one.closing_net),
                "realised": _told(one.realised),
                "unrealised at 0": _told(one.unrealised(Decimal(0))),
                "fees": _told(one.fees),
                "max_loss": _told(one.max_loss),
                "excess": one.excess,
                "opened_at": one.opened_at.isoformat(),
                "closed_at": one.closed_at.isoformat() if one.closed_at else None,
                "close_reason": one.close_reason,
            }
            for one in books.positions.values()
        },
        "open": [one.id for one in books.open_positions()],
        "contracts": {str(con_id): count for con_id, count in sorted(books.contracts_held().items())},
        "cash": _told(_cash(books)),
    }


def test_journal_of_version_0_1_folds_to_the_same_books(books: Ledger) -> None:
    expected = json.loads((JOURNALS / "summary.json").read_text())

    assert json.loads(json.dumps(summary(books))) == expected


def _cash(books: Ledger) -> Decimal:
    """USD that every execution and every commission brought, + received."""
    cash = Decimal(0)
    for order in books.orders.values():
        multiplier = order.spread.multiplier
        for fill in order.fills.values():
            cash += fill.price * fill.quantity * multiplier * (1 if fill.action == "sell" else -1)
        cash -= order.commission
    return cash


def _told(amount: Decimal | None) -> str | None:
    """To six decimals, a zero without its sign: averages may be of thirds."""
    return None if amount is None else f"{round(amount, 6) + 0:.6f}"
