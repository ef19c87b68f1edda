"""The body of a request, read whole before anything is done with it: no longer than allowed, and no slower."""

import asyncio

from starlette.datastructures import Headers
from starlette.types import Message, Receive

BODY_WITHIN_S = 10.0


class BodyRefused(Exception):
    """Why a body is not taken."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


async def whole_body(receive: Receive, headers: Headers, bytes_max: int) -> bytes:
    """The whole body. Raises BodyRefused where it is too long or does not come in time."""
    announced = headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > bytes_max:
        raise BodyRefused(413, f"more than {bytes_max:,} bytes")
    body = b""
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise BodyRefused(400, "it ended before it was whole")
                body += message.get("body", b"")
                if len(body) > bytes_max:
                    raise BodyRefused(413, f"more than {bytes_max:,} bytes")
                if not message.get("more_body"):
                    return body
    except TimeoutError:
        raise BodyRefused(408, f"it did not come within {BODY_WITHIN_S:g} s") from None


def again(body: bytes, receive: Receive) -> Receive:
    """The body once more for the application, and then whatever comes."""
    told = False

    async def once() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once
