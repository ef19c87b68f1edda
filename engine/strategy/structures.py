"""The names that traders give to structures: which one of the language is meant, which are for later, which never."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.strategy.reading.spelling import nearest
from engine.strategy.scalars.scalar import shortened
from engine.strategy.way_out import did_you_mean

_NAKED = (
    "short_put",
    "short_call",
    "naked_put",
    "naked_call",
    "cash_secured_put",
    "covered_call",
    "short_straddle",
    "short_strangle",
    "straddle",
    "strangle",
    "ratio",
    "jade_lizard",
)

_LATER = ("iron_condor", "iron_butterfly", "butterfly", "broken_wing_butterfly", "calendar", "diagonal")
"""Structures that the language will have and this version does not."""

_OTHER_NAMES = {
    "put_credit_spread": "bull_put",
    "bull_put_spread": "bull_put",
    "short_put_spread": "bull_put",
    "call_credit_spread": "bear_call",
    "bear_call_spread": "bear_call",
    "short_call_spread": "bear_call",
    "call_debit_spread": "bull_call",
    "bull_call_spread": "bull_call",
    "long_call_spread": "bull_call",
    "put_debit_spread": "bear_put",
    "bear_put_spread": "bear_put",
    "long_put_spread": "bear_put",
}
"""What traders call the structures of the language elsewhere."""


def no_structure(written: str, known: Sequence[str]) -> tuple[str, str]:
    """What is wrong with a type that is none of these, and the way out."""
    message, hint = f"no structure '{shortened(written)}'", f"types here: {', '.join(known)}"
    name = _plain(written)
    if name in _LATER:
        return f"'{shortened(written)}' is not there yet: this version trades spreads of two legs and one expiry", hint
    if name in _NAKED:
        return message, f"a short leg without a long one cannot be written down   {hint}"
    return message, did_you_mean(likely_structure(written, known), hint)


def likely_structure(written: str, known: Sequence[str]) -> str | None:
    """Which of these is meant by another name, or by a misspelled one."""
    name = _plain(written)
    return _OTHER_NAMES.get(name) or nearest(name, known, 0.75)


def is_of_another_kind(written: str) -> bool:
    """Whether it is a structure that this version does not have, whose keys would be others."""
    return _plain(written) in (*_LATER, *_NAKED)


def _plain(written: str) -> str:
    return re.sub(r"[\s_-]+", "_", written.strip().casefold())
