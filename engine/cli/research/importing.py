"""`spreads import`: files of a data vendor as recorded chains."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from engine.cli.show import Row, program, say, show
from engine.domain.errors import UserError
from engine.research.importing.maps import NAMES
from engine.research.importing.reading import Imported, imported

VendorName = Literal["optionsdx", "cboe", "orats", "optionmetrics", "optopsy", "databento", "thetadata", "polygon"]
COLUMNS = ("file", "rows", "dropped", "why", "underlyings", "written")


def import_files(
    files: Annotated[list[Path], Parameter(name="FILE", help="CSV or Parquet files of the vendor, also packed (.gz).")],
    /,
    *,
    vendor: Annotated[VendorName, Parameter(name="--from", help="Whose files they are.")],
    to: Annotated[Path, Parameter(help="Folder for the recorded chains, a Parquet file for each of theirs.")],
    underlying: Annotated[
        str | None,
        Parameter(help="Symbol where the file names none; else the beginning of its name.", show_default=False),
    ] = None,
    format: Literal["table", "json", "csv"] = "table",  # noqa: A002
) -> int:
    """Turn a data vendor's files into recorded chains, row by row, and say what was left out and what stays unknown."""
    assert vendor in NAMES, "the words of the command are the declared vendors"
    if underlying is not None and not underlying.isalpha():
        raise UserError(f"--underlying: {underlying!r} is no symbol; write one as SPX")
    names = [path.name.split(".")[0] for path in files]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"two files would be written as {twice[0]}.parquet; import them into folders of their own")
    done: list[Imported] = []
    for one in imported(vendor, files, to, underlying):
        done.append(one)
        say(f"{one.path}: {one.rows:,} rows" + (f", {sum(one.dropped.values()):,} left out" if one.dropped else ""))
    show([_row(one) for one in done], COLUMNS, format, empty="nothing but definitions: name the quotes too")
    unknown = sorted({name for one in done for name in one.unknown})
    if unknown:
        say(f"not in these files, so conditions on them are unknown and never pass: {', '.join(unknown)}")
    if any(one.rows for one in done):
        say(f"{program()} backtest STRATEGY {' '.join(f'--chain {one.written}' for one in done[:3] if one.written)}")
    return 0 if done and all(one.rows for one in done) else 1


def _row(one: Imported) -> Row:
    return {
        "file": str(one.path),
        "rows": one.rows,
        "dropped": sum(one.dropped.values()),
        "why": "; ".join(f"{count:,} {why}" for why, count in one.dropped.items()) or None,
        "underlyings": ", ".join(one.underlyings) or None,
        "written": None if one.written is None else str(one.written),
    }
