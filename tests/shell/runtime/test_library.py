"""The trader's folder as the engine reads it: only what is a file."""

import os
from pathlib import Path

from engine.runtime.library import read_folder


def test_folder_is_read_past_pipes_devices_and_hidden_files(tmp_path: Path) -> None:
    (tmp_path / "puts.yaml").write_text("schema: 1\n")
    (tmp_path / ".puts.yaml.swp.yaml").write_text("half")
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    (tmp_path / "nowhere.yaml").symlink_to(tmp_path / "gone.yaml")
    (tmp_path / "folder.yaml").mkdir()

    texts = read_folder(tmp_path)

    assert texts == {"puts.yaml": b"schema: 1\n"}
