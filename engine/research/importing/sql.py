"""A vendor's declaration as one SQL query over a file: our columns, and why a row is none of ours.

Values come as text; what cannot be read as what it should be is null. Times are UTC without a zone. `sessions` is a table of the
exchange's days: day, close, regular_close, offset_s (UTC less New York).
"""

from collections.abc import Iterator, Mapping

from engine.research.importing.maps import Clock, Column, Right, Vendor

KEYS = ("underlying", "root", "expiry", "strike", "right")
VALUES = (
    *("underlying_price", "bid", "ask", "multiplier", "bid_size", "ask_size", "last", "volume", "open_interest"),
    *("iv", "delta", "gamma", "theta", "vega"),
)
_OCC = r"^(?:O:)?([A-Z0-9.]+?)\s*(\d{6})([CP])(\d{8})$"
_POSSIBLE = {
    "bid": "{0} >= 0",
    "ask": "{0} > 0",
    "iv": "{0} > 0 AND {0} < 10",
    "delta": "abs({0}) <= 1",
    "gamma": "{0} >= 0",
    "vega": "{0} >= 0",
    "underlying_price": "{0} > 0",
}
"""What a number must be to be believed; anything else is unknown."""


class Missing(ValueError):
    """A column that the layout needs and the file does not have."""


def query_of(vendor: Vendor, names: Mapping[str, str], underlying: str) -> str:
    """SELECT of day, quote_ts, KEYS, VALUES and dropped (why a row is left out, else NULL) from `raw`.

    `names` maps their names, without brackets and blanks, to the names in the file. Raises Missing.
    """
    sides: tuple[Right | None, ...] = tuple(vendor.sides) if vendor.sides else (None,)
    told = "\nUNION ALL\n".join(_side(vendor, names, underlying, side) for side in sides)
    return f"""
WITH told AS ({told}), placed AS (
  SELECT t.*, s.close, {_quoted(vendor.clock)} AS quote_ts
  FROM told AS t LEFT JOIN sessions AS s USING (day)
), known AS (
  SELECT * REPLACE ({", ".join(_known(vendor))}), {_ROOT} AS class FROM placed LEFT JOIN classes USING (underlying)
)
SELECT day, quote_ts, underlying, class AS root, expiry, strike, "right", {", ".join(VALUES)}, {_DROPPED} AS dropped FROM known"""  # noqa: S608 - names of columns and fixed text


def minutes_of(query: str) -> str:
    """The same of quotes that are told as they change: at the end of each minute the last ones, which stand for their day."""
    contract = 'underlying, root, expiry, strike, "right", multiplier'
    quoted = ("bid", "ask", "bid_size", "ask_size")
    stands = ", ".join(f"last_value(m.{name} IGNORE NULLS) OVER w AS {name}" for name in quoted)
    empty = ", ".join(f"NULL::DOUBLE AS {name}" for name in VALUES if name not in {*quoted, "multiplier"})
    return f"""
WITH told AS ({query}), minutes AS (
  SELECT day, date_trunc('minute', quote_ts) + INTERVAL 1 MINUTE AS quote_ts, {contract},
    {", ".join(f"arg_max({name}, quote_ts) AS {name}" for name in quoted)}
  FROM told WHERE dropped IS NULL GROUP BY ALL
), grid AS (SELECT DISTINCT day, quote_ts FROM minutes), contracts AS (SELECT DISTINCT day, {contract} FROM minutes),
whole AS (
  SELECT g.day, g.quote_ts, {", ".join(f"c.{name.strip()}" for name in contract.split(","))}, {stands}
  FROM grid AS g JOIN contracts AS c USING (day)
  LEFT JOIN minutes AS m USING (day, quote_ts, {contract})
  WINDOW w AS (PARTITION BY day, {contract} ORDER BY quote_ts ROWS UNBOUNDED PRECEDING)
)
SELECT day, quote_ts, underlying, root, expiry, strike, "right", {", ".join(VALUES)}, NULL::VARCHAR AS dropped
FROM (SELECT *, {empty} FROM whole) WHERE bid IS NOT NULL OR ask IS NOT NULL"""  # noqa: S608 - names of columns and fixed text


def unknown_of(vendor: Vendor, names: Mapping[str, str]) -> Iterator[str]:
    """Columns of ours that the file has nothing for."""
    given = {**vendor.columns, **(vendor.sides.get("C", {}))}
    for name in VALUES:
        if name != "multiplier" and (name not in given or not any(theirs in names for theirs in given[name].names)):
            yield name


def _side(vendor: Vendor, names: Mapping[str, str], underlying: str, side: Right | None) -> str:
    columns = {**vendor.columns, **(vendor.sides[side] if side else {})}
    numbers = {name: _number(columns[name], names) if name in columns else "NULL::DOUBLE" for name in VALUES}
    numbers["multiplier"] = f"coalesce({numbers['multiplier']}, 100.0)"
    if vendor.delta_of_call and side == "P":
        numbers["delta"] = f"{numbers['delta']} - 1"
    middle = [_number(columns[name], names) for name in ("underlying_bid", "underlying_ask") if name in columns]
    if middle:
        numbers["underlying_price"] = f"coalesce({numbers['underlying_price']}, ({middle[0]} + {middle[1]}) / 2)"
    believed = {
        name: f"CASE WHEN {_POSSIBLE[name].format(f'({text})')} THEN {text} END" if name in _POSSIBLE else text
        for name, text in numbers.items()
    }
    keys = _keys(vendor, names, underlying, side)
    standard = "TRUE"
    if vendor.standard is not None and vendor.standard[0] in names:
        standard = f"coalesce({_text(names[vendor.standard[0]])}, '{vendor.standard[1]}') = '{vendor.standard[1]}'"
    parts = [
        *_day_and_time(vendor.clock, names),
        *(f'{text} AS "{name}"' for name, text in keys.items()),
        *(f"{text} AS {name}" for name, text in believed.items()),
        f"{standard} AS is_standard",
    ]
    return f"SELECT {', '.join(parts)} FROM raw"  # noqa: S608 - names of columns and fixed text


def _keys(vendor: Vendor, names: Mapping[str, str], underlying: str, side: Right | None) -> dict[str, str]:
    found = {name: _key(name, column, names) for name, column in vendor.keys.items() if any(n in names for n in column.names)}
    if vendor.occ and vendor.occ in names:
        text = _text(names[vendor.occ])

        def part(number: int) -> str:
            return f"nullif(regexp_extract({text}, '{_OCC}', {number}), '')"

        found["root"] = part(1)
        found["expiry"] = f"try_strptime({part(2)}, '%y%m%d')::DATE"
        found["right"] = part(3)
        found["strike"] = f"TRY_CAST({part(4)} AS DOUBLE) / 1000"
    if side is not None:
        found["right"] = f"'{side}'"
    if "underlying" not in found and "root" in found:
        named = f"(SELECT any_value(r.underlying) FROM roots AS r WHERE r.root = {found['root']})"  # noqa: S608 - names of columns and fixed text
        found["underlying"] = f"coalesce({named}, {found['root']})"
    elif "underlying" not in found:
        if not underlying:
            raise Missing("underlying (--underlying names it)")
        found["underlying"] = f"'{underlying}'"
    found.setdefault("root", "NULL::VARCHAR")
    missing = [name for name in KEYS if name not in found]
    if missing:
        raise Missing(", ".join(missing))
    return {name: found[name] for name in KEYS}


def _key(name: str, column: Column, names: Mapping[str, str]) -> str:
    theirs = next(names[one] for one in column.names if one in names)
    match name:
        case "expiry":
            return _date(theirs)
        case "strike":
            return f"round({_number(column, names)}, 3)"
        case "right":
            return f"upper(left({_text(theirs)}, 1))"
        case _:
            return f"upper(ltrim({_text(theirs)}, '^$'))"


def _number(column: Column, names: Mapping[str, str]) -> str:
    theirs = next((names[one] for one in column.names if one in names), None)
    if theirs is None:
        return "NULL::DOUBLE"
    text = _text(theirs)
    if column.part is not None:
        text = f"trim(split_part({text}, 'x', {column.part + 1}))"
    number = f"TRY_CAST({text} AS DOUBLE)"
    number = f"CASE WHEN isfinite({number}) THEN {number} END"
    if column.zero_is_none:
        number = f"nullif({number}, 0)"
    return number if column.unit == 1.0 else f"round(({number}) * {column.unit!r}, 9)"


def _text(theirs: str) -> str:
    quoted = theirs.replace('"', '""')
    return f"nullif(trim(\"{quoted}\"::VARCHAR), '')"


def _date(theirs: str) -> str:
    text = _text(theirs)
    return (
        f"CASE WHEN regexp_full_match({text}, '\\d{{16,}}') THEN make_timestamp(TRY_CAST({text} AS BIGINT) // 1000)::DATE"
        f" ELSE coalesce(TRY_CAST(left({text}, 10) AS DATE), try_strptime({text}, '%Y%m%d')::DATE,"
        f" try_strptime({text}, '%m/%d/%Y')::DATE) END"
    )


def _day_and_time(clock: Clock, names: Mapping[str, str]) -> tuple[str, str]:
    """The trading day, and the time as the vendor tells it."""
    theirs = next((names[one] for one in clock.names if one in names), None)
    if theirs is None:
        raise Missing(clock.names[0])
    text = _text(theirs)
    match clock.kind:
        case "close" | "before close":
            return f"{_date(theirs)} AS day", "NULL::TIMESTAMP AS at"
        case "new york":
            local = f"TRY_CAST(replace({text}, 'T', ' ') AS TIMESTAMP)"
            return f"{local}::DATE AS day", f"{local} AS at"
        case "ms of day":
            day = _date(next(names[one] for one in clock.day if one in names))
            return f"{day} AS day", f"{day}::TIMESTAMP + to_milliseconds(TRY_CAST({text} AS BIGINT)) AS at"
        case "unix s":
            at = f"make_timestamp((TRY_CAST({text} AS DOUBLE) * 1000000)::BIGINT)"
            return f"({at} - INTERVAL 5 HOUR)::DATE AS day", f"{at} AS at"
        case "unix ns":
            at = f"coalesce(make_timestamp(TRY_CAST({text} AS BIGINT) // 1000), TRY_CAST({text} AS TIMESTAMP))"
            return f"({at} - INTERVAL 5 HOUR)::DATE AS day", f"{at} AS at"


def _quoted(clock: Clock) -> str:
    match clock.kind:
        case "close":
            return "s.close"
        case "before close":
            close = "s.close"
            if clock.since is not None:
                close = f"CASE WHEN t.day >= DATE '{clock.since}' THEN s.close ELSE s.regular_close END"
            return f"{close} - INTERVAL {clock.minutes} MINUTE"
        case "new york" | "ms of day":
            return "t.at + to_seconds(s.offset_s)"
        case "unix s" | "unix ns":
            return "t.at"


def _known(vendor: Vendor) -> Iterator[str]:
    """What is known after the close alone is unknown before it."""
    columns = {**vendor.columns, **vendor.sides.get("C", {})}
    late = [name for name, column in columns.items() if column.known == "after the close"]
    yield from (f"CASE WHEN quote_ts >= close THEN {name} END AS {name}" for name in late)
    if not late:
        yield "bid AS bid"


_MONTHLY = "dayofweek(expiry) IN (5, 6) AND day(expiry) BETWEEN 15 AND 22"
_ROOT = f"""CASE WHEN placed.root IS NOT NULL THEN placed.root WHEN NOT coalesce(is_index, FALSE) THEN placed.underlying
    WHEN only_class IS NOT NULL THEN only_class WHEN NOT ({_MONTHLY}) THEN afternoon_class END"""
_DROPPED = """CASE
    WHEN day IS NULL THEN 'its time cannot be read'
    WHEN close IS NULL OR quote_ts IS NULL THEN 'no session on its day'
    WHEN underlying IS NULL OR expiry IS NULL OR strike IS NULL OR strike <= 0 OR coalesce("right", '') NOT IN ('C', 'P')
      THEN 'its contract cannot be read'
    WHEN NOT is_standard THEN 'not a standard settlement'
    WHEN class IS NULL THEN 'its class is not told: it may settle in the morning or at the close'
    WHEN expiry < day THEN 'expired before its day'
    WHEN bid IS NULL AND ask IS NULL THEN 'neither bid nor ask'
  END"""
