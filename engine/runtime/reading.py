"""One reading of the trader's folder: the bytes of its files, and what each becomes, parsed where it has changed.

A reading touches nothing that is in force, so it is made in a thread of its own while the beat goes on; the swap takes what
stands in it. What is not there, because another common.yaml is in force than the one that was read, is parsed at the swap.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from engine.domain.errors import UserError
from engine.strategy.account import Account
from engine.strategy.common import Common
from engine.strategy.events import Events
from engine.strategy.model import Strategy
from engine.strategy.parse import parse_strategies
from engine.strategy.problems import Parsed

SharedT = TypeVar("SharedT", Account, Common, Events)

FILES_MAX = 500
FILE_BYTES_MAX = 1_000_000
"""Read at most this much of a file; the parser refuses far less and says so."""

Version = tuple[str, str, str]
"""A file as the trader sees its name, the digest of its bytes, and the digest of the common.yaml that it was read with."""


@dataclass(slots=True)
class Reading:
    """`texts` has the bytes by file name. What was parsed is kept for the next reading, as far as its files are the same."""

    texts: Mapping[str, bytes]
    before: "Reading | None" = None
    digests: Mapping[str, str] = field(init=False)
    _parsed: dict[Version, Parsed[Any]] = field(default_factory=dict[Version, Parsed[Any]])

    def __post_init__(self) -> None:
        self.digests = {file: hashlib.sha256(text).hexdigest() for file, text in self.texts.items()}

    def strategies(self, file: str, shown: str, common: Common | None, common_digest: str) -> Parsed[tuple[Strategy, ...]]:
        """The strategies of a file, read with this common.yaml."""
        return self._once((shown, self.digests[file], common_digest), lambda: parse_strategies(self.texts[file], shown, common))

    def shared(self, file: str, shown: str, parse: Callable[[bytes, str], Parsed[SharedT]]) -> Parsed[SharedT]:
        """One of the shared files."""
        return self._once((shown, self.digests[file], ""), lambda: parse(self.texts[file], shown))

    def forget(self) -> None:
        """Let the reading before go: what is still of use of it was taken."""
        self.before = None

    def _once(self, version: Version, parse: Callable[[], Parsed[Any]]) -> Parsed[Any]:
        found = self._parsed.get(version)
        if found is None and self.before is not None:
            found = self.before._parsed.get(version)
        self._parsed[version] = found = found or parse()
        return found


def read_folder(folder: Path) -> dict[str, bytes]:
    """The YAML files of a folder by name, bounded in number and size; hidden files and editors' swap files are passed over."""
    try:
        found = [path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"} and not path.name.startswith(".")]
    except FileNotFoundError as error:
        raise UserError(f"{folder}: {'this link leads nowhere' if folder.is_symlink() else 'the folder is gone'}") from error
    except OSError as error:
        raise UserError(f"{folder}: cannot be read: {error.strerror}") from error
    files = sorted(path for path in found if path.is_file())
    if len(files) > FILES_MAX:
        raise UserError(f"{folder}: {len(files)} files; {FILES_MAX} is the most")
    texts: dict[str, bytes] = {}
    for path in files:
        try:
            with path.open("rb") as file:
                texts[path.name] = file.read(FILE_BYTES_MAX + 1)
        except OSError as error:
            raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    return texts
