"""Presets of filters, in one file of the state folder that people may read, edit and share."""

import os
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import cast

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from engine.domain.errors import UserError

FILE = "presets.yaml"
PRESETS_MAX = 200
BYTES_MAX = 200_000
_HEAD = "# Presets of filters. Kept by the engine; import and export them with the API or by copying this file.\n"

Saved = dict[str, object]


def read(state: Path) -> list[Saved]:
    """The presets of a state folder, as plain data. Raises UserError where the file is none."""
    path = state / FILE
    if not path.exists():
        return []
    try:
        return taken(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: the presets cannot be read ({error})") from error


def taken(text: str, place: str) -> list[Saved]:
    """The presets that a text holds, as plain data. Raises UserError where it holds none."""
    if len(text) > BYTES_MAX:
        raise UserError(f"{place}: more than {BYTES_MAX:,} characters")
    try:
        found: object = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise UserError(f"{place}: this is no YAML ({' '.join(str(error).split())[:200]})") from error
    presets = cast("Mapping[str, object]", found).get("presets") if isinstance(found, dict) else None
    if not isinstance(presets, list) or not all(isinstance(one, dict) for one in cast("list[object]", presets)):
        raise UserError(f"{place}: a list of presets is wanted, under the key `presets`")
    return cast("list[Saved]", presets)


def told(presets: Sequence[Mapping[str, object]]) -> str:
    """The presets as text, in the order of their names."""
    writer, out = YAML(typ="safe", pure=True), StringIO()
    writer.default_flow_style = False
    writer.dump({"presets": [dict(one) for one in presets]}, out)
    return _HEAD + out.getvalue()


def write(state: Path, presets: Sequence[Mapping[str, object]]) -> None:
    """Keep these presets and no others. Raises UserError where they are too many or cannot be written."""
    if len(presets) > PRESETS_MAX:
        raise UserError(f"{len(presets)} presets; {PRESETS_MAX} are kept at the most")
    path = state / FILE
    trial = path.with_suffix(".tmp")
    try:
        with os.fdopen(os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(told(presets))
        trial.replace(path)
    except OSError as error:
        raise UserError(f"{path}: the presets cannot be written ({error.strerror})") from error
