"""Carries messages to where a person reads them, in a thread of its own: a service that hangs holds up nothing but itself."""

import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from queue import Full, Queue

from engine.domain.errors import UserError
from engine.log import logger
from engine.notify.messages import Message

log = logger(__name__)

Send = Callable[[Message], bool]
"""Whether the message went out; may take its time, and raise."""
QUEUE_MAX = 100
TRIES, PAUSE_S = 3, 5.0
"""A service that is away for a moment is tried again, twice."""
NO_APPRISE = (
    "[notify] names urls, and apprise, which sends to them, is not installed: pip install 'ibkr-spreads[notify]', or take the"
    " urls away"
)


class Postman:
    """A queue with an end and the thread that empties it. The thread dies with the process: nothing waits for it."""

    def __init__(self, send: Send, pause_s: float = PAUSE_S) -> None:
        self.sent = self.failed = self.dropped = 0
        self._send, self._pause_s = send, pause_s
        self._queue: Queue[Message] = Queue(QUEUE_MAX)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="notify", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, message: Message) -> None:
        """Take a message; never blocks. Where there is no room it is dropped, and counted."""
        try:
            self._queue.put_nowait(message)
        except Full:
            self.dropped += 1

    def rest(self) -> None:
        """Return once everything that was put has been tried. For tests and for a command that sends one message."""
        self._queue.join()

    def _work(self) -> None:
        while True:
            message = self._queue.get()
            try:
                if any(self._tried(message, number) for number in range(TRIES)):
                    self.sent += 1
                else:
                    self.failed += 1
                    log.warning("a notification did not go out", kind=message.kind)
            finally:
                self._queue.task_done()

    def _tried(self, message: Message, number: int) -> bool:
        if number:
            self._ended.wait(self._pause_s * number)
        try:
            return self._send(message)
        except Exception as error:  # noqa: BLE001 - whatever a service does, the next message is tried
            # The error's text may hold the address, and that a secret.
            log.warning("a notification failed", kind=message.kind, problem=type(error).__name__)
            return False


def apprise_sender(urls: Sequence[str], title: str) -> Send:
    """What sends to these addresses through apprise; `title` stands before each message's own.

    Raises UserError where apprise is not installed, or an address is none that it knows. An address is never told.
    """
    try:
        services = import_module("apprise").Apprise()
    except ImportError:
        raise UserError(NO_APPRISE) from None
    for number, url in enumerate(urls, 1):
        if not services.add(url):
            raise UserError(
                f"[notify] urls: number {number} of {len(urls)} ({url.partition('://')[0][:20]}://…) is no address that apprise"
                " knows; see its list of services"
            )

    def send(message: Message) -> bool:
        return bool(services.notify(title=f"{title}{message.title}", body=message.body or message.title))

    return send
