"""The numbers of a spread, level by level, and which rows live to have the dear ones computed.

The optimiser inlines every number into each later use of it, copies within copies. A lean scan is faster so. A normal
distribution inlined thirty times takes longer to plan than to run, and costs as much as all other numbers of a spread
together. Where one is needed, everything else is therefore computed and judged first; the rows that are left are kept with
no more columns than the rest of the way needs, and the steps around each normal distribution are computed once and kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.compile.normal import needs_normal
from engine.compile.pairs import conjunction, sound
from engine.compile.spreads import Numbers, words
from engine.compile.sql import Parameters
from engine.strategy.spreads.structure import Structure


@dataclass(frozen=True, slots=True)
class Priced:
    """The numbers that some SQL over spreads needs."""

    numbers: Numbers
    fragments: tuple[str, ...]
    sound: tuple[str, ...]
    columns: list[str]
    """Columns of the chain that the steps and the SQL use of any leg."""

    @staticmethod
    def for_sql(
        fragments: Sequence[str], spread: Structure, numbers: Numbers, parameters: Parameters, minimum_fee: float
    ) -> Priced:
        makes_sense = sound(spread)
        needed = [name for level in numbers.levels([*fragments, *makes_sense]) for name in level]
        if "fees" in needed:
            parameters.named("minimum_fee", minimum_fee)
        first, roles = spread.shape.legs[0].role, spread.shape.roles
        used = [*fragments, *(numbers.steps[name] for name in needed), f"{first}_strike", f"{first}_bid"]
        used += [f"{first}_delta"] * any(spread.delta_of(role) for role in roles)
        return Priced(numbers, tuple(fragments), tuple(makes_sense), numbers.leg_columns(used))

    def only_for(self, fragments: Sequence[str]) -> Priced:
        """The numbers that some of the SQL needs by itself, whether or not the price makes sense, and the strikes by which sides
        meet."""
        needed = [self.numbers.steps[name] for level in self.numbers.levels(fragments) for name in level]
        strike = f"{self.numbers.shape.legs[0].role}_strike"
        return Priced(self.numbers, tuple(fragments), (), self.numbers.leg_columns([*fragments, *needed, strike]))

    def is_heavy(self) -> bool:
        """Whether any of it needs a normal distribution."""
        return any(map(self.numbers.is_heavy, [*self.fragments, *self.sound]))

    def kept(self, last: Sequence[str], rows: Sequence[str]) -> str:
        """Every number computed once and kept, then `last`, whose step is named `priced`; beside it only `rows`."""
        named = [*self._named(self.numbers.levels([*self.fragments, *self.sound])), list(last)]
        return _chain("pairs", self._available((), rows), named, [*rows, *self._uses(self.sound)], all_kept=True)

    def inlined(self, last: Sequence[str], source: str = "pairs") -> str:
        """One step a level, none of them kept, then `last`, whose step is named `priced`: for SQL that is not heavy."""
        named = [*self._named(self.numbers.levels([*self.fragments, *self.sound])), list(last)]
        return "".join(_step(source if n == 1 else f"priced_{n - 1}", _name(n, named), columns) for n, columns in _counted(named))

    def sieved(
        self,
        early: Sequence[str],
        late: Sequence[str],
        last: Sequence[str],
        rows: Sequence[str],
        *,
        source: str = "pairs",
        known: Sequence[str] = (),
    ) -> str:
        """What is not heavy first: only rows that fulfil all of `early` live to the rest. Then `last`, in the step `priced`.

        `late` is what is asked of `priced`; beside what it needs, `priced` has `rows`. Numbers that are `known` are columns of
        the source.
        """
        numbers = self.numbers
        lean = numbers.levels(early, known)
        known = [*known, *(name for level in lean for name in level)]
        rest = numbers.levels([*late, *last], known)
        named = self._named(lean)
        steps = "".join(_step(source if n == 1 else f"lean_{n - 1}", f"lean_{n}", columns) for n, columns in _counted(named))
        wanted = [*rows, *self._uses(late)]
        needed = {*wanted, *words(" ".join([*last, *(numbers.steps[name] for level in rest for name in level)]))}
        columns = [name for name in self._available(known, rows) if name in needed]
        steps += f""",
sieved AS MATERIALIZED (
  SELECT {", ".join(columns)}
  FROM {f"lean_{len(named)}" if named else source}
  WHERE {conjunction(early, 4)}
)"""  # noqa: S608 - no word of the trader: fixed text and named numbers
        return steps + _chain("sieved", columns, [*self._named(rest), list(last)], wanted)

    def _named(self, levels: Sequence[Sequence[str]]) -> list[list[str]]:
        return [[f"{self.numbers.steps[name]} AS {name}" for name in level] for level in levels]

    def _uses(self, fragments: Iterable[str]) -> list[str]:
        """Names of steps and of columns of the legs in these fragments."""
        available = set(self._available(self.numbers.steps, ()))
        return [name for name in dict.fromkeys(words(" ".join(fragments))) if name in available]

    def _available(self, steps: Iterable[str], rows: Sequence[str]) -> list[str]:
        legs = [f"{role}_{column}" for column in self.columns for role in self.numbers.shape.roles]
        return list(dict.fromkeys([*rows, *legs, *steps]))


def _chain(
    source: str, available: list[str], named: Sequence[Sequence[str]], wanted: Sequence[str], *, all_kept: bool = False
) -> str:
    """Steps that are kept where a normal distribution is near, each with the columns that are still needed behind it."""
    steps: list[str] = []
    for n, level in _counted(named):
        needed = {*wanted, *words(" ".join(sql for later in named[n:] for sql in later))}
        near = [sql for some in named[n - 1 : n + 1] for sql in some]
        is_kept = all_kept or any(map(needs_normal, near))
        steps.append(_step(source, _name(n, named), level, [name for name in available if name in needed] if is_kept else None))
        source, available = _name(n, named), [*available, *(one.rsplit(" AS ", 1)[1] for one in level)]
    return "".join(steps)


def _counted(named: Sequence[Sequence[str]]) -> Iterable[tuple[int, Sequence[str]]]:
    return enumerate(named, 1)


def _name(n: int, named: Sequence[Sequence[str]]) -> str:
    return "priced" if n == len(named) else f"priced_{n}"


def _step(source: str, name: str, columns: Sequence[str], beside: Sequence[str] | None = None) -> str:
    """One step: these columns beside all that there is; or beside some of it, and then the step is kept."""
    listed = ",\n    ".join([*[", ".join(["*"] if beside is None else beside)] * (beside != []), *columns])
    return f",\n{name} AS {'' if beside is None else 'MATERIALIZED '}(\n  SELECT {listed}\n  FROM {source}\n)"  # noqa: S608 - no word of the trader: fixed text and named numbers
