"""The simulator's time, asked of whatever listens on a port: a time, or one sentence on what is wrong."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from engine.cli.simclock import simulated_now
from engine.domain.errors import UserError
from engine.sim.wire.frames import framed

Serve = Callable[[bytes], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Listens on a free port, says these bytes to the first client and hangs up; returns the port."""
    with ExitStack() as opened:

        def listen(said: bytes) -> int:
            listener = opened.enter_context(socket.create_server(("127.0.0.1", 0)))

            def answer() -> None:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(1024)
                    connection.sendall(said)

            thread = threading.Thread(target=answer, daemon=True)
            opened.callback(thread.join)
            thread.start()
            return listener.getsockname()[1]

        yield listen


@pytest.mark.parametrize(
    ("said", "because"),
    [
        (b"", "it closed the connection without a word"),
        (framed(b""), "it closed the connection without a word"),
        (framed(b"hello\0"), "hello"),
        (framed(b"178\0now\0"), "the connection was closed"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "a frame of"),
    ],
)
def test_program_that_is_no_tws_is_told_in_one_sentence(said: bytes, because: str, serve: Serve) -> None:
    port = serve(said)

    with pytest.raises(UserError) as told:
        simulated_now("127.0.0.1", port)

    assert f"127.0.0.1:{port} does not answer like a TWS" in str(told.value)
    assert because in str(told.value)


def test_program_that_hangs_up_on_what_it_was_told_is_no_tws_either() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=_hang_up, args=(listener,), daemon=True)
        thread.start()

        with pytest.raises(UserError) as told:
            simulated_now("127.0.0.1", port)
        thread.join()

    assert "the connection was closed" in str(told.value)


def _hang_up(listener: socket.socket) -> None:
    """Reset the connection, as a program does that closes with something unread."""
    connection, _ = listener.accept()
    connection.recv(1024)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_port_that_nobody_listens_on_is_told_with_the_command_to_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(UserError, match=rf"nothing listens at 127\.0\.0\.1:{port}; start `spreads sim --port {port}` first"):
        simulated_now("127.0.0.1", port)


def test_machine_that_does_not_exist_is_told_without_its_error_number() -> None:
    with pytest.raises(UserError, match=r"no machine is called 'nowhere\.invalid'"):
        simulated_now("nowhere.invalid", 7497)
