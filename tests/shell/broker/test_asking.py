"""What TWS is asked waits for its answer within bounds, and is given up at once by whoever ends the engine."""

import asyncio

import pytest

from engine.broker.asking import answer


def test_end_that_comes_in_the_moment_of_the_answer_is_an_end() -> None:
    async def story() -> None:
        # Given a question that waits
        told: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def ask() -> int:
            return await told

        asked = asyncio.ensure_future(answer("positions", 5.0, ask))
        await asyncio.sleep(0)

        # When the answer comes and the task is ended at once
        told.set_result(1)
        asked.cancel()

        # Then it ends, whatever was told
        with pytest.raises(asyncio.CancelledError):
            await asked

    asyncio.run(story())
