"""Errors, one class for each party who must act.

EngineError
├── UserError        the trader: a file, a flag, a value; exit code 2
├── Transient        nobody: a read or a connect may be tried again, at most five times
├── BrokerRefused    the trader or the broker: the broker said no and gave a code
├── Damaged          the trader: what is on disk is not what was written; start-up stops
└── IllegalFact      us: a fact that the order's table does not allow
"""


class EngineError(Exception):
    """What was found, what to do about it, and where."""


class UserError(EngineError):
    """Input of the user that cannot be used: names the place, the reason and a way out."""


class Transient(EngineError):
    """A read or a connect that may succeed when tried again; never an order."""


class BrokerRefused(EngineError):
    """The broker answered a request with an error code."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


class Damaged(EngineError):
    """What is stored is not what was written; says the file, the line and what can be done."""


class IllegalFact(EngineError):
    """A fact that cannot follow what is already known; always a defect, never a market event."""
