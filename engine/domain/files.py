"""The trader's files as the facts tell of them: what is in force, what a person accepted, who may trade real money by them."""

from dataclasses import dataclass, field
from datetime import datetime

from engine.domain.arming import Arms
from engine.domain.facts.files import (
    EditAccepted,
    EditHeld,
    SharedFileLoaded,
    StrategyArmed,
    StrategyDisarmed,
    StrategyLoaded,
    StrategyRefused,
    StrategyRemoved,
)
from engine.domain.reload import Reload, with_reload

FileFact = (
    StrategyLoaded | StrategyRefused | StrategyRemoved | SharedFileLoaded | EditHeld | EditAccepted | StrategyArmed
    | StrategyDisarmed
)  # fmt: skip


@dataclass(slots=True)
class Files:
    strategies: dict[str, StrategyLoaded] = field(default_factory=dict[str, StrategyLoaded])
    """The version of each strategy that is in force, by its name."""
    before: dict[str, StrategyLoaded] = field(default_factory=dict[str, StrategyLoaded])
    """The version of each strategy that was in force before the present one, by its name."""
    shared_files: dict[str, SharedFileLoaded] = field(default_factory=dict[str, SharedFileLoaded])
    """The version of account.yaml, common.yaml and events.yaml that is in force, by the name of the file without its folder."""
    accepted: dict[str, EditAccepted] = field(default_factory=dict[str, EditAccepted])
    """Edits that a person has accepted and that were not read since, by file."""
    arms: Arms = field(default_factory=Arms)
    """Who may trade real money."""
    reloads: tuple[Reload, ...] = ()
    """Readings that changed something, newest last; as many as are kept."""

    def hear(self, fact: FileFact, at: datetime) -> bool:
        """Take one fact in, which is news: a file in force or gone, or a person's word; an edit that loosens ends arms."""
        match fact:
            case EditHeld() | StrategyRefused():  # what was in force stays so
                return True
            case EditAccepted():
                self.accepted[fact.file] = fact
                return True
            case StrategyLoaded():
                known = self.strategies.get(fact.strategy)
                if known is not None and known.digest != fact.digest:
                    self.before[fact.strategy] = known
                self.strategies[fact.strategy] = fact
            case StrategyRemoved():
                self.strategies.pop(fact.strategy, None)
            case SharedFileLoaded():
                self.shared_files[fact.file.rsplit("/", 1)[-1]] = fact
            case StrategyArmed() | StrategyDisarmed():
                pass
        self.arms.hear(fact)
        if isinstance(fact, StrategyLoaded | SharedFileLoaded):
            self.accepted.pop(fact.file, None)
            self.reloads = with_reload(self.reloads, fact, at)
        return True
