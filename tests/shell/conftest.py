"""Keys that are made and proved at once: how dear they are to guess is no matter of these tests."""

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from engine.api.access import keys


@pytest.fixture(autouse=True, scope="session")
def cheap_keys() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield
