"""Keeps what the broker told of contracts, a file for each underlying, so that a start asks little.

What is read is a stranger's text: a file that is odd in any way is refused as a whole, said, and asked for anew. Nothing here is
missed where it is lost.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec

from engine.domain.contract import Contract
from engine.ports import ContractList, ListedPart, Underlying

FOLDER, FORMAT = "contracts", 1
FILE_MAX, CONTRACTS_MAX, FILES_MAX = 16 << 20, 100_000, 200
"""Bytes and contracts of one underlying, and underlyings: SPX has some 20,000 options in 2 MB."""
STANDARD_MULTIPLIER = 100
_DAYS_APART = 7
"""At the most, from the last trading day to the expiration day."""

_Number = Annotated[int, msgspec.Meta(gt=0, lt=2**31)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
_Strike = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,6}(\.[0-9]{1,4})?$")]


class _Underlying(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    symbol: _Name
    con_id: _Number
    kind: Literal["IND", "STK"]
    exchange: _Name
    primary_exchange: Annotated[str, msgspec.Meta(max_length=20)]
    currency: Literal["USD"]


class _Option(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    con_id: _Number
    expiry: date
    strike: _Strike
    multiplier: Literal[100]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    root: _Name
    listed: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{8}$")]
    right: Literal["C", "P"]
    contracts: tuple[_Option, ...]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal[1]
    told_at: Annotated[datetime, msgspec.Meta(tz=True)]
    underlying: _Underlying
    strikes: dict[_Name, tuple[float, ...]]
    parts: tuple[_Part, ...]


@dataclass(frozen=True, slots=True)
class ContractFiles:
    """`ports.ContractShelf` in the state folder; `say` tells people what could not be used or kept."""

    state: Path
    say: Callable[[str], None]

    def load(self, symbol: str) -> ContractList | None:
        path = file_of(self.state, symbol)
        try:
            return read(path, symbol)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as problem:
            self.say(f"{path}: what was kept of the contracts of {symbol} is not used ({_why(problem)}); TWS is asked for them")
            return None

    def keep(self, found: ContractList) -> None:
        """Never raises: what is not kept is asked for again."""
        path = file_of(self.state, found.underlying.symbol)
        trial = path.with_suffix(".tmp")
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            with os.fdopen(os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(msgspec.json.encode(_written(found)))
            trial.replace(path)
            for old in _oldest_beyond(path.parent, FILES_MAX):
                old.unlink(missing_ok=True)
        except OSError as problem:
            self.say(f"{path}: the contracts of {found.underlying.symbol} are not kept: {problem.strerror}")


def file_of(state: Path, symbol: str) -> Path:
    """Where those of an underlying are kept; a symbol is no path."""
    return state / FOLDER / f"{quote(symbol, safe='')}.json"


def read(path: Path, symbol: str) -> ContractList:
    """What a file holds. Raises OSError where it cannot be read, ValueError where it is odd in any way."""
    size = path.stat().st_size
    if size > FILE_MAX:
        raise ValueError(f"it has {size:,} bytes")
    found = msgspec.json.decode(path.read_bytes(), type=_File)
    if found.underlying.symbol != symbol:
        raise ValueError(f"it is of {found.underlying.symbol}")
    under = found.underlying
    underlying = Underlying(symbol, under.con_id, under.kind, under.exchange, under.primary_exchange, under.currency)
    strikes = {root: tuple(some) for root, some in found.strikes.items()}
    parts = tuple(_part(symbol, part) for part in found.parts)
    numbers = [contract.con_id for part in parts for contract in part.contracts]
    if len(numbers) > CONTRACTS_MAX:
        raise ValueError(f"it has {len(numbers):,} contracts")
    if len(set(numbers)) != len(numbers):
        raise ValueError("it names a contract twice")
    if len({(part.root, part.listed, part.right) for part in parts}) != len(parts):
        raise ValueError("it has a list twice")
    return ContractList(underlying, found.told_at.astimezone(UTC), strikes, parts)


def told(state: Path) -> Iterator[tuple[str, ContractList | None]]:
    """Every underlying of which something is kept, by name; None where its file cannot be used."""
    for path in sorted((state / FOLDER).glob("*.json")):
        symbol = path.stem.replace("%20", " ")
        try:
            yield symbol, read(path, symbol)
        except (OSError, ValueError):
            yield symbol, None


def _part(symbol: str, part: _Part) -> ListedPart:
    last = datetime.strptime(part.listed, "%Y%m%d").replace(tzinfo=UTC).date()
    contracts: list[Contract] = []
    for one in part.contracts:
        strike = Decimal(one.strike)
        if not strike or not 0 <= (one.expiry - last).days <= _DAYS_APART:
            raise ValueError(f"contract {one.con_id} cannot be: {one.strike}, {one.expiry}, listed {part.listed}")
        contracts.append(Contract(one.con_id, symbol, part.root, one.expiry, strike, part.right, one.multiplier))
    return ListedPart(part.root, part.listed, part.right, tuple(contracts))


def _written(found: ContractList) -> _File:
    under = found.underlying
    kind = "IND" if under.kind == "IND" else "STK"
    underlying = _Underlying(under.symbol, under.con_id, kind, under.exchange, under.primary_exchange, "USD")
    strikes = {root: tuple(some) for root, some in found.strikes.items()}
    parts = tuple(_Part(one.root, one.listed, one.right, tuple(map(_option, one.contracts))) for one in found.parts)
    return _File(FORMAT, found.told_at, underlying, strikes, parts)


def _option(one: Contract) -> _Option:
    return _Option(one.con_id, one.expiry, f"{one.strike.normalize():f}", STANDARD_MULTIPLIER)


def _oldest_beyond(folder: Path, most: int) -> list[Path]:
    files = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    return files[most:]


def _why(problem: OSError | ValueError) -> str:
    return problem.strerror or str(problem) if isinstance(problem, OSError) else str(problem)[:200]
