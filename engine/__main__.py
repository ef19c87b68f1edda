"""`python -m engine` and the command `spreads`."""

import sys

from engine.cli.app import main as run_command_line


def main() -> None:
    """Run and leave with the exit code."""
    sys.exit(run_command_line())


if __name__ == "__main__":
    main()
