"""The exchange's fee of every row of a layout at once, by the class and the premium of the option."""

from collections.abc import Sequence

import numpy as np

from engine.pricing.fees import EXCHANGE_FEES

_HALF_STEP = 1e-9
"""A mid of a dollar is a dollar, whatever its last bit."""


class ExchangeFees:
    """The fee steps of each row; for one contract, so that what only larger orders pay is 0."""

    def __init__(self, roots: Sequence[str]) -> None:
        """`roots` are the trading classes by row."""
        known = sorted({root for root in roots if root in EXCHANGE_FEES and EXCHANGE_FEES[root].contracts_from == 1})
        most = max((len(EXCHANGE_FEES[root].steps) for root in known), default=1)
        self._premium_from = np.full((len(known) + 1, most), np.inf)
        self._fee = np.zeros((len(known) + 1, most))
        for code, root in enumerate(known, 1):
            for place, step in enumerate(EXCHANGE_FEES[root].steps):
                self._premium_from[code, place], self._fee[code, place] = float(step.premium_from), float(step.fee)
        codes = {root: code for code, root in enumerate(known, 1)}
        self._code = np.array([codes.get(root, 0) for root in roots], dtype=np.int64)

    def of(self, rows: np.ndarray, mid: np.ndarray) -> np.ndarray:
        """USD for one contract of each of these rows at these premiums; NaN where the premium is not known."""
        code = self._code[rows]
        holds = mid[:, None] + _HALF_STEP >= self._premium_from[code]
        first = np.argmax(holds, axis=1)
        fee = np.where(holds.any(axis=1), self._fee[code, first], 0.0)
        return np.where(np.isfinite(mid), fee, np.nan)
