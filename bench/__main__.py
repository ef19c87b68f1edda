"""python -m bench: measures side by side in one run, prints ratios and the goals beside them; asserts nothing."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence

from bench import best_set, console, decide, edits, faces, latency, many, more_legs, pipeline, research, vertical
from bench.timing import Taken

_LABEL = 52
Loads = Mapping[str, latency.Latency]


def main(
    effort: float = 1.0,
    sizes: Callable[[], Sequence[vertical.Size]] = vertical.sizes,
    loads_of: Callable[[], Loads] = latency.loads,
    of_faces: Callable[[], None] = faces.printed,
    of_research: Callable[[], None] = research.printed,
) -> None:
    """All tables, then the goals. `effort` is how long is measured, as a share; 2,000 and 20,000 contracts must be among the
    sizes. `loads_of` and `of_faces` measure a running engine, by the clock, `of_research` backtests."""
    started = time.perf_counter()
    print(f"Medians of interleaved runs on {os.cpu_count()} cores at load {os.getloadavg()[0]:.1f}: compare ratios only.")
    print("cpu counts all threads of a contender; where the machine is busy it says more than wall.\n")
    scans = {}
    for chain, bounds in sizes():
        measured = vertical.measure(chain, bounds, seconds=12 * effort)
        scans[measured.contracts] = measured
        same = "all found the same rows" if not measured.differing else f"DIFFERENT rows: {', '.join(measured.differing)}"
        _table(f"Bull put scan, {measured.contracts:,} contracts, {measured.rows} kept; {same}", measured.taken, vertical.LOOPS)
    structures = _structures(effort)
    fifty = many.verticals(seconds=10 * effort)
    _table(f"Fifty bull puts, 20,000 contracts; {_same(fifty)}", fifty.taken, many.LOOPS)
    looks, finding = many.one_look(seconds=10 * effort)
    title = f"Fifty strategies of mixed structures, one look with all candidates; {finding} of them found some"
    _table(title, looks, many.EVERY_LOOK)
    handed = pipeline.hand_over(seconds=10 * effort)
    _table("Snapshot hand-over, 20,000 contracts", handed, pipeline.HAND_OVER)
    ticks = pipeline.one_tick(seconds=5 * effort)
    _table(f"{pipeline.MESSAGES:,} ticks (a millisecond here is a microsecond a tick)", ticks, pipeline.STORE)
    found = pipeline.tick_to_candidate(seconds=10 * effort)
    _table(f"{pipeline.TICKS} ticks to candidates, 20,000 contracts", found, pipeline.PRODUCT)
    tables, key_p95 = console.tables(rounds=max(1, round(3 * effort)))
    _table("A tick of 200 changes in 2,000 rows of 16 columns, 170 x 50; four a second", tables, console.PRODUCT)
    fresh, seasoned = decide.milliseconds([decide.with_history(0), decide.with_history(decide.ORDERS)])
    chosen_ms, asked, offers = best_set.measured()
    changed = asyncio.run(edits.measured(edits.EDITS))
    print(edits.lines(changed, edits.EDITS) + "\n")
    loads = loads_of()
    _latencies(loads)
    of_faces()
    of_research()
    _goals(scans, handed, ticks, found)
    _goals_of_structures(*structures)
    _at_most("G8 fifty verticals, x fifty numba passes", fifty.taken, many.SHARED, many.LOOPS, 10)
    _at_least("G8 fifty verticals, faster than fifty scans", fifty.taken, many.APART, many.SHARED, 3.5)
    _of_the_console(tables, key_p95)
    beat = loads[latency.FULL].between_beats
    for name, look in looks.items():
        _line(f"fifty mixed, {name}: ms, a beat at 1,300/s", look.wall, look.cpu, "<=", beat)
    print(_goal(f"best set of {offers} openings, asked {asked} times, ms", chosen_ms, "<=", best_set.MOST_MS))
    print(_goal("an edit beside fifty strategies, beats missed", changed.missed, "<=", 0))
    for name, load in loads.items():
        print(_goal(f"tick to what-if, ms, {name}", load.preview_median, "<=", 25))
    print(_goal(f"a decision with {decide.ORDERS:,} past orders, x one with none", seasoned / fresh, "<=", decide.MOST))
    print(f"\n{time.perf_counter() - started:.0f} s in all.")


def _of_the_console(tables: Mapping[str, Taken], key_p95: Taken) -> None:
    share = tables[console.PRODUCT].cpu * console.TICKS_PER_SECOND / 10
    print(
        f"  {'live table, % of a core at 800 changes/s':<{_LABEL}} <= {10:>8,.2f}   cpu  {share:>9,.2f} {_word(share, '<=', 10)}"
    )
    _at_least("live table, less work than textual's DataTable", tables, console.STOCK, console.PRODUCT, 5)
    print(_goal(f"a key until its row is drawn, ms, p95 ({key_p95.cpu:.0f} of the processor)", key_p95.wall, "<=", 50))


def _structures(effort: float) -> tuple[more_legs.Condors, more_legs.Compared, more_legs.Ranked]:
    condors = more_legs.condors(seconds=10 * effort)
    for compared, name in ((condors.proven, "the bound proves enough"), (condors.unproven, "it proves too little")):
        _table(f"Iron condors, equal wings, 20,000 contracts, {name}; {_same(compared)}", compared.taken, more_legs.LOOPS)
    often = f"{condors.searched_on} of {condors.tried}"
    print(
        f"  Of {condors.tried} condors with other numbers the bound proved too little, and the rest was searched, for {often}.\n"
    )
    flies, diagonals = more_legs.butterflies(seconds=5 * effort), more_legs.diagonals(seconds=5 * effort)
    _table(f"Put butterflies, 20,000 contracts; {_same(flies)}", flies.taken, more_legs.KEYED)
    _table(f"Put diagonals, 20,000 contracts; {_same(diagonals.compared)}", diagonals.compared.taken, more_legs.RANKED)
    often = f"{diagonals.searched_on} of {diagonals.tried}"
    print(f"  Of {diagonals.tried} other calendars and diagonals the best were too few, and all were asked, for {often}.\n")
    return condors, flies, diagonals


def _same(compared: more_legs.Compared | many.Many) -> str:
    return f"DIFFERENT rows: {', '.join(compared.differing)}" if compared.differing else "all found the same rows"


def _table(title: str, taken: Mapping[str, Taken], unit: str) -> None:
    base = taken[unit]
    print(f"{title}\n  {'':<{_LABEL}} {'wall ms':>9} {'cpu ms':>9} {'x ' + unit.split(',', maxsplit=1)[0][:24]:>27}")
    for name, one in sorted(taken.items(), key=lambda item: item[1].wall):
        print(f"  {name:<{_LABEL}} {one.wall:9.3f} {one.cpu:9.3f} {one.wall / base.wall:27.1f}")
    print()


def _latencies(loads: Loads) -> None:
    print("Tick to what-if and to order over TCP, TWS in a process of its own; milliseconds by its clock")
    print(f"  {'':<{_LABEL}} {'what-if':>9} {'p95':>9} {'order':>9} {'p95':>9} {'a beat every':>14}")
    for name, load in loads.items():
        title = f"{name} ({load.lines} lines, {load.messages_per_second:,}/s)"
        taken = (load.preview_median, load.preview_p95, load.order_median, load.order_p95)
        print(f"  {title:<{_LABEL}} " + " ".join(f"{ms:9.1f}" for ms in taken) + f" {load.between_beats:14.1f}")
    print()


def _goals(
    scans: Mapping[int, vertical.Measured], handed: Mapping[str, Taken], ticks: Mapping[str, Taken], found: Mapping[str, Taken]
) -> None:
    small, middle = scans[2_000].taken, scans[20_000].taken
    per_tick = ticks[pipeline.STORE].wall / pipeline.MESSAGES * 1e3
    print("Goals")
    _at_most("G1 scan 20k, x numba loops", middle, vertical.PRODUCT, vertical.LOOPS, 14)
    _at_least("G1 faster than polars, best shape", middle, vertical.POLARS, vertical.PRODUCT, 1.25)
    _at_least("G1 faster than polars, plain", middle, vertical.POLARS_PLAIN, vertical.PRODUCT, 2)
    _at_least("G1 faster than pandas", middle, vertical.PANDAS, vertical.PRODUCT, 5)
    _at_least("G3 prepared against own text, 2k", small, vertical.TEXT, vertical.PRODUCT, 3)
    _at_least("G3 prepared against own text, 20k", middle, vertical.TEXT, vertical.PRODUCT, 2)
    _at_least("G3 prepared against con.sql, 2k", small, vertical.CON_SQL, vertical.PRODUCT, 6)
    _at_least("G9 hand-over against object loops", handed, pipeline.OBJECT_LOOP, pipeline.HAND_OVER, 1000)
    _line("G9 microseconds to store a tick", per_tick, per_tick, "<=", 1.2)
    _at_most("G9 store against ib_async's decode", ticks, pipeline.STORE, pipeline.DECODE, 0.4)
    _at_least("G10 tick to candidate, x usual way", found, pipeline.NAIVE, pipeline.PRODUCT, 4.5)


def _goals_of_structures(condors: more_legs.Condors, flies: more_legs.Compared, diagonals: more_legs.Ranked) -> None:
    proven, unproven = condors.proven.taken, condors.unproven.taken
    _at_most("G6 condors, x numba loops", proven, more_legs.BOUNDED, more_legs.LOOPS, 8)
    _at_most("G6 condors where the rest is searched", unproven, more_legs.BOUNDED, more_legs.LOOPS, 18)
    _at_least("G6 condors, faster than polars", proven, more_legs.POLARS, more_legs.BOUNDED, 3.5)
    _at_least("G7 butterflies, faster than inequalities", flies.taken, more_legs.PLAIN, more_legs.KEYED, 6)
    ranked = diagonals.compared.taken
    _at_least("G7 diagonals, faster than inequalities", ranked, more_legs.PLAIN, more_legs.RANKED, 2)


def _at_most(goal: str, taken: Mapping[str, Taken], of: str, to: str, bound: float) -> None:
    _line(goal, taken[of].wall / taken[to].wall, taken[of].cpu / max(taken[to].cpu, 1e-6), "<=", bound)


def _at_least(goal: str, taken: Mapping[str, Taken], of: str, to: str, bound: float) -> None:
    _line(goal, taken[of].wall / taken[to].wall, taken[of].cpu / max(taken[to].cpu, 1e-6), ">=", bound)


def _line(goal: str, wall: float, cpu: float, sign: str, bound: float) -> None:
    words = [_word(ratio, sign, bound) for ratio in (wall, cpu)]
    print(f"  {goal:<{_LABEL}} {sign} {bound:>8,.2f}   wall {wall:>9,.2f} {words[0]}   cpu {cpu:>9,.2f} {words[1]}")


def _goal(goal: str, wall: float, sign: str, bound: float) -> str:
    return f"  {goal:<{_LABEL}} {sign} {bound:>8,.2f}   wall {wall:>9,.2f} {_word(wall, sign, bound)}"


def _word(value: float, sign: str, bound: float) -> str:
    return "pass" if (value <= bound if sign == "<=" else value >= bound) else "miss"


if __name__ == "__main__":
    main()
