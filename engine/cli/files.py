"""Commands about strategy files: check, explain, write a new one, what can stand in them, and their schemas."""

import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from engine.cli.folder import Unread, gather, load_strategies, read
from engine.cli.horizon import outdated
from engine.cli.in_dollars import in_dollars
from engine.cli.money import dollars
from engine.cli.options import STATE, STRATEGIES, State, Strategies
from engine.cli.show import Format, say, show
from engine.domain.errors import UserError
from engine.domain.session import trading_day
from engine.runtime.clock import SystemClock
from engine.store.worth import last_equity
from engine.strategy.account import Account
from engine.strategy.explain import sentences
from engine.strategy.explain_day import day_of
from engine.strategy.expressions.tree import Relation
from engine.strategy.measures.declaration import Declaration
from engine.strategy.measures.index import find_measures
from engine.strategy.parse import ACCOUNT_FILE, check_files, parse_account, parse_strategy
from engine.strategy.phrased import NotUnderstood, strategy_text
from engine.strategy.problems import Problem, in_order, render_all
from engine.strategy.schema import schema_text, schemas
from engine.strategy.spreads.union import STRUCTURES
from engine.strategy.template import template

if TYPE_CHECKING:
    Structure = str
else:
    Structure = Literal[tuple(STRUCTURES)]
"""What `--type` takes: the structures that the language declares."""
SchemaName = Literal["strategy", "account", "common", "events"]
STOPS_AT = 200
"""Problems shown at once: more than a screen or two is no help, and the count tells the rest."""

_USED_IN: dict[Relation, str] = {
    "market": "when",
    "leg": "filters",
    "spread": "rules, rank",
    "side": "exits: each side",
    "position": "exits",
    "account": "auto_when",
}


def check(*files: Path, strategies: Strategies = STRATEGIES) -> int:
    """Check strategy files and tell every problem at once, as file:line:col. Exit code 2 when there is an error.

    Parameters
    ----------
    files
        Files or folders; the folder of strategies when empty. Files of the same folder that the engine would read beside them
        (common.yaml, account.yaml, events.yaml) are checked too.
    """
    from engine.cli.compiling import compile_problems  # noqa: PLC0415 - DuckDB, needed once the files are sound

    if not files and not strategies.is_dir():
        raise UserError(f"no folder {strategies} here; name files or folders, or write a first strategy with `spreads new NAME`")
    problems: list[Problem] = []
    notices: list[str] = []
    today = trading_day(SystemClock().now())
    checked = 0
    for gathered in gather(files or (strategies,)):
        found = [problem for problem in check_files(gathered.texts) if problem.file in gathered.asked]
        problems += in_order([*gathered.problems, *found, *compile_problems(gathered)])
        checked += len(gathered.asked)
        notices += outdated(gathered.texts, today)
    if problems:
        print(render_all(problems[:STOPS_AT]))
    errors = sum(problem.severity == "error" for problem in problems)
    say(_summary(checked, errors, len(problems) - errors, len(problems) - STOPS_AT))
    for notice in notices:
        say(notice)
    return 2 if errors else 0


def explain(file: Path, *, sql: bool = False, net_liquidation: str = "", state: State = STATE) -> None:
    """Say in sentences what a strategy does, what a day of it looks like and what it comes to in dollars, or show the SQL it
    becomes.

    Parameters
    ----------
    file
        The strategy.
    sql
        Show the SQL of the scan, of `when` and of the exits, with their parameters.
    net_liquidation
        USD that the account is worth, for amounts in dollars: 100000, $100,000. Else what the engine of the state folder heard.
    """
    for number, strategy in enumerate(load_strategies(file)):
        if number:
            print()
        if sql:
            from engine.cli.compiling import sql_of  # noqa: PLC0415 - DuckDB is needed for SQL only

            print(sql_of(strategy))
            continue
        told = [*sentences(strategy), "", *day_of(strategy)]
        found = _worth(net_liquidation, state)
        if found is not None:
            worth, since = found
            told += ["", f"In an account worth {dollars(worth)}{since}:", *in_dollars(strategy, _limits_beside(file), worth)]
        print("\n".join(told))


def _worth(said: str, state: Path) -> tuple[Decimal, str] | None:
    """What the account is worth, USD, and since when that is known; None where nobody knows."""
    if said:
        number = re.fullmatch(r"\$?([0-9]{1,12}(?:\.[0-9]{1,2})?)", said.replace(",", "").strip())
        if number is None or Decimal(number[1]) == 0:
            raise UserError(f"--net-liquidation {said} is no worth of an account; say e.g. --net-liquidation 100000")
        return Decimal(number[1]), ""
    heard = last_equity(state)
    return None if heard is None else (heard[1].net_liquidation, f", as the engine heard it on {heard[0]:%d %b %Y}")


def _limits_beside(file: Path) -> Account:
    """Those of the account.yaml beside a strategy, else the defaults. Raises UserError where that file is wrong."""
    path = file.parent / ACCOUNT_FILE
    try:
        parsed = parse_account(read(path) if path.exists() else "schema: 1\n", str(path))
    except Unread as error:
        raise UserError(f"{path}: {error.why}\n         {error.hint}") from None
    if parsed.value is None:
        raise UserError(f"{path} cannot be used:\n\n{render_all(parsed.problems)}")
    return parsed.value


def fields(word: str = "", *, format: Format = "table") -> None:  # noqa: A002
    """List the numbers that conditions can use, with their unit and meaning.

    Parameters
    ----------
    word
        Only those with this word in their name or sentence.
    format
        table, json or csv.
    """
    rows = [_measure_row(declared) for declared in find_measures(word)]
    empty = f"nothing has {word!r} in its name or meaning; `spreads fields` lists everything"
    show(rows, ["name", "used_in", "unit", "meaning"], format, empty=empty)


def new(
    name: str = "",
    *,
    from_: Annotated[str, Parameter(name="--from")] = "",
    type: Annotated[Structure, Parameter(name="--type")] = "bull_put",  # noqa: A002 - the language's own word
    underlying: str = "SPX",
    strategies: Strategies = STRATEGIES,
) -> None:
    """Write a new strategy that passes every check, with a word on each line. Never overwrites a file.

    Parameters
    ----------
    name
        Name of the strategy and of its file: small letters, digits and _. With --from it may be left out.
    from_
        What it does in a sentence: "sell 16 delta put spreads on SPY 45 days out, close at half". What the sentence does not say
        is filled in; a word that is not understood is told, and nothing is written.
    type
        Structure it trades.
    underlying
        Ticker it trades on.
    """
    name = name.removesuffix(".yaml")
    if not name and not from_:
        raise UserError('name the strategy, or say what it does: `spreads new --from "sell 16 delta put spreads on SPY"`')
    try:
        name, text = strategy_text(from_, name) if from_ else (name, template(name, type, underlying))
    except NotUnderstood as problem:
        raise UserError(str(problem)) from problem
    path = strategies / f"{name}.yaml"
    errors = parse_strategy(text, str(path)).errors
    if errors:
        raise UserError("\n".join(f"{problem.message}\n         {problem.hint}" for problem in errors[:3]))
    try:
        strategies.mkdir(parents=True, exist_ok=True)
        _refuse_second(name, text, path)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        if not strategies.is_dir():
            raise UserError(f"{strategies}: this is a file, not a folder; name a folder with --strategies") from error
        raise UserError(f"{path}: exists already and is left as it is; choose another name") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror}") from error
    print(path)
    say(f"read it with `spreads explain {path}`, change it in your editor, and run `spreads check`")


def schema(which: SchemaName = "strategy", *, write: Path | None = None) -> None:
    """Print a JSON Schema of the trader's files, or write them all, for completion in editors.

    Parameters
    ----------
    which
        Kind of file.
    write
        Write all schemas into this folder instead.
    """
    if write is None:
        print(schema_text(which), end="")
        return
    try:
        write.mkdir(parents=True, exist_ok=True)
        for name, text in schemas().items():
            (write / name).write_text(text, encoding="utf-8")
            print(write / name)
    except OSError as error:
        raise UserError(f"{error.filename or write}: cannot be written: {error.strerror}") from error


def _refuse_second(name: str, text: str, path: Path) -> None:
    """Another file of the folder may have the name already, under a file name of its own."""
    beside = gather([path])[0]
    clash = [found for found in check_files({**beside.texts, str(path): text}) if found.file == str(path)]
    for problem in clash:
        if problem.severity == "error":
            raise UserError(f"{problem.message}; choose another name than {name}")


def _summary(checked: int, errors: int, warnings: int, hidden: int) -> str:
    files = "1 file" if checked == 1 else f"{checked} files"
    told = [_count(errors, "error"), _count(warnings, "warning")]
    said = ", ".join(part for part in told if part) or "no problems"
    return f"{files} checked: {said}" + (f"; the first {STOPS_AT} are shown" if hidden > 0 else "")


def _count(number: int, word: str) -> str:
    return "" if number == 0 else f"1 {word}" if number == 1 else f"{number} {word}s"


def _measure_row(declared: Declaration) -> dict[str, object]:
    return {
        "name": declared.as_written,
        "used_in": _USED_IN[declared.relation],
        "unit": declared.unit.value,
        "meaning": declared.sentence,
        "relation": declared.relation,
        "may_be_unknown": declared.nullable,
        "structures": declared.structures,
    }
