"""What a console remembers of how somebody likes to see it: the columns of each screen, in one small file."""

import json
from pathlib import Path
from typing import cast


class Memory:
    """The file; without one nothing is remembered. One that cannot be read or written is no reason to stop a console."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def columns(self, screen: str) -> tuple[str, ...]:
        """Names of the columns that were chosen for a screen, in their order; empty where none were."""
        found = self._all().get(screen)
        if not isinstance(found, list):
            return ()
        return tuple(str(name) for name in cast("list[object]", found))

    def keep_columns(self, screen: str, names: tuple[str, ...]) -> str | None:
        """Remember them; why that was not possible, or nothing."""
        if self._path is None:
            return None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps({**self._all(), screen: list(names)}, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            return f"they are not remembered: {self._path}: {error.strerror}"
        return None

    def _all(self) -> dict[str, object]:
        if self._path is None:
            return {}
        try:
            found: object = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return cast("dict[str, object]", found) if isinstance(found, dict) else {}
