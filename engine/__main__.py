"""`python -m engine` and the command `spreads`."""

import gc
import sys

AT_START = 50_000
"""New objects before garbage is looked for, while modules load: hardly any of them goes again, and each look costs time."""

gc.set_threshold(AT_START)

from engine.cli.app import main as run_command_line  # noqa: E402 - what it loads is loaded with that in force


def main() -> None:
    """Run and leave with the exit code."""
    sys.exit(run_command_line())


if __name__ == "__main__":
    main()
