"""Diagnosis: one logger a module, an event and its circumstances a line; for who mends the engine. People are told by facts."""

import logging

import structlog
from structlog.stdlib import BoundLogger
from structlog.typing import Processor

CIRCUMSTANCES: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)
"""What every line says beside its event."""


def logger(name: str) -> BoundLogger:
    """The logger of a module. Its lines go where the standard library's go."""
    return structlog.wrap_logger(
        logging.getLogger(name),
        processors=[*CIRCUMSTANCES, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=BoundLogger,
    )
