"""A message that could not be decoded: what of it can be read all the same, by the place where it stands.

Places as of server version 157 to 178; the names of an order come before all that differs between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.broker.orders.names import RowNames

KINDS = {
    "1": "price", "2": "size", "3": "order status", "4": "error", "5": "open order", "6": "account value", "7": "portfolio",
    "8": "account time", "9": "next order id", "10": "contract", "11": "execution", "15": "accounts", "17": "daily bars",
    "21": "greeks", "45": "value", "46": "text", "49": "time", "52": "end of contracts", "53": "end of open orders",
    "54": "end of account values", "55": "end of executions", "58": "kind of market data", "59": "commission", "61": "position",
    "62": "end of positions", "75": "expiries and strikes", "76": "end of expiries and strikes", "81": "tick parameters",
    "94": "result of the day", "101": "completed order", "102": "end of completed orders",
}  # fmt: skip
_REQUEST_AT = {"1": 2, "2": 2, "4": 2, "10": 1, "11": 1, "17": 1, "21": 1, "52": 2, "55": 2, "75": 1, "76": 1}
_NAMES_AT = {"3": (None, 6, 1, 9), "5": (23, 25, 1, 24), "11": (26, 21, 2, 22)}
"""Reference, permanent id, order id, client id."""
_ACCOUNT_AT, _POSITION_CON_ID_AT = 2, 3


@dataclass(frozen=True, slots=True)
class Garbled:
    """One message as fields of text."""

    fields: Sequence[str]

    @property
    def number(self) -> str:
        return self.fields[0] if self.fields else ""

    @property
    def kind(self) -> str:
        return KINDS.get(self.number, "unknown message")

    @property
    def request(self) -> int:
        """The request that it answers; -1 where it answers none or nobody can read which."""
        at = _REQUEST_AT.get(self.number)
        return -1 if at is None else self._whole(at, -1)

    @property
    def names(self) -> RowNames:
        """How it names an order, as far as that can be read."""
        ref_at, perm_at, order_at, client_at = _NAMES_AT.get(self.number, (None, None, None, None))
        ref = self._text(ref_at) if ref_at is not None else ""
        return RowNames(ref, self._whole(perm_at, 0), self._whole(order_at, 0), self._whole(client_at, 0))

    @property
    def account(self) -> str:
        """Of a position."""
        return self._text(_ACCOUNT_AT)

    @property
    def con_id(self) -> int:
        """Of a position; 0 where nobody can read it."""
        return self._whole(_POSITION_CON_ID_AT, 0)

    def _text(self, at: int) -> str:
        return self.fields[at] if at < len(self.fields) else ""

    def _whole(self, at: int | None, otherwise: int) -> int:
        text = "" if at is None else self._text(at)
        return int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 20 else otherwise
