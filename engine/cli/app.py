"""The command line: one name a command, each in the module of its group, imported when it is called.

Data goes to stdout and narration to stderr. Exit codes: 0 done, 1 failed, 2 the user's input is wrong.
"""

import ast
import difflib
import importlib.util
import io
import os
import re
import shutil
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from cyclopts import App, CycloptsError, Group, MissingArgumentError, Parameter, UnknownCommandError, UnusedCliTokensError
from cyclopts.argument import Argument

from engine.cli.options import files_given, misspelled
from engine.cli.show import complain
from engine.domain.errors import EngineError, UserError

GROUPS = {
    "Trade": {
        "demo": "engine.cli.demo.demo:demo",
        "run": "engine.cli.run:run",
        "guard": "engine.cli.guard:guard",
        "sim": "engine.cli.sim:sim",
        "drill": "engine.cli.drill.drill:drill",
    },
    "Strategies": {
        "check": "engine.cli.files:check",
        "explain": "engine.cli.files:explain",
        "plan": "engine.cli.plan:plan",
        "scan": "engine.cli.scan:scan",
        "ideas": "engine.cli.ideas:ideas",
        "fields": "engine.cli.files:fields",
        "new": "engine.cli.files:new",
        "schema": "engine.cli.files:schema",
        "lsp": "engine.cli.lsp:lsp",
    },
    "A running engine": {
        "console": "engine.cli.console:console",
        "web": "engine.cli.web:web",
        "status": "engine.cli.remote:status",
        "watch": "engine.cli.watch:watch",
        "health": "engine.cli.remote:health",
        "approvals": "engine.cli.answers:approvals",
        "approve": "engine.cli.answers:approve",
        "decline": "engine.cli.answers:decline",
        "positions": "engine.cli.holdings:positions",
        "orders": "engine.cli.holdings:orders",
        "close": "engine.cli.holdings:close",
        "roll": "engine.cli.rolling:roll",
        "cancel": "engine.cli.holdings:cancel",
        "halt": "engine.cli.remote:halt",
        "flatten": "engine.cli.flatten:flatten",
        "resume": "engine.cli.remote:resume",
        "pause": "engine.cli.remote:pause",
        "lift": "engine.cli.remote:lift",
        "release": "engine.cli.holdings:release",
        "adopt": "engine.cli.adopting:adopt",
        "accept": "engine.cli.edits:accept",
        "migrate": "engine.cli.versions:migrate",
        "rollback": "engine.cli.versions:rollback",
        "why": "engine.cli.reasons:why",
    },
    "Real money": {"arm": "engine.cli.arming:arm", "disarm": "engine.cli.arming:disarm"},
    "Research": {
        "backtest": "engine.cli.research.backtest:backtest",
        "replay": "engine.cli.research.replaying:replay",
        "fills": "engine.cli.research.fills:fills",
        "tune": "engine.cli.research.tuning:tune",
        "import": "engine.cli.research.importing:import_files",
    },
    "History": {"trades": "engine.cli.trades:trades", "query": "engine.cli.history:query"},
    "Set up": {
        "keys": "engine.cli.keys:keys",
        "init": "engine.cli.init:init",
        "readiness": "engine.cli.readiness:readiness",
        "doctor": "engine.cli.doctor.doctor:doctor",
        "backup": "engine.cli.keeping:backup",
        "restore": "engine.cli.keeping:restore",
        "upgrade": "engine.cli.keeping:upgrade",
        "prune": "engine.cli.keeping:prune",
        "init-files": "engine.cli.setup:init_files",
        "completion": "engine.cli.setup:completion",
        "notify": "engine.cli.notified:notify",
    },
}
_NARROWEST = 40
"""Columns of a terminal in which help can still be read."""

COMMANDS = {name: target for commands in GROUPS.values() for name, target in commands.items()}


def build(*, overview: bool = False) -> App:
    """The whole command line; nothing behind a command is imported yet.

    `overview` puts the first sentence of each command beside its name, read from the source: the list of all commands shows
    it, and importing everything for it would take seconds.
    """
    app = App(
        name="spreads",
        help="Trades option spreads at Interactive Brokers by rules that you write in YAML.",
        version=version("ibkr-spreads"),
        version_flags=["--version"],
        help_flags=["--help", "-h"],
        help_format="markdown",
        default_parameter=Parameter(negative_bool=(), negative_iterable=()),
    )
    for place, (title, commands) in enumerate(GROUPS.items()):
        group = Group(title, sort_key=place)
        for order, (name, target) in enumerate(commands.items()):
            shown = {"help": first_sentence(target)} if overview else {}
            app.command(target, name=name, group=group, sort_key=order, **shown)
    app["--help"].group = app["--version"].group = Group("Options", sort_key=len(GROUPS))
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    _print_whatever_comes()
    _print_wide_enough()
    if words and words[0] in COMMANDS and words[0] not in {"run", "guard"}:  # which refuses them
        for problem in misspelled(os.environ):
            complain(problem)
    try:
        app = build(overview=not words or words[0] in {"--help", "-h"})
        with _files_read(words):
            outcome = app(words, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except UnknownCommandError as error:
        return _complain(_unknown(error), 2, hint="spreads --help")
    except CycloptsError as error:
        command = words[0] if words and words[0] in COMMANDS else ""
        return _complain(_worded(error), 2, hint=f"spreads {command} --help".replace("  ", " "))
    except UserError as error:
        return _complain(str(error), 2)
    except EngineError as error:
        return _complain(str(error), 1)
    except KeyboardInterrupt:
        return _complain("interrupted", 1)
    except BrokenPipeError:
        # The reader of our output has left; that is its right. What is still buffered goes nowhere, without a word at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _complain(f"{where}{error.strerror or error}", 1)
    return outcome if isinstance(outcome, int) else 0


def first_sentence(target: str) -> str:
    """The first line of the docstring of a command `module:function`, without importing its module."""
    module, _, function = target.partition(":")
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        return ""
    tree = ast.parse(Path(found.origin).read_text(encoding="utf-8"))
    written = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function)
    return next(((ast.get_docstring(node) or "").partition("\n")[0] for node in written), "")


@contextmanager
def _files_read(words: Sequence[str]) -> Generator[None]:
    """With the settings of files in the environment, where a command is called that is not only asked for its help."""
    asks = not words or words[0] not in COMMANDS or "--help" in words or "-h" in words
    if asks or not files_given(os.environ):
        yield
        return
    from engine.cli.given import BROKERS, from_files  # noqa: PLC0415 - it takes a third of a second, and is needed where there is a file

    simulates = words[0] in {"sim", "demo"} or "--sim" in words
    with from_files(os.environ, without=BROKERS if simulates else frozenset()):
        yield


ALIKE = 0.75
"""So like a command a word is at the least to be taken for it: logs is not a misspelled close."""


def _unknown(error: UnknownCommandError) -> str:
    """The library's own sentence would import every command to find a similar one."""
    word = (error.unused_tokens or [""])[0]
    similar = difflib.get_close_matches(word, COMMANDS, n=1, cutoff=ALIKE)
    return f"no command {word!r}" + (f"; did you mean {similar[0]!r}?" if similar else "")


def _worded(error: CycloptsError) -> str:
    """The library's sentences, without the words of its own language."""
    match error:
        case UnusedCliTokensError(unused_tokens=[*left]) if left:
            rest = " ".join(repr(word) for word in left)
            return f"nothing is known to do with {rest}; quotes hold words together, as in --at '2026-11-23 11:30 New York'"
        case MissingArgumentError(argument=Argument(index=int(), name=name), keyword=None):
            return f"{name.lstrip('-').upper().replace('-', '_')} is missing"
        case MissingArgumentError(argument=Argument(name=name), keyword=None):
            return f"{name} is missing"
        case MissingArgumentError(keyword=str(keyword)):
            return f"{keyword} wants a value"
        case _:
            kinds = {"int": "a whole number", "float": "a number"}
            text = re.sub(r"^Invalid value for (\w+) from env: ", r"\1: ", str(error))
            pattern = r'unable to convert "(.*)" into (int|float)\.'
            return re.sub(pattern, lambda found: f"'{found[1]}' is not {kinds[found[2]]}", text)


def _print_wide_enough() -> None:
    """The library that draws help never ends where a terminal has no width to speak of."""
    columns = shutil.get_terminal_size().columns
    if "COLUMNS" in os.environ or columns < _NARROWEST:
        os.environ["COLUMNS"] = str(max(_NARROWEST, columns))


def _print_whatever_comes() -> None:
    """A terminal that lacks a character shows a stand-in for it, and what is said to a closed stream goes nowhere."""
    if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison] - so it is with >&-
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for as long as the program runs
    if sys.stderr is None:  # pyright: ignore[reportUnnecessaryComparison]
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _complain(text: str, code: int, hint: str | None = None) -> int:
    complain(text, hint)
    return code
