"""Commands that set a place up: the files that come with the program, and completion for the shell."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from engine.cli.client import runs
from engine.cli.shipped import FOLDERS, shipped
from engine.cli.show import say
from engine.domain.errors import UserError


def init_files(folder: Path = Path()) -> int:
    """Write the example strategies, the schemas and the monitoring files into a folder. Never overwrites a file.

    Parameters
    ----------
    folder
        Where strategies/, schemas/ and monitoring/ are to be; the current folder when not given.
    """
    needs_rest(folder)
    write_new(folder, shipped_files())
    say("read a strategy with `spreads explain strategies/spx_bull_put.yaml`, and run `spreads check`")
    return 0


def completion(shell: Literal["bash", "zsh", "fish"]) -> None:
    """Print what makes a shell complete commands, options and their choices.

    bash: `spreads completion bash > ~/.local/share/bash-completion/completions/spreads` ·
    zsh: into a file `_spreads` on your `fpath` · fish: into `~/.config/fish/completions/spreads.fish`

    Parameters
    ----------
    shell
        Which shell.
    """
    from engine.cli.app import build  # noqa: PLC0415 - the command line knows this module by its name only

    print(build().generate_completion(prog_name="spreads", shell=shell), end="")


def shipped_files() -> dict[Path, bytes]:
    """What comes with the program, by its place in a folder."""
    return {
        Path(name) / source.relative_to(folder): source.read_bytes()
        for name, folder in ((name, shipped(name)) for name in FOLDERS)
        for source in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    }


def needs_rest(folder: Path) -> None:
    """Raises UserError where an engine trades from this folder: it would take up the examples as they are written."""
    if runs(state := folder / "state"):
        raise UserError(f"{state}: an engine runs here and would trade by the examples at once; name another folder, or stop it")


def write_new(folder: Path, texts: Mapping[Path, bytes]) -> None:
    """Write files that are not there yet, print their names and say how many were.

    Raises UserError where one cannot be written.
    """
    written, kept = 0, list[Path]()
    try:
        for name, text in texts.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                with target.open("xb") as file:
                    file.write(text)
            except FileExistsError:
                kept.append(target)
                continue
            written += 1
            print(target)
    except OSError as error:
        raise UserError(f"{error.filename or folder}: cannot be written: {error.strerror}; name another folder") from error
    say(f"wrote {written} files" + (f"; {len(kept)} were there and are left as they are: {_named(kept)}" if kept else ""))


def _named(paths: list[Path]) -> str:
    names = ", ".join(str(path) for path in paths[:5])
    return names + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")
