"""« Synthèse des SMS envoyés »: by month and action, with the total of each month and of the year."""

import asyncio
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic import Field

from gateway import accounts, csvout, workbooks
from gateway.caller import Scope
from gateway.model import Uai
from gateway.periods import local, year_of
from gateway.requests import Body
from gateway.web.answers.accounts import Synthesis
from gateway.web.api.lists import csv_response, known_school
from gateway.web.files import exported, workbook
from gateway.web.route import Call, Reply, Route


class SynthesisQuery(Body):
    """Which year of which school; by default the one that today is in."""

    year: int | None = Field(None, ge=2000, le=2100)
    school_year: bool = Field(False, description="true: from 1 September of year to 31 August")
    school: Uai | None = None


class SynthesisFile(SynthesisQuery):
    """A synthesis written as a file."""

    dialect: csvout.Dialect = "excel-fr"


async def _view(call: Call) -> dict[str, Any]:
    query: SynthesisQuery = call.query
    school = known_school(call.parts.registry, call.caller, query.school)
    year = query.year
    if year is None:
        year = year_of(local(call.parts.clock(), school.zone).date(), school_year=query.school_year)
    return await accounts.synthesis(
        call.parts.store, call.parts.registry, school.uai, year, school_year=query.school_year
    )


async def synthesis(call: Call) -> Reply:
    """``GET /v1/synthesis``."""
    return Reply(await _view(call))


async def synthesis_csv(call: Call) -> web.StreamResponse:
    """``GET /v1/synthesis.csv``."""
    view = await _view(call)
    await exported(call, f"synthèse {view['year']} (CSV)", view["school"])
    return csv_response(
        accounts.synthesis_csv(view, call.query.dialect), f"synthese-{view['school']}-{view['year']}.csv"
    )


async def synthesis_xlsx(call: Call) -> web.StreamResponse:
    """``GET /v1/synthesis.xlsx``."""
    view = await _view(call)
    await exported(call, f"synthèse {view['year']} (XLSX)", view["school"])

    async def write(file: Path) -> None:
        await asyncio.to_thread(workbooks.synthesis, view, file)

    return await workbook(call, f"synthese-{view['school']}-{view['year']}.xlsx", write)


ROUTES: tuple[Route, ...] = (
    Route(
        *("GET", "/v1/synthesis", synthesis, frozenset({Scope.READ, Scope.ACCOUNTS})),
        summary="La synthèse par mois et par action",
        query=SynthesisQuery,
        answer=Synthesis,
        tag="accounts",
        problems=("school_required",),
    ),
    Route(
        *("GET", "/v1/synthesis.csv", synthesis_csv, frozenset({Scope.ACCOUNTS})),
        summary="La synthèse, pour tableur",
        query=SynthesisFile,
        tag="accounts",
        problems=("school_required",),
    ),
    Route(
        *("GET", "/v1/synthesis.xlsx", synthesis_xlsx, frozenset({Scope.ACCOUNTS})),
        summary="La synthèse, en classeur",
        query=SynthesisQuery,
        tag="accounts",
        problems=("school_required",),
    ),
)
