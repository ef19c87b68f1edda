"""What edits would change, before they are saved."""

from fastapi import APIRouter, HTTPException

from engine.api.models.base import Name
from engine.api.models.plan import Plan, PlanWord
from engine.api.routes.answers import UNKNOWN, WRONG, unknown
from engine.domain.errors import UserError
from engine.runtime.control import Control


def router(control: Control) -> APIRouter:
    """POST /strategies/plan, GET /strategies/{strategy}/plan."""
    routes = APIRouter(tags=["strategies"])

    @routes.post("/strategies/plan", responses=WRONG)
    async def plan(word: PlanWord) -> Plan:
        """What would change if this text were saved: limits, funnel and candidates before and after, exits that would fire.

        Nothing is put in force. A text that would be refused is answered with its problems.
        """
        return await _planned(control, word.text.encode(), word.shown or word.file, word.file)

    @routes.get("/strategies/{strategy}/plan", responses=UNKNOWN | WRONG)
    async def beside(strategy: Name) -> Plan:
        """The same of the text of a strategy's file where that is not what runs, else of FILE.draft beside it."""
        try:
            found = control.plans.beside(strategy)
        except UserError as error:
            unknown(str(error))
        if found is None:
            unknown(f"what runs of {strategy} is what its file says, and no draft lies beside it")
        name = found.shown.rsplit("/", 1)[-1].removesuffix(".draft")
        return await _planned(control, found.text, found.shown, name)

    _ = (plan, beside)
    return routes


async def _planned(control: Control, text: bytes, shown: str, file: str) -> Plan:
    try:
        return Plan.model_validate(await control.plans.plan(text, shown, file))
    except UserError as error:
        raise HTTPException(422, str(error)) from error
