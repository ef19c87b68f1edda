"""Where diagnosis goes: a rotating file in the state folder, JSON by the line. The terminal belongs to what people are told."""

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

import structlog
from structlog.typing import Processor

from engine.log import CIRCUMSTANCES, masked

FILE, GUARDIANS_FILE = "engine.log", "guardian.log"
"""Two processes must not put the same file aside: a guardian that watches has its own."""
_RENDERED: list[Processor] = [
    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
    structlog.processors.format_exc_info,
    masked,
    structlog.processors.JSONRenderer(),
]
BYTES_MAX, FILES_KEPT = 5_000_000, 3


class _Log(RotatingFileHandler):
    """A log that cannot be written is no reason to fill the terminal."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


def log_to_terminal(name: str) -> None:
    """Send the log to stderr, warnings of everything and what `name` tells beside them: for a program that runs as a service."""
    handler = logging.StreamHandler()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=_RENDERED, foreign_pre_chain=CIRCUMSTANCES))
    logging.getLogger().addHandler(handler)
    logging.getLogger(name).setLevel(logging.INFO)


def log_to(state: Path, file: str = FILE) -> None:
    """Send the log of this program and of its libraries to a file in the state folder, engine.log, and nowhere else."""
    handler = _Log(state / file, maxBytes=BYTES_MAX, backupCount=FILES_KEPT, encoding="utf-8", delay=True)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=_RENDERED, foreign_pre_chain=CIRCUMSTANCES))
    root = logging.getLogger()
    for known in list(root.handlers):
        root.removeHandler(known)
        if isinstance(known, _Log):
            known.close()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
