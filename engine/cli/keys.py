"""Keys of those who ask the engine over TCP."""

from datetime import UTC, datetime

from engine.api.access.keys import Keys
from engine.api.access.roles import ROLES
from engine.cli.options import STATE, State
from engine.cli.show import Format, Row, say, show, show_told
from engine.domain.errors import UserError
from engine.store.folder import is_state_folder, no_folder

COLUMNS = ("id", "name", "role", "created_at", "revoked_at")
WORDS = ("add", "list", "revoke")


def keys(what: str = "list", name: str = "", *, role: str = "viewer", state: State = STATE, format: Format = "table") -> None:  # noqa: A002
    """Keys for the API over TCP: list them, add one for a person or a program, revoke one. A new key is shown once.

    Parameters
    ----------
    what
        list, add or revoke.
    name
        Who uses the key; in the journal this name stands for whatever is said with it.
    role
        What it may do: viewer reads; trader answers, orders, closes, pauses and halts too; operator resumes and lifts too;
        admin revokes keys too.
    format
        table, json or csv.
    """
    if what not in WORDS:
        raise UserError(f"keys {what}: choose one of {', '.join(WORDS)}")
    if not is_state_folder(state):
        raise UserError(f"{state}: {no_folder(state) or 'no engine keeps its state here'}; name its folder with --state")
    known, now = Keys(state), datetime.now(UTC)
    if what != "list" and not name:
        raise UserError(f"whose key? name it, as in `spreads keys {what} ada`")
    match what:
        case "add":
            if role not in ROLES:
                raise UserError(f"--role {role}: choose one of {', '.join(ROLES)}")
            print(known.add(_checked(name), role, now))
            say("the key is shown this once; whoever has it may ask as that name")
        case "revoke":
            found = known.revoke(name, now)
            say(f"revoked {found.name} ({found.id}); its tokens are good for nothing from now on")
        case _:
            _list(known, format)


def _list(known: Keys, form: Format) -> None:
    rows: list[Row] = [
        {
            "id": key.id,
            "name": key.name,
            "role": key.role,
            "created_at": key.created_at.isoformat(timespec="seconds"),
            "revoked_at": key.revoked_at.isoformat(timespec="seconds") if key.revoked_at else None,
        }
        for key in known.all()
    ]
    if form == "table":
        show_told(rows, empty="no key yet; `spreads keys add NAME --role trader` makes one")
    else:
        show(rows, COLUMNS, form, empty="no key yet")


def _checked(name: str) -> str:
    """A name that the journal takes. Raises UserError."""
    if len(name) > 60 or not all(letter.isalnum() or letter in " ._@:-" for letter in name) or not name.strip():
        raise UserError(f"{name!r}: a name has letters, digits, spaces and . _ @ : -, and at most 60 of them")
    return name.strip()
