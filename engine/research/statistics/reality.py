"""White's reality check and Hansen's test of superior predictive ability: is the best of many better than what one has, or is
that what the best of many is anyway?

Sources: White, A Reality Check for Data Snooping, Econometrica 68 (2000); Hansen, A Test for Superior Predictive Ability, Journal
of Business & Economic Statistics 23 (2005). The bootstrap is that of `arch`.
"""

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from engine.domain.errors import UserError
from engine.research.statistics.sharpe import Floats

DRAWS = 1_000
MISSING = "this needs the extra packages of research; install them: pip install 'ibkr-spreads[research]'"


@dataclass(frozen=True, slots=True)
class Reality:
    """Chances that the best of the trials is no better than the present file: small ones speak for it."""

    white: float
    hansen: float


def reality_check(present: Floats, trials: Floats, block: int, seed: int = 0) -> Reality | None:
    """Results of the present file, and of the trials (observations x trials), drawn anew in blocks of days.

    `block` is at least the longest holding: results of days that share a position hang together. None where no trial differs from
    the present file. Raises UserError where the packages are missing.
    """
    if find_spec("arch") is None:
        raise UserError(MISSING)
    from arch.bootstrap import SPA  # noqa: PLC0415 - an extra package, and half a second

    moving = trials[:, np.abs(trials - present[:, None]).max(axis=0) > 0]
    if not moving.shape[1]:
        return None
    # It takes losses: what is lost is the result with the other sign.
    test = SPA(-present, -moving, block_size=min(block, len(present) // 2), reps=DRAWS, bootstrap="stationary", seed=seed)
    test.compute()
    chances = dict(zip(test.pvalues.index, test.pvalues.to_numpy().tolist(), strict=True))
    return Reality(chances["upper"], chances["consistent"])
