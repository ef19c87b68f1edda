"""What was known beside the chain when an order was proposed: `state/chains/date=YYYY-MM-DD/scenes.jsonl`, one line a proposal.

With it, the archived chain and the journal, the decision can be asked for again by other code or other files.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from engine.domain.chain import MarketState
from engine.domain.errors import UserError
from engine.domain.snapshot import AccountValues, DataQuality
from engine.store.chains import FOLDER

FILE = "scenes.jsonl"


@dataclass(frozen=True, slots=True)
class Scene:
    """The rest of a snapshot, but for what the journal's facts add up to."""

    at: datetime
    snapshot: str
    code: str
    """Digest of the sources that decided."""
    market: dict[str, MarketState]
    """By underlying."""
    account: AccountValues
    data: DataQuality


def save(state: Path, scene: Scene) -> None:
    """Add a scene to those of its day. Raises UserError where it cannot be written."""
    path = _path(state, scene.at.astimezone(UTC).date())
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(msgspec.json.encode(scene) + b"\n")
    except OSError as error:
        raise UserError(f"{path}: what was known of the market cannot be kept ({error.strerror or error})") from error


def scenes(state: Path, day: date) -> Iterator[Scene]:
    """The scenes of a day of UTC, oldest first; a line that was torn by a power cut is passed over."""
    path = _path(state, day)
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        try:
            yield msgspec.json.decode(line, type=Scene)
        except msgspec.DecodeError:
            continue


def _path(state: Path, day: date) -> Path:
    return state / FOLDER / f"date={day:%Y-%m-%d}" / FILE
