"""The command line as a whole: help, mistakes, exit codes, pipes."""

import contextlib
import importlib
import inspect
import os
import re
import subprocess
import sys

import pytest
from syrupy.assertion import SnapshotAssertion

from engine.cli import app
from tests.faces.conftest import Spreads

OFFLINE = ("check", "explain", "scan", "fields", "new", "schema", "sim", "query", "status", "why")


def test_overview_shows_every_command_in_its_group(spreads: Spreads) -> None:
    ran = spreads("--help")

    assert ran.code == 0
    for group, commands in app.GROUPS.items():
        assert group in ran.out
        assert all(f"│ {name} " in ran.out for name in commands)


def test_overview_and_bare_command_are_the_same(spreads: Spreads) -> None:
    assert spreads().out == spreads("--help").out == spreads("-h").out


def test_no_color_is_heeded_on_a_terminal() -> None:
    shown, end = os.openpty()
    environment = {**os.environ, "NO_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "100"}

    process = subprocess.Popen([sys.executable, "-m", "engine", "fields", "--help"], stdout=end, stderr=end, env=environment)
    os.close(end)
    told = b""
    with contextlib.suppress(OSError):  # a terminal whose other end is closed has nothing more to read
        while part := os.read(shown, 65_536):
            told += part
    os.close(shown)

    assert process.wait() == 0
    assert b"Usage" in told
    assert re.search(rb"\x1b\[[0-9;]*(3|4|9|10)[0-7]m", told) is None


@pytest.mark.parametrize("command", OFFLINE)
def test_help_of_a_command_reads_as_before(command: str, spreads: Spreads, snapshot: SnapshotAssertion) -> None:
    ran = spreads(command, "--help")

    assert ran.code == 0
    assert ran.out == snapshot


@pytest.mark.parametrize("command", OFFLINE)
def test_overview_says_the_first_sentence_of_a_command_without_importing_it(command: str) -> None:
    module, _, function = app.COMMANDS[command].partition(":")
    __import__(module)

    written = inspect.getdoc(getattr(sys.modules[module], function))

    assert written is not None
    assert app.first_sentence(app.COMMANDS[command]) == written.partition("\n")[0] != ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("statu",), "no command 'statu'; did you mean 'status'?"),
        (("zzz",), "no command 'zzz'"),
        (("fields", "--fromat", "json"), "--fromat"),
        (("fields", "--format", "xml"), 'Choose from: "table", "json", "csv"'),
        (("explain",), "FILE is missing"),
        (("scan", "x.yaml"), "--chain is missing"),
        (("run", "--port"), "--port wants a value"),
        (("fields", "a", "b"), "nothing is known to do with 'b'"),
        (("why", "x", "--at", "2026-11-23", "11:30", "New", "York"), "'11:30' 'New' 'York'; quotes hold words together"),
        (("sim", "--port", "abc"), "'abc' is not a whole number"),
        (("sim", "--speed", "abc"), "'abc' is not a number"),
        (("new", "x", "--type", "strangle"), "bull_put"),
    ],
)
def test_mistake_gets_one_line_and_exit_code_2(words: tuple[str, ...], says: str, spreads: Spreads) -> None:
    ran = spreads(*words)

    assert ran.code == 2
    assert ran.out == ""
    assert says in ran.err.splitlines()[0]
    assert ran.err.splitlines()[0].startswith("spreads: ")
    assert ran.err.splitlines()[1].strip().startswith("try  spreads")
    assert len(ran.err.splitlines()) == 2


@pytest.mark.parametrize("words", [("approve", "a b/c?x#y"), ("decline", ""), ("approve", "../../halt")])
def test_name_that_nothing_can_have_is_refused_before_anybody_is_asked(words: tuple[str, str], spreads: Spreads) -> None:
    ran = spreads(*words)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"spreads: {words[1]!r}: nothing is called so; names have letters, digits, - and _\n"


def test_version_is_the_only_thing_said_when_asked_for_it(spreads: Spreads) -> None:
    ran = spreads("--version")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.strip()[0].isdigit()


def test_reader_that_leaves_early_is_no_failure() -> None:
    read, write = os.pipe()
    os.close(read)

    ran = subprocess.run([sys.executable, "-m", "engine", "fields"], stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)

    assert (ran.returncode, ran.stderr) == (0, "")


def test_closed_stdout_is_no_failure() -> None:
    closed = f"{sys.executable} -m engine fields >&-"

    ran = subprocess.run(["sh", "-c", closed], stderr=subprocess.PIPE, text=True, check=False)

    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("columns", ["0", "1", "-5", "wide"])
def test_help_is_drawn_where_the_terminal_says_it_has_no_width(
    columns: str, spreads: Spreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)

    ran = spreads("check", "--help")

    assert ran.code == 0
    assert "Check strategy files" in ran.out


def test_command_line_imports_nothing_heavy_before_it_is_needed() -> None:
    heavy = {"duckdb", "numpy", "pandas", "pyarrow", "scipy", "ib_async", "exchange_calendars"}
    program = "import sys, engine.cli.app as a; a.build(); print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert "engine.cli.app" in loaded
    assert heavy.isdisjoint(loaded)


def test_word_that_only_shares_letters_with_a_command_is_not_taken_for_it(spreads: Spreads) -> None:
    ran = spreads("logs")

    assert ran.err.splitlines()[0] == "spreads: no command 'logs'"


def test_no_option_takes_a_secret_as_every_user_of_the_machine_sees_the_list_of_processes() -> None:
    for target in app.COMMANDS.values():
        module, _, function = target.partition(":")
        command = getattr(importlib.import_module(module), function)
        words = {word for name in inspect.signature(command).parameters for word in name.split("_")}
        assert words & {"password", "passphrase", "secret", "token", "pin"} == set(), target
        # The file of a certificate's private key, and the folder of shortcuts of a console, are none.
        assert "key" not in words or "tls" in words, target
