"""What was told of contracts before: used where it is of today, and held against what is told now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from ib_async import ContractDetails

from engine.broker.data.listed import STANDARD_MULTIPLIER, Part, contract_of
from engine.domain.contract import Contract, PutCall
from engine.domain.facts.running import ErrorHeard
from engine.ports import Clock, ContractList, ContractShelf, ListedPart, Publish, Underlying

NAMED_MAX = 3
"""Changed contracts that a sentence names; it counts the others."""

Name = tuple[str, date, PutCall, object]
"""Class, expiry, right and strike."""


@dataclass(slots=True)
class Warm:
    """The shelf of one session, and what it has told of each underlying."""

    shelf: ContractShelf | None
    clock: Clock
    publish: Publish
    _loaded: dict[str, ContractList | None] = field(default_factory=dict[str, ContractList | None])

    def underlying(self, symbol: str) -> Underlying | None:
        """As it was told today; None where it was not."""
        found = self._of(symbol)
        return found.underlying if found is not None and self._is_of_today(found) else None

    def lists(self, underlying: Underlying) -> tuple[dict[Part, tuple[Contract, ...]], Mapping[str, tuple[float, ...]]]:
        """Lists of contracts that were told today, and the strikes of their classes as they were listed then."""
        found = self._of(underlying.symbol)
        if found is None or not self._is_of_today(found) or found.underlying != underlying:
            return {}, {}
        return {Part(underlying, one.root, one.listed, one.right): one.contracts for one in found.parts}, found.strikes

    def keep(
        self, underlying: Underlying, strikes: Mapping[str, Iterable[float]], parts: Mapping[Part, tuple[Contract, ...]]
    ) -> None:
        """Keep what is known now, and say which terms are others than they were."""
        now = ContractList(
            underlying,
            self.clock.now(),
            {root: tuple(sorted(some)) for root, some in strikes.items()},
            tuple(ListedPart(part.root, part.listed, part.right, found) for part, found in parts.items()),
        )
        before = self._of(underlying.symbol)
        if before is not None:
            self._say_changes(before, changes(before.contracts(), now.contracts()))
        self._loaded[underlying.symbol] = now
        if self.shelf is not None:
            self.shelf.keep(now)

    def look_at(self, part: Part, details: ContractDetails) -> None:
        """Say where a contract that was known as a standard one has another multiplier now."""
        before, contract = self._of(part.underlying.symbol), contract_of(details)
        if before is None or contract.multiplier in {"", str(STANDARD_MULTIPLIER)}:
            return
        known = next((one for one in before.contracts() if one.con_id == contract.conId), None)
        if known is not None:
            self._say_changes(before, [f"{known} stands for {contract.multiplier} shares now"])

    def _of(self, symbol: str) -> ContractList | None:
        if symbol not in self._loaded:
            found = self.shelf.load(symbol) if self.shelf is not None else None
            self._loaded[symbol] = found if found is not None and found.told_at <= self.clock.now() else None
        return self._loaded[symbol]

    def _is_of_today(self, found: ContractList) -> bool:
        return found.told_at.date() == self.clock.now().date()

    def _say_changes(self, before: ContractList, told: list[str]) -> None:
        if not told:
            return
        more = f", and {len(told) - NAMED_MAX} more" if len(told) > NAMED_MAX else ""
        symbol, since = before.underlying.symbol, f"{before.told_at:%Y-%m-%d %H:%M} UTC"
        text = f"contracts of {symbol} have other terms than at {since}: {'; '.join(told[:NAMED_MAX])}{more}"
        self.publish(ErrorHeard(0, f"{text}; a split or a merger does that: look at what is held of it in TWS"))


def changes(before: Iterable[Contract], now: Iterable[Contract]) -> list[str]:
    """What became of contracts that were known: other terms under their number, or another number under their name."""
    known = {one.con_id: one for one in before}
    names = {_name(one): one for one in known.values()}
    told: list[str] = []
    for one in now:
        same = known.get(one.con_id)
        if same is not None and same != one:
            told.append(f"number {one.con_id} was {same} and is {one}")
        elif same is None and _name(one) in names:
            told.append(f"{one} was number {names[_name(one)].con_id} and is {one.con_id}")
    return told


def _name(one: Contract) -> Name:
    return one.root, one.expiry, one.put_call, one.strike
