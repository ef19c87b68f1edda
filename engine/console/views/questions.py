"""Questions to the engine that more than one screen asks: why a strategy does what it does, what an edit would change."""

from functools import partial

from engine.console.dialogs.choices import ReadDialog
from engine.console.host import Host
from engine.console.texts.plan import plan_lines
from engine.console.texts.why import why_lines
from engine.domain.errors import EngineError, UserError

DIALOG, FUNNEL = 84, 38
"""Columns of a dialog at the most, and what a line of a funnel takes of them besides the condition."""


def ask_why(host: Host, strategy: str) -> None:
    """Open the whole answer about a strategy."""
    host.run_worker(partial(_why, host, strategy), group="why", exclusive=True)


async def _why(host: Host, strategy: str) -> None:
    try:
        why = await host.feed.engine.why(strategy)
    except (EngineError, UserError) as error:
        host.tell(str(error), is_bad=True)
    else:
        host.push_screen(ReadDialog(f"why {strategy}", why_lines(why, min(host.size.width, DIALOG) - FUNNEL)))


def ask_plan(host: Host, strategy: str) -> None:
    """Open what the edit of a strategy would change that does not run yet."""
    host.run_worker(partial(_plan, host, strategy), group="plan", exclusive=True)


async def _plan(host: Host, strategy: str) -> None:
    try:
        plan = await host.feed.engine.plan_beside(strategy)
    except (EngineError, UserError) as error:
        host.tell(str(error), is_bad=True)
    else:
        host.push_screen(ReadDialog(f"plan of {plan.file}", plan_lines(plan)))
