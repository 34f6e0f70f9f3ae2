"""Two schools: one whose people attack, and one that has a row of everything, each bearing a mark.

An attack is a request with names in braces. It is made twice: with the names of the other school's things, and with
names of nothing. Both must get the same answer, no mark may be in it, and no row of the other school may move.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway import passwords
from gateway.roles import Role
from gateway.store import users
from gateway.store.tables import metadata
from gateway.store.users import User
from tests.store.rows import (
    METZ,
    add_answered,
    add_awaited,
    add_batch,
    add_event,
    add_inbound,
    add_line,
    add_message,
    add_parked,
    add_receipt,
    add_sent,
    add_tally,
    ulid,
)
from tests.web.conftest import REUNION, Gateway
from tests.web.console.conftest import PASSWORD
from tests.web.months import invoice, reconciled, upload

#: Keys of an administrator of one school, and of the other.
HERE, AWAY = "vgm_admin", "vgm_away"

#: Stands in everything of the other school that may hold words; it is a keyword, a code and part of a login too.
MARK = "ZZPORT"
THEIR_NUMBER, THEIR_OPPOSED, NO_NUMBER = "+262692111177", "+262692111178", "+262692999977"
_MARKS = re.compile(rf"{MARK}|692 ?11 ?11 ?7[78]|Collège du Port|0000000000000000000000008\d\d", re.IGNORECASE)

#: What two answers to the same question may differ in.
_FRESH = re.compile(rb"(?:msg|bat|rap)_01[0-9A-Z]{24}|\"serial\":\d+|\"request_id\":\"[^\"]*\"")

#: Tables that move whoever asks: numbers without gaps, sessions in use.
_LIVELY = {"counter", "session", "idempotency"}

Names = Mapping[str, str]
Rows = Mapping[str, Mapping[Any, int]]


@dataclass(slots=True)
class Town:
    """Both schools. ``theirs``: name -> what it is in the other school; ``nobody``: what is nowhere."""

    gateway: Gateway
    theirs: Names
    nobody: Names
    rows: Rows

    def normal(self, answer: bytes, names: Names) -> bytes:
        """An answer without what was asked, and without ids that are new each time."""
        for name, value in sorted(names.items(), key=lambda one: -len(one[1])):
            answer = answer.replace(value.encode(), f"<{name}>".encode())
        return _FRESH.sub(b"<fresh>", answer)

    def marks(self, text: str) -> list[str]:
        """What betrays the other school in an answer from which the question was taken."""
        return _MARKS.findall(text)

    async def unmoved(self) -> None:
        """Every row of the other school is as it was, and it has no new one."""
        now = await snapshot(self.gateway)
        for table, before in self.rows.items():
            gone = {row: count for row, count in before.items() if now[table].get(row) != count}
            assert not [row for row in gone if _school_of(table, row) != METZ], table
            new = [row for row in now[table] if row not in before and _school_of(table, row) != METZ]
            foreign = [row for row in new if _school_of(table, row) not in ("none", None) or self.marks(repr(row))]
            assert not foreign, table


def _school_of(table: str, row: tuple[Any, ...]) -> Any:
    names = [column.name for column in metadata.tables[table].columns]
    if "school" in names:
        return row[names.index("school")]
    if "schools" in names and row[names.index("schools")] == f'["{METZ}"]':
        return METZ
    return "none"


async def snapshot(gateway: Gateway) -> Rows:
    """Every row of every table, but of those that always move."""

    async def question(conn: AsyncConnection) -> Rows:
        found: dict[str, dict[Any, int]] = {}
        for name, table in metadata.tables.items():
            if name not in _LIVELY:
                rows = [tuple(row) for row in (await conn.execute(select(table))).all()]
                found[name] = {row: rows.count(row) for row in rows}
        return found

    return await gateway.parts.store.read(question)


def words(**more: Any) -> dict[str, Any]:
    """Columns of a message of the other school, each with the mark."""
    return {
        **{"school": REUNION, "action": "ABSENCE", "number": THEIR_NUMBER, "number_input": THEIR_NUMBER},
        **{"label": f"Mme {MARK}", "text": f"Bonjour {MARK}", "user": f"{MARK}.cpe".lower(), "workstation": MARK},
        **{"subject": orjson.dumps({"name": f"{MARK} Élève"}).decode(), "subject_name": f"{MARK} Élève"},
        **{"event_id": f"EV-{MARK}", "event_label": f"Absence {MARK}", "reference": MARK, **more},
    }


async def _fill(gateway: Gateway) -> dict[str, str]:
    """Their rows; what their names are."""
    store = gateway.parts.store
    batch = await add_batch(store, 801, school=REUNION, recipients=3, accepted=2, ignored=1)
    sent = await add_sent(store, 801, batch=801, **words())
    held = await add_message(store, 802, batch=801, **words(event_id=None))
    await add_message(store, 803, batch=801, batch_row=2, **words(status="ignored", reason="empty_mobile", parts=0))
    doubted = await add_sent(store, 804, **words(status="uncertain"))
    await add_event(store, 801, "override", detail=MARK, actor=f"app/{MARK}")
    await add_receipt(store, 801 * 256 + 1, number=THEIR_NUMBER, sender=MARK)
    await add_line(store, 801 * 256 + 1, school=REUNION)
    await add_tally(store, school=REUNION, total=1, delivered=1, parts=1, amount=45_000)
    await add_tally(store, school=REUNION, month="2026-10", total=1, parts=1, amount=45_000)
    whose = {"number": THEIR_NUMBER, "text": f"Oui {MARK}", "school": REUNION}
    await add_inbound(store, 801, message=801, event_id=f"EV-{MARK}", action="ABSENCE", **whose)
    await add_inbound(store, 802, kind="unattached", **{**whose, "school": None})
    await add_awaited(store, 801, f"EV-{MARK}", school=REUNION, due_at=1)
    answered = await add_answered(store, 805, "Z805", **words())
    orphan = await add_parked(store, provider_id="Z806", number=THEIR_NUMBER, sender=MARK)
    for number, said in ((THEIR_NUMBER, {"consent": True}), (THEIR_OPPOSED, {"opted_out": True})):
        await gateway.ask("PUT", f"/v1/consents/{quote(number)}", AWAY, json={**said, "source": MARK})
    await gateway.ask("PUT", f"/v1/templates/{MARK}", AWAY, json=template(REUNION))
    person = {"name": MARK, "schools": [REUNION], "roles": ["envoi"], "password": PASSWORD}
    await gateway.ask("PUT", f"/v1/users/{MARK.lower()}", AWAY, json=person)
    await gateway.ask("PUT", "/v1/budgets/INFO", AWAY, json={"amount": "77.7777"})
    await gateway.post("/v1/months/2026-10/close", key=AWAY)
    bill = await reconciled(gateway, invoice(f"{MARK};0692111177;23/11/2026 08:30;1;0,0450"), AWAY)
    return {
        **{"batch": batch, "message": sent, "held": held, "doubted": doubted, "answered": answered},
        **{"receipt": f"rec_{orphan}", "reconciliation": bill.json["id"], "inbound": f"in_{ulid(801)}"},
    }


def template(school: str) -> dict[str, Any]:
    """A template of a school, with a keyword of its own."""
    return {"label": f"Modèle {MARK}", "text": f"Bonjour #{MARK}", "school": school}


async def _sign_in(gateway: Gateway, login: str, *passwords_: str) -> None:
    for password in passwords_:
        form = {"login": login, "password": password}
        async with gateway.session.post(f"http://127.0.0.1:{gateway.port}/console/connexion", data=form):
            pass
    gateway.session.cookie_jar.clear()


async def two_schools(gateway: Gateway) -> Town:
    """The other school with a row of everything; here a message and a receipt of nobody."""
    given = await _fill(gateway)
    store = gateway.parts.store
    await _sign_in(gateway, MARK.lower(), "faux mot de passe", PASSWORD)
    await add_answered(store, 701, "A701")
    here = {"ours": f"msg_{ulid(701)}", "orphan": f"rec_{await add_parked(store, provider_id='A702')}"}
    stored = passwords.hashed(PASSWORD)
    for login, roles, sees in (("metz", Role.ADMINISTRATEUR, True), ("soi", Role.DIFFUSEUR, False)):
        user = User(login, login, frozenset({METZ}), frozenset({roles}), recap_all=sees, password=stored)
        await store.write(lambda conn, user=user: users.put_user(conn, user, gateway.parts.clock()))  # type: ignore[misc]
    await gateway.ask("PUT", "/v1/templates/NOTRE", HERE, json={"label": "Notre", "text": "Bonjour", "school": METZ})
    theirs = {
        **given,
        **here,
        **{"event": f"EV-{MARK}", "template": MARK, "login": MARK.lower(), "number": THEIR_NUMBER, "school": REUNION},
        **{"user": f"{MARK}.cpe".lower(), "place": MARK, "words": f"mme {MARK}", "actor": f"console/{MARK.lower()}"},
        **{"provider": "Z805", "reference": MARK},
    }
    nobody = {
        **{"batch": f"bat_{ulid(991)}", "message": f"msg_{ulid(991)}", "held": f"msg_{ulid(992)}"},
        **{"doubted": f"msg_{ulid(993)}", "answered": f"msg_{ulid(994)}", "receipt": "rec_99999"},
        **{"reconciliation": f"rap_{ulid(995)}", "inbound": f"in_{ulid(996)}", **here},
        **{"event": "EV-NOWHERE", "template": "NOWHERE", "login": "nowhere", "number": NO_NUMBER, "school": "9999999Z"},
        **{"user": "nowhere.cpe", "place": "NOWHERE", "words": "mme nowhere", "actor": "console/nowhere"},
        **{"provider": "Q805", "reference": "NOWHERE"},
    }
    assert theirs.keys() == nobody.keys()
    return Town(gateway, theirs, nobody, await snapshot(gateway))


def filled(template_: Any, names: Names) -> Any:
    """Names in braces replaced, at any depth."""
    if isinstance(template_, dict):
        return {filled(key, names): filled(value, names) for key, value in template_.items()}
    if isinstance(template_, list):
        return [filled(one, names) for one in template_]
    if isinstance(template_, str):
        return re.sub(r"\{(\w+)\}", lambda found: names[found[1]], template_)
    return template_


__all__ = ["AWAY", "HERE", "Town", "filled", "snapshot", "two_schools", "upload"]
