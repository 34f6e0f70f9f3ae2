"""« Effacer ce numéro »: a person asks for what is kept of them to be erased."""

from typing import Annotated, Any

from pydantic import Field, StrictBool, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import numbers
from gateway.caller import Scope
from gateway.model import Uai
from gateway.registry import KnownSchool
from gateway.requests import Body
from gateway.store import audit, persons
from gateway.store.persons import Traces
from gateway.web.answers.persons import Erasures
from gateway.web.api.lists import known_school
from gateway.web.route import Call, Reply, Route


class EraseBody(Body):
    """Whose number. Without ``school``: at all schools of the key."""

    number: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(description="in any usual form")
    school: Uai | None = None
    dry_run: StrictBool = Field(False, description="true: count only")


async def erase(call: Call) -> Reply:
    """``POST /v1/persons/erase``: doing it again is harmless. The journal is told how many, and nobody's number."""
    body: EraseBody = call.body
    schools = _schools(call, body.school)

    async def question(conn: AsyncConnection) -> list[Traces]:
        return [await persons.traces(conn, one.uai, _number(body.number, one), body.number) for one in schools]

    found = [one for one in await call.parts.store.read(question) if one]
    if not body.dry_run:
        for one in found:
            await _erase(call, one)
    return Reply({"dry_run": body.dry_run, "data": [_view(one) for one in found]})


def _schools(call: Call, asked: str | None) -> list[KnownSchool]:
    registry = call.parts.registry
    if asked is not None:
        return [known_school(registry, call.caller, asked)]
    return [one for uai in sorted(call.caller.schools) if (one := registry.school(uai)) is not None]


def _number(written: str, school: KnownSchool) -> tuple[str, ...]:
    read = numbers.read(written, school.region, school.foreign)
    return (read.e164,) if isinstance(read, numbers.Number) else ()


async def _erase(call: Call, found: Traces) -> None:
    now = call.parts.clock()
    counts = ", ".join(f"{name} {count}" for name, count in _view(found).items() if name != "school")
    entry = call.act("person_erased", detail=counts, school=found.school)
    for place, lot in enumerate(persons.lots(found)):

        async def verb(conn: AsyncConnection, lot: Traces = lot, place: int = place) -> None:
            await persons.erase(conn, lot, now)
            if place == 0:
                await audit.note(conn, entry)

        await call.parts.store.write(verb)


def _view(found: Traces) -> dict[str, Any]:
    return {
        "school": found.school,
        "messages": len(found.messages),
        "pending": len(found.pending),
        "inbound": len(found.inbound),
        "agreement": found.agreed,
    }


ROUTES: tuple[Route, ...] = (
    Route(
        *(
            "POST",
            "/v1/persons/erase",
            erase,
            frozenset({Scope.ADMIN}),
            "Effacer un numéro à la demande de la personne",
        ),
        body=EraseBody,
        answer=Erasures,
        tag="consents",
        problems=("school_forbidden", "unknown_school"),
    ),
)
