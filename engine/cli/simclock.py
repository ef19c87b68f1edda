"""Asks a simulated TWS for its time before the engine starts: an engine that trades a day of 2016 must live in it."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime

from engine.domain.errors import UserError
from engine.sim.wire.codec import Message, decode, encode_frame
from engine.sim.wire.errors import WireError
from engine.sim.wire.frames import FrameReader, fields_of, greeting

PATIENCE_S = 10.0
CLIENT_ID = 999_001
"""Far from the numbers that people give to their programs."""
OLDEST, NEWEST = 157, 178
_NO_TWS, _CLOSED = "{} does not answer like a TWS ({}); is another program on this port?", "the connection was closed"


def simulated_now(host: str, port: int) -> datetime:
    """The time of the TWS at this address, UTC, to the second. Raises UserError when nothing there answers like one."""
    place = f"{host}:{port}"
    try:
        with socket.create_connection((host, port), PATIENCE_S) as connection:
            connection.settimeout(PATIENCE_S)
            return _asked(connection)
    except (ConnectionResetError, BrokenPipeError) as error:
        raise UserError(_NO_TWS.format(place, _CLOSED)) from error
    except ConnectionRefusedError as error:
        raise UserError(
            f"nothing listens at {place}; start `spreads sim --port {port}` first, or name its port with --port"
        ) from error
    except socket.gaierror as error:
        raise UserError(f"no machine is called {host!r}; a simulated TWS listens at 127.0.0.1") from error
    except (OSError, WireError, ValueError) as error:
        raise UserError(_NO_TWS.format(place, error)) from error


def _asked(connection: socket.socket) -> datetime:
    connection.sendall(greeting(OLDEST, NEWEST))
    reader = FrameReader()
    answers = _frames(connection, reader)
    version = _version(next(answers, b""))
    connection.sendall(
        encode_frame(Message("start_api", {"client_id": CLIENT_ID}), version)
        + encode_frame(Message("req_current_time", {}), version)
    )
    for body in answers:
        message = decode("s2c", fields_of(body), version)
        if message.name == "current_time":
            return datetime.fromtimestamp(message.whole("time"), UTC)
    raise ValueError(_CLOSED)


def _version(body: bytes) -> int:
    """The version that a greeting agrees on. Raises ValueError or WireError when it is none."""
    if not body:
        raise ValueError("it closed the connection without a word")
    return int(fields_of(body)[0])


def _frames(connection: socket.socket, reader: FrameReader) -> Iterator[bytes]:
    while chunk := connection.recv(65536):
        yield from reader.feed(chunk)
