"""The latest requests of all clients, kept for inspection."""

from collections import deque
from dataclasses import dataclass, field

from engine.sim.server import Received

KEPT_BYTES = 16 << 20
"""Requests kept for inspection, as long as they were on the wire: some 20,000 orders or 200,000 of other kinds.

Read into values they take some sixteen times that, 256 MB at the most, whatever a client sends.
"""


@dataclass(slots=True)
class KeptRequests:
    """As many as `KEPT_BYTES` allow."""

    requests: deque[Received] = field(default_factory=deque[Received])
    """Oldest first."""
    _bytes: int = 0

    def keep(self, request: Received) -> None:
        """One more; the oldest go where there are too many."""
        self.requests.append(request)
        self._bytes += request.wire_bytes
        while self._bytes > KEPT_BYTES:
            self._bytes -= self.requests.popleft().wire_bytes
