"""What may go wrong between a client and an engine, by who can mend it.

EngineError
  NoEngine        nobody listens there: start one, or name another place
  Refused         it was heard and not done; the text says why (409)
  NotAllowed      the key may not do this, is not known, or was revoked (401, 403)
  Unreadable      something answered that is no engine of this version
UserError
  Unknown         nothing is called so (404)
  Wrong           the question itself is not one (422, 400, 413)
"""

from engine.domain.errors import EngineError, UserError


class NoEngine(EngineError):
    """Nobody listens at that address."""


class Refused(EngineError):
    """The engine heard it and did not do it."""


class NotAllowed(EngineError):
    """The engine does not know who asks, or who asks may not."""


class Unreadable(EngineError):
    """What answered cannot be read: another version, or no engine."""


class Unknown(UserError):
    """The engine knows nothing of that name."""


class Wrong(UserError):
    """The question is not one that the engine takes."""
