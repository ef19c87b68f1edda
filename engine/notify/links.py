"""Links in notifications that lead to the card of one opening in `spreads web`, where its holder may say yes to it.

A link names the order and the moment at which its question is over, and is signed with a secret of the state folder. It says yes
to this one question and to nothing else: an opening that is asked anew has a new moment, and so a new link.
"""

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from engine.store.secret import known_secret, made_secret

SECRET_FILE = "links.secret"  # noqa: S105 - a file's name
PATH = "/yes/"
"""What stands before a link in an address of the pages."""
TEXT_MAX = 200


@dataclass(frozen=True, slots=True)
class Question:
    """One opening that waited for a yes, until a moment."""

    order_ref: str
    until: datetime
    """The second in which it is over, by the engine's clock."""

    def is_that_of(self, until: datetime | None) -> bool:
        """Whether a question that is over then is this one."""
        return until is not None and int(until.timestamp()) == int(self.until.timestamp())


@dataclass(frozen=True, slots=True)
class Links:
    """Signs links, and reads what was signed."""

    secret: bytes = field(repr=False)

    def text_of(self, question: Question) -> str:
        """The link, without the address of the pages."""
        plain = f"{question.order_ref}.{int(question.until.timestamp())}"
        return f"{plain}.{self._signed('link', plain)}"

    def question_of(self, text: str) -> Question | None:
        """What a link asks; None where it is none of ours."""
        plain, _, signed = text[:TEXT_MAX].rpartition(".")
        if not hmac.compare_digest(self._signed("link", plain).encode(), signed.encode("utf-8", "replace")):
            return None
        ref, _, until = plain.rpartition(".")
        return Question(ref, datetime.fromtimestamp(int(until), UTC))

    def form_of(self, text: str) -> str:
        """What the form on the page of this link carries, so that no other page can send it."""
        return self._signed("form", text)

    def _signed(self, use: str, plain: str) -> str:
        digest = hmac.digest(self.secret, f"{use}\n{plain}".encode("utf-8", "replace"), sha256)
        return urlsafe_b64encode(digest).decode().rstrip("=")


def made_links(state: Path) -> Links:
    """The links of a state folder, whose secret is made where there is none. Raises UserError where it cannot be."""
    return Links(made_secret(state / SECRET_FILE, "links"))


def known_links(state: Path) -> Links:
    """The links of a state folder whose engine has made some. Raises UserError where it has not, or others may sign them."""
    return Links(known_secret(state / SECRET_FILE, "links"))
