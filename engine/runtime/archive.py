"""Every version of the trader's files that was ever in force, under the digest of its bytes.

Positions keep the rules that opened them, and a change can only be told where the version before it is at hand.
"""

from pathlib import Path

from engine.strategy.model import Strategy
from engine.strategy.parse import COMMON_FILE, parse_common, parse_strategy


class Archive:
    """A folder of versions. Writing raises OSError where it cannot be written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, strategy: Strategy, text: bytes, common: bytes | None) -> None:
        """Keep this version once, with the lists that its universe may name."""
        path = self.folder / f"{strategy.digest}.yaml"
        if path.exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        if common is not None:
            (self.folder / f"{strategy.digest}.{COMMON_FILE}").write_bytes(common)
        _write_whole(path, text)

    def strategy(self, digest: str, file: str = "") -> Strategy | None:
        """The version with this digest, None where it is not here or no longer what it was."""
        path, shared = self.folder / f"{digest}.yaml", self.folder / f"{digest}.{COMMON_FILE}"
        if not path.is_file():
            return None
        common = parse_common(shared.read_bytes(), shared.name).value if shared.is_file() else None
        found = parse_strategy(path.read_bytes(), file or path.name, common).value
        return None if found is None or found.digest != digest else found

    def keep_shared(self, name: str, digest: str, text: bytes) -> None:
        """Keep this version of account.yaml, common.yaml or events.yaml once."""
        path = self.folder / "shared" / f"{digest}.{name}"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(path, text)

    def shared(self, name: str, digest: str) -> bytes | None:
        """The bytes of a shared file with this digest, None where they are not here."""
        path = self.folder / "shared" / f"{digest}.{name}"
        return path.read_bytes() if path.is_file() else None


def _write_whole(path: Path, text: bytes) -> None:
    """Put the file there whole or not at all."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(text)
    fresh.replace(path)
