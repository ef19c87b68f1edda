"""The command line: one name a command, each in the module of its group, imported when it is called.

Data goes to stdout and narration to stderr. Exit codes: 0 done, 1 failed, 2 the user's input is wrong.
"""

import sys
from importlib.metadata import version

from cyclopts import App, CycloptsError

from engine.domain.errors import EngineError, UserError

GROUPS = {
    "Trade": {"demo": "engine.cli.demo:demo", "run": "engine.cli.run:run", "sim": "engine.cli.sim:sim"},
    "Strategies": {
        "check": "engine.cli.files:check",
        "explain": "engine.cli.files:explain",
        "scan": "engine.cli.scan:scan",
        "fields": "engine.cli.files:fields",
        "new": "engine.cli.files:new",
        "schema": "engine.cli.files:schema",
    },
    "A running engine": {
        "status": "engine.cli.remote:status",
        "approvals": "engine.cli.remote:approvals",
        "approve": "engine.cli.remote:approve",
        "decline": "engine.cli.remote:decline",
        "halt": "engine.cli.remote:halt",
        "resume": "engine.cli.remote:resume",
        "why": "engine.cli.remote:why",
    },
    "History": {"query": "engine.cli.history:query"},
}


def build() -> App:
    """The whole command line; nothing behind a command is imported yet."""
    app = App(
        name="spreads",
        help="Trades option spreads at Interactive Brokers by rules that you write in YAML.",
        version=version("ibkr-spreads"),
        version_flags=["--version"],
        help_flags=["--help", "-h"],
        help_format="plaintext",
    )
    for group, commands in GROUPS.items():
        for name, target in commands.items():
            app.command(target, name=name, group=group)
    return app


def main() -> int:
    """Run the command line and return the exit code."""
    app = build()
    try:
        outcome = app(exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        return _complain(str(error), 2, hint="spreads --help")
    except UserError as error:
        return _complain(str(error), 2)
    except EngineError as error:
        return _complain(str(error), 1)
    except KeyboardInterrupt:
        return _complain("interrupted", 1)
    except BrokenPipeError:
        # The reader of our output has left; that is its right.
        sys.stderr.close()
        return 0
    return outcome if isinstance(outcome, int) else 0


def _complain(text: str, code: int, hint: str | None = None) -> int:
    print(f"spreads: {text}", file=sys.stderr)
    if hint:
        print(f"         try  {hint}", file=sys.stderr)
    return code
