"""Files of the trader's folder become values, or problems: all of them at once, in order of place.

Nothing is read from disk here: the caller brings text (or bytes) and the file's name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TypeVar

from engine.domain.chain import EVENT_KINDS
from engine.domain.index_classes import is_index
from engine.strategy.account import Account
from engine.strategy.aliases.keys import KEYS
from engine.strategy.common import Common, CommonFile
from engine.strategy.composed import Composed, composed, over, plain, with_conditions
from engine.strategy.events import Events
from engine.strategy.expressions.reader import Patience
from engine.strategy.expressions.tree import measures_in
from engine.strategy.loader.document import Document, Shared, read_document, used_by
from engine.strategy.loader.model import read_model, without_errors
from engine.strategy.model import Declared, Strategy, StrategyFile
from engine.strategy.named import Named, Preset
from engine.strategy.problems import Parsed, Problem, in_order
from engine.strategy.source import Listed, Mapped, Place, Text, place_at, texts_in
from engine.strategy.spreads.union import STRUCTURES
from engine.strategy.structures import likely_structure
from engine.strategy.validation.account import check_account
from engine.strategy.validation.strategy import check_strategy
from engine.strategy.validation.validation import Validation
from engine.strategy.validation.within_account import check_within_account
from engine.strategy.viewed import views_written
from engine.strategy.written import Written

WrittenT = TypeVar("WrittenT", bound=Written)

ACCOUNT_FILE, COMMON_FILE, EVENTS_FILE = "account.yaml", "common.yaml", "events.yaml"
"""Files of the folder that are no strategies."""


def parse_strategies(source: str | bytes, file: str, common: Common | None = None) -> Parsed[tuple[Strategy, ...]]:
    """The strategies of one file, one for each variant; `common` has the lists, conditions and presets that it may name."""
    document = read_document(source, file)
    if document.tree is None:
        return Parsed(None, in_order(document.problems))
    document.whole, document.shared = document.tree, common.shared if common else None
    found: list[Strategy] = []
    trees = composed(document, common)
    for one in trees:
        document.tree, document.variant = one.tree, one.variant
        if (strategy := _strategy_of(one, document, common)) is not None:
            found.append(strategy)
    problems = _joined(document, [one.variant for one in trees])
    return Parsed(None if document.has_errors else tuple(found), in_order(problems))


def _joined(document: Document, variants: Sequence[str]) -> list[Problem]:
    """The problems, with one of common.yaml that several variants have told once: of all of them it is told of the file."""
    of = {used_by(document.file, [variant]): variant for variant in variants if variant}
    kept: list[Problem] = []
    users: dict[Problem, list[str]] = {}
    for problem in document.problems:
        suffix = next((one for one in of if problem.message.endswith(one)), None)
        if suffix is None:
            kept.append(problem)
        else:
            users.setdefault(replace(problem, message=problem.message.removesuffix(suffix)), []).append(of[suffix])
    for problem, named in users.items():
        some = list(dict.fromkeys(named))
        told = used_by(document.file, [] if len(some) == len(variants) else some)
        kept.append(replace(problem, message=problem.message + told))
    return kept


def parse_strategy(source: str | bytes, file: str, common: Common | None = None, variant: str = "") -> Parsed[Strategy]:
    """One strategy of a file: its variant of this name, the first where none is named. None is there where the file has no such
    variant, and where anything of the file is wrong.
    """
    parsed = parse_strategies(source, file, common)
    value = next((one for one in parsed.value or () if variant in {"", one.variant}), None)
    return Parsed(value, parsed.problems)


def written_of(source: str | bytes, file: str, common: Common | None, variant: str = "") -> dict[str, object]:
    """What a strategy says, as plain lists, dictionaries and text: everything that it takes from elsewhere is put in. Empty where
    the file cannot be read.
    """
    document = read_document(source, file)
    found = (plain(one.tree) for one in composed(document, common) if one.variant == variant)
    written = next(found, None)
    left_out = {"use", "variants", "conditions"}
    return {key: value for key, value in written.items() if key not in left_out} if isinstance(written, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def _strategy_of(one: Composed, document: Document, common: Common | None) -> Strategy | None:
    """One strategy of the document, whose tree it is; None where something is wrong with it, which is reported."""
    before = sum(problem.severity == "error" for problem in document.problems)
    context = {"lists": common.lists if common else {}, "line": _about_lines(document, common)}
    written = read_model(StrategyFile, document, context)
    if written is not None:
        check_strategy(written, document)
    elif (sound := without_errors(StrategyFile, document, context)) is not None:
        _check_beside_errors(sound, document)
    if written is None or sum(problem.severity == "error" for problem in document.problems) > before:
        return None
    fields = {name: getattr(written, name) for name in Declared.model_fields}
    takes = tuple(dict.fromkeys(" ".join(used.split()[:2]) for used in one.used))
    return Strategy(**fields, digest=_digest_of(one, document.digest), file=document.file, variant=one.variant, takes=takes)


def _digest_of(one: Composed, of_file: str) -> str:
    """The digest of a version: that of the file, where it takes nothing from elsewhere and has no variants."""
    if not one.used and not one.variant:
        return of_file
    return hashlib.sha256("\n".join([of_file, one.variant, *sorted(set(one.used))]).encode()).hexdigest()


def parse_account(source: str | bytes, file: str = ACCOUNT_FILE) -> Parsed[Account]:
    """The limits of the account."""
    return _parsed(Account, source, file, check_account)


def parse_common(source: str | bytes, file: str = COMMON_FILE) -> Parsed[Common]:
    """The shared lists, conditions and presets."""
    document = read_document(source, file)
    context = {"line": {"views": views_written(document.tree)}}
    written = read_model(CommonFile, document, context)
    sound = written or without_errors(CommonFile, document, context)
    if sound is not None:
        _check_presets(sound, document)
    if written is None or document.tree is None or document.has_errors:
        return Parsed(None, in_order(document.problems))
    value = Common(
        schema=1,
        lists=written.lists,
        conditions={name: one.shared() for name, one in written.conditions.items()},
        views=written.views,
        presets={name: one.shared() for name, one in written.presets.items()},
        file=file,
        shared=Shared(file, tuple(document.lines), document.tree),
    )
    return Parsed(value, in_order(document.problems))


_STRATEGY = """schema: 1
name: example
universe: [SPX]
spread: {type: bull_put, expiry: 30-60 days, width: $5}
sizing: {risk: $500}
"""
"""A strategy over which a preset is laid to see whether it reads."""


def _check_presets(written: CommonFile, document: Document) -> None:
    """Reports what is wrong with a preset, whatever file may use it."""
    for preset in written.presets.values():
        example = read_document(_STRATEGY, "example.yaml")
        assert example.tree is not None, "it is read"
        names = {str(key): Named.of(lines) for key, lines in _mapped(document.tree, "conditions").items()}
        tree = with_conditions(over(example.tree, preset.tree), names)
        there = Document(document.file, document.digest, document.lines, tree, [], document.tree)
        read_model(StrategyFile, there, {"lists": written.lists, "line": {}})
        document.problems += there.problems


def _mapped(tree: Mapped | None, key: str) -> Mapped:
    node = tree.get(Text(key)) if tree is not None else None
    return node if isinstance(node, Mapped) else Mapped()


@lru_cache(maxsize=8)
def parse_events(source: str | bytes, file: str = EVENTS_FILE) -> Parsed[Events]:
    """The dated events. They are longer than every strategy beside them and hardly ever change: what was read is kept."""
    return _parsed(Events, source, file)


def check_files(texts: Mapping[str, str | bytes]) -> list[Problem]:
    """Every problem of every file of a folder, and of the files together: two strategies of one name."""
    common_problems, common = _common_of(texts)
    problems, account = list(common_problems), _account_of(texts)
    names: dict[str, str] = {}
    for file, source in texts.items():
        name = _file_name(file)
        if name == ACCOUNT_FILE:
            problems.extend(parse_account(source, file).problems)
        elif name == EVENTS_FILE:
            problems.extend(parse_events(source, file).problems)
        elif name != COMMON_FILE:
            parsed = parse_strategies(source, file, common)
            # What is wrong in a common.yaml that is refused is told there already.
            is_refused = any(one.severity == "error" for one in common_problems)
            told = common.file if is_refused and common is not None else None
            problems.extend(one for one in parsed.problems if one.file != told)
            problems.extend(_same_name(source, file, names))
            if parsed.value and not any(_file_name(other) == EVENTS_FILE for other in texts):
                problems.extend(_without_events(parsed.value, source, common))
            if parsed.value and account is not None:
                problems.extend(_beyond_account(parsed.value, source, common, account))
    return list(in_order(problems))


def _common_of(texts: Mapping[str, str | bytes]) -> tuple[tuple[Problem, ...], Common | None]:
    for file, source in texts.items():
        if _file_name(file) == COMMON_FILE:
            parsed = parse_common(source, file)
            return parsed.problems, parsed.value or _as_far_as_read(source, file)
    return (), None


def _as_far_as_read(source: str | bytes, file: str) -> Common | None:
    """What a common.yaml that is refused names, so that the files which use it are not told that it is not there."""
    document = read_document(source, file)
    sound = without_errors(CommonFile, document, {"line": {"views": views_written(document.tree)}})
    if document.tree is None or sound is None:
        return None
    conditions, presets = _mapped(document.tree, "conditions"), _mapped(document.tree, "presets")
    return Common(
        schema=1,
        lists=sound.lists,
        conditions={str(name): Named.of(lines).shared() for name, lines in conditions.items()},
        views=views_written(document.tree),
        presets={str(name): Preset(keys).shared() for name, keys in presets.items() if isinstance(keys, Mapped)},
        file=file,
        shared=Shared(file, tuple(document.lines), document.tree),
    )


def _account_of(texts: Mapping[str, str | bytes]) -> Account | None:
    """The limits that hold for these strategies; None where their file is wrong or is not among these."""
    found = (parse_account(source).value for file, source in texts.items() if _file_name(file) == ACCOUNT_FILE)
    return next(found, None)


def _file_name(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _same_name(source: str | bytes, file: str, names: dict[str, str]) -> tuple[Problem, ...]:
    """The problem that another file has this strategy's name, told also where the file has other errors.

    `names` has the file of every name before it, and gets this one.
    """
    document = read_document(source, file)
    tree = document.tree
    document.problems.clear()
    if tree is None:
        return ()
    name = tree.get(Text("name"))
    if not isinstance(name, Text) or not name:
        return ()
    variants = list(_mapped(tree, "variants"))
    for whole in [f"{name}_{variant}" for variant in variants] or [str(name)]:
        first = names.setdefault(whole, file)
        if first != file:
            document.report(place_at(tree, "name"), f"name: {first} is called '{whole}' too", "every strategy has its own name")
    return tuple(document.problems)


def _without_events(strategies: Iterable[Strategy], source: str | bytes, common: Common | None) -> tuple[Problem, ...]:
    """The problem that a strategy asks for events and no file lists them."""
    document = read_document(source, next(iter(strategies)).file)
    document.problems.clear()
    document.shared = common.shared if common else None
    for condition in (line for strategy in strategies if strategy.enabled for line in strategy.market_lines):
        kinds = [measure.name for measure in measures_in(condition.expression) if measure.name in _EVENTS]
        if kinds:
            place = Place(condition.line, condition.column, condition.column + len(condition.text))
            name = kinds[0].upper() if kinds[0] != "event" else "events"
            message = f"this asks for {name}, and there is no {EVENTS_FILE}: that is unknown, and unknown opens nothing"
            hint = f"`spreads init-files` writes an {EVENTS_FILE} with the FOMC's days; or remove the line"
            document.report(place, message, hint, "warning")
    return tuple(document.problems)


def _beyond_account(
    strategies: Sequence[Strategy], source: str | bytes, common: Common | None, account: Account
) -> tuple[Problem, ...]:
    document = read_document(source, strategies[0].file)
    trees = composed(document, common)
    document.problems.clear()
    document.whole, document.shared = document.tree, common.shared if common else None
    for strategy, one in zip(strategies, trees, strict=True):
        document.tree, document.variant = one.tree, one.variant
        check_within_account(Validation(strategy, document, one.tree), account)
    return tuple(_joined(document, [one.variant for one in trees]))


_EVENTS = frozenset({"event", *(kind.casefold() for kind in EVENT_KINDS)})


_TYPES = ("type", *(word for key in KEYS if key.path == "spread.type" for word in key.words))
"""Keys of the file itself under which other programs say what the spread is."""


def _about_lines(document: Document, common: Common | None) -> dict[str, object]:
    """What the lines of a strategy may need to know of the rest of the file, as far as it can be read."""
    tree = document.tree or Mapped()
    spread, universe = tree.get(Text("spread")), tree.get(Text("universe"))
    named = spread.get(Text("type")) if isinstance(spread, Mapped) else None
    # Where another program has it, it says as much.
    elsewhere = (tree.get(Text(word)) for word in _TYPES)
    names = [name for name in (named, spread, *elsewhere) if isinstance(name, Text)]
    structure = next((found for name in names if (found := likely_structure(name, list(STRUCTURES)))), None)
    pays = None if structure is None else STRUCTURES[structure].pays
    tickers = [text for text in texts_in(universe) if text] if isinstance(universe, Listed) else []
    are_indices = bool(tickers) and all(is_index(ticker) for ticker in tickers)
    views = {**(common.views if common else {}), **views_written(tree)}
    return {"patience": Patience(), "pays": pays, "are_indices": are_indices, "views": views}


def _check_beside_errors(sound: StrategyFile, document: Document) -> None:
    """Errors across fields of a file that has others; its warnings would speak of what is only mistyped."""
    before = len(document.problems)
    check_strategy(sound, document)
    found = document.problems[before:]
    document.problems[before:] = [problem for problem in found if problem.severity == "error"]


def _parsed(
    model: type[WrittenT], source: str | bytes, file: str, check: Callable[[WrittenT, Document], None] | None = None
) -> Parsed[WrittenT]:
    document = read_document(source, file)
    value = read_model(model, document)
    if value is not None and check is not None:
        check(value, document)
    return Parsed(None if document.has_errors else value, in_order(document.problems))
