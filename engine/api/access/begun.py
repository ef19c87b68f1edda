"""A websocket that was accepted already, for an application that would accept it itself."""

from starlette.types import Message, Receive, Send


def connected(receive: Receive) -> Receive:
    """The connection once more, and then whatever comes."""
    told = False

    async def once() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "websocket.connect"}

    return once


def accepted(send: Send) -> Send:
    """Hands on whatever is said, but no second acceptance."""

    async def said(message: Message) -> None:
        if message["type"] != "websocket.accept":
            await send(message)

    return said
