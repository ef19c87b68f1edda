"""Every version of the trader's files that was ever in force, under the digest of its bytes.

Positions keep the rules that opened them, and a change can only be told where the version before it is at hand.
"""

import hashlib
from pathlib import Path

from engine.strategy.model import Strategy
from engine.strategy.parse import COMMON_FILE, parse_common, parse_strategies, written_of

VERSIONS_HELD = 2_000
"""Files of a few kilobytes that are held in memory, the newest; a year of edits makes fewer."""


class Archive:
    """A folder of versions. Writing raises OSError where it cannot be written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held: dict[str, bytes] = {}
        """What was kept or read, by its place in the folder, for a folder that is gone one day."""

    def move(self, folder: Path) -> None:
        """Go on in another folder, with every version that is held."""
        self.folder = folder
        for name, text in self._held.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(path, text)

    def keep(self, strategy: Strategy, text: bytes, common: bytes | None) -> None:
        """Keep this version once, with the common.yaml that it was read with."""
        path = self.folder / f"{strategy.digest}.yaml"
        if path.exists():
            for kept in (path, self.folder / f"{strategy.digest}.{COMMON_FILE}"):
                if kept.name not in self._held and kept.is_file():
                    self._read(kept)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        if common is not None:
            (self.folder / f"{strategy.digest}.{COMMON_FILE}").write_bytes(common)
            self._hold(f"{strategy.digest}.{COMMON_FILE}", common)
        _write_whole(path, text)
        self._hold(path.name, text)

    def strategy(self, digest: str, file: str = "") -> Strategy | None:
        """The version with this digest, None where it is not here or no longer what it was."""
        path, shared = self.folder / f"{digest}.yaml", self.folder / f"{digest}.{COMMON_FILE}"
        if not path.is_file():
            return None
        text, lists = self._read(path), self._read(shared) if shared.is_file() else None
        common = parse_common(lists, shared.name).value if lists is not None else None
        found = parse_strategies(text, file or path.name, common).value or ()
        if (
            hashlib.sha256(text).hexdigest() == digest and len(found) == 1
        ):  # also one that uses lists, as versions were named before
            return found[0].model_copy(update={"digest": digest})
        return next((one for one in found if one.digest == digest), None)

    def _read(self, path: Path) -> bytes:
        """The bytes of a version, which is held from then on."""
        text = path.read_bytes()
        self._hold(path.name, text)
        return text

    def text(self, strategy: Strategy) -> bytes | None:
        """The bytes of a version, None where they are not here."""
        return self.bytes_of(strategy.digest)

    def written_of(self, strategy: Strategy) -> dict[str, object]:
        """What a version says, with all that it takes from elsewhere, as plain values; empty where it is not here."""
        path = self.folder / f"{strategy.digest}.{COMMON_FILE}"
        text, lists = self.text(strategy), path.read_bytes() if path.is_file() else None
        common = parse_common(lists, path.name).value if lists is not None else None
        return written_of(text, strategy.file, common, strategy.variant) if text is not None else {}

    def bytes_of(self, digest: str) -> bytes | None:
        """The bytes of the strategy's version with this digest, None where they are not here."""
        path = self.folder / f"{digest}.yaml"
        return path.read_bytes() if path.is_file() else None

    def keep_shared(self, name: str, digest: str, text: bytes) -> None:
        """Keep this version of account.yaml, common.yaml or events.yaml once."""
        path = self.folder / "shared" / f"{digest}.{name}"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(path, text)
        self._hold(f"shared/{path.name}", text)

    def shared(self, name: str, digest: str) -> bytes | None:
        """The bytes of a shared file with this digest, None where they are not here."""
        path = self.folder / "shared" / f"{digest}.{name}"
        if not path.is_file():
            return None
        text = path.read_bytes()
        self._hold(f"shared/{path.name}", text)
        return text

    def _hold(self, name: str, text: bytes) -> None:
        self._held[name] = text
        while len(self._held) > VERSIONS_HELD:
            self._held.pop(next(iter(self._held)))


def _write_whole(path: Path, text: bytes) -> None:
    """Put the file there whole or not at all."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(text)
    fresh.replace(path)
