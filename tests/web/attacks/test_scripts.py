"""Whatever an application, a provider, a telephone or a person writes: on no page does it become more than text.

The fields are taken from the reference, so that a new one is poisoned too.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from hashlib import sha256
from itertools import pairwise
from typing import Any

import aiohttp
import orjson
import pytest
from pydantic import SecretStr

from gateway.config.settings import SecretsSettings
from gateway.model import ProviderContact
from gateway.web.console.pages import PAGES
from gateway.web.console.visit import ROOT
from tests.store.rows import (
    add_answered,
    add_awaited,
    add_event,
    add_inbound,
    add_line,
    add_message,
    add_parked,
    add_receipt,
    add_sent,
    add_tally,
)
from tests.web.attacks.pages import poison, read
from tests.web.attacks.reference import fields
from tests.web.conftest import METZ, Answer, Gateway
from tests.web.console.conftest import PASSWORD, Browser, Page, browsing
from tests.web.months import upload

KEY = "vgm_admin"

#: Fields with a form of their own, which refuses anything else; and those that are shown to nobody.
SHAPED = {
    *("to", "sender", "code", "number", "callback_url", "hold_max", "uncertain_wait", "validity", "amount", "password"),
    *("adapter", "timezone", "message", "ids", "filter", "request", "invoice", "recipients", "sensitive", "contacts"),
    *("account", "provider_service_code", "provider", "service_code", "key_id", "option1", "option2"),
}

#: Route -> its address, and the rest of its body.
FILLED: Mapping[str, tuple[str, Any]] = {
    "POST /v1/messages": ("/v1/messages", {"to": "0612345678", "action": "ABSENCE", "recipient": {"do_not_sms": True}}),
    "POST /v1/batches": ("/v1/batches", {"action": "ABSENCE", "recipients": [{"to": "0612345679"}, {"to": ""}]}),
    "PUT /v1/actions/{code}": ("/v1/actions/POISON", {"response_delay_days": 1}),
    "PUT /v1/templates/{code}": ("/v1/templates/POISON", {"school": METZ}),
    "PUT /v1/consents/{number}": ("/v1/consents/0612345670", {"consent": True, "opted_out": True}),
    "POST /v1/consents/import": (
        "/v1/consents/import",
        {"rows": [{"number": number, "opted_out": True} for number in ("0612345671", "0612345672")]},
    ),
    "POST /v1/events/{id}/answered": ("/v1/events/EV-ANSWERED/answered", {}),
    "PUT /v1/accounts/{name}": (
        "/v1/accounts/operateur-x",
        {
            **{"provider": "PLURI", "password": "secret", "host": "127.0.0.1", "price": "0.05"},
            **{"modes": ["economique"], "key_id": '"><x-pwn>', "option1": '"><x-pwn>', "option2": '"><x-pwn>'},
        },
    ),
    "PUT /v1/users/{login}": ("/v1/users/poison", {"schools": [METZ], "roles": ["envoi"], "password": PASSWORD}),
    "PUT /v1/accounts/{name}/invoice-columns": ("/v1/accounts/operateur-a/invoice-columns", {}),
    "POST /v1/reconciliations/{id}/sign": ("", {}),
}

#: Routes whose words are looked for or judged, and kept nowhere.
ASKED = {
    *("POST /v1/recipients/resolve", "POST /v1/preview", "POST /v1/persons/erase", "POST /v1/receipts/{id}/match"),
    *(f"POST /v1/messages/{deed}" for deed in ("release", "cancel", "resend")),
    *("PUT /v1/budgets/{action}", "POST /v1/reconciliations", "POST /v1/reconciliations/columns"),
}

#: What is kept of a message but stands on no page.
UNSEEN = {
    *("/subject/id", "/subject/kind", "/event/id", "/event/type", "/event/motif", "/metadata/*", "/reference"),
    *(
        "invoice-columns /id",
        "/id2",
        "/at",
        "/time",
        "/parts",
        "/credits",
        "/defaults/text",
        "/defaults/override/reason",
    ),
}


def mark(route: str, place: str) -> str:
    """By which a field is known again on a page: short, since some fields are."""
    return f"q{sha256(f'{route} {place}'.encode()).hexdigest()[:5]}q"


def poisoned(route: str, places: Mapping[str, int], body: Any) -> tuple[Any, dict[str, str]]:
    """The body with poison in each of its free texts, and the places by their marks."""
    marks = {}
    for place, most in places.items():
        steps = place.strip("/").split("/")
        if set(steps) & (SHAPED - ({"recipients"} if "batches" in route else set())) or "contacts" in steps:
            continue
        here = body
        for step, after in pairwise(steps):
            here = here[0] if step == "-" else here.setdefault(step, [{}] if after == "-" else {})
        last = steps[-1]
        if last == "-":
            continue
        here["k" if last == "*" else last] = poison(mark(route, place), most) + " #NOM" * (last == "text")
        marks[mark(route, place)] = f"{route} {place}"
    return body, marks


async def fill(gateway: Gateway) -> dict[str, str]:
    """Everything poisoned; what is kept, by its mark."""
    known, marks = fields(), dict[str, str]()
    more = {
        "secrets": SecretsSettings(sealing_key=SecretStr("a key of the tests, long enough")),
        "providers": (ProviderContact(name="PLURI", telephone='"><x-pwn>', www='https://x/"><x-pwn>', email='"><x@y'),),
    }
    gateway.parts.settings = gateway.parts.settings.model_copy(update=more)
    gateway.parts.registry.replace(gateway.parts.settings)
    await add_sent(gateway.parts.store, 900, event_id="EV-ANSWERED")
    file = f"{_cell('heading')};id;numero\n{_cell('cell')};{_cell('provider id')};0612345678\n".encode()
    bill = await upload(gateway, "/v1/reconciliations", {"account": "operateur-a", "month": "2026-11"}, file, KEY)
    for route, (address, rest) in FILLED.items():
        body, mine = poisoned(route, known[route], orjson.loads(orjson.dumps(rest)))
        marks |= mine
        path = address or f"/v1/reconciliations/{bill.json['id']}/sign"
        answer = await gateway.ask(route.partition(" ")[0], path, KEY, json=_accepted(route, body))
        assert answer.status in (200, 201, 202), (route, answer.raw)
    await _of_others(gateway)
    return marks | {name: name for name in ("variable", "provider id")}


def _cell(name: str) -> str:
    """A cell of a CSV file."""
    return '"' + poison(name, 150).replace('"', '""') + '"'


def _accepted(route: str, body: Any) -> Any:
    """What a body must not say together."""
    if "recipients" in body or "to" in body:
        (body["defaults"] if "recipients" in body else body)["variables"] = {"NOM": poison("variable", 200)}
    if route == "POST /v1/batches":
        body["recipients"][1] |= {"to": ""}
        body["defaults"].pop("override", None)
        body["defaults"].pop("text", None)
    if route == "PUT /v1/templates/{code}":
        body.pop("sensitive", None)
    return body


async def _of_others(gateway: Gateway) -> None:
    """What providers and telephones write."""
    store = gateway.parts.store
    said = {"number": poison("phone", 200), "text": poison("phone text"), "to": poison("phone to", 200)}
    await add_inbound(store, 901, **said, kind=poison("kind", 100), encoding=poison("encoding"))
    sent = {"label": poison("sent label"), "user": poison("sent user"), "workstation": poison("sent workstation")}
    words = {"reason": poison("reason"), "detail": poison("detail"), "number": poison("number"), "event_id": "EV-LATE"}
    await add_sent(store, 902, **sent, **words, subject_name=poison("name"), event_label=poison("event label"))
    await add_event(store, 902, poison("event kind"), detail=poison("event detail"), actor=poison("actor"))
    await add_awaited(store, 902, "EV-LATE", due_at=1, action="POISON")
    await add_receipt(store, 902 * 256 + 1, state=poison("state"), error=poison("error"), sender=poison("sender"))
    await add_line(store, 902 * 256 + 1, account=poison("account"))
    await add_tally(store, total=1, parts=1, amount=1, account=poison("tally account"), action=poison("tally action"))
    await add_parked(store, provider_id=poison("parked", 200), number=poison("parked number"))
    await add_answered(store, 903, poison("answered id"))
    await add_message(
        store, 904, status="ignored", reason=poison("ignored"), parts=0, number="", label=poison("nobody")
    )
    await gateway.post(f"/v1/accounts/operateur-a/pause?reason={'%22%3E%3Cx-pwn onpwn=1%3E'}", key=KEY)
    await gateway.ask("PUT", "/v1/budgets/POISON", KEY, json={"amount": "1"})


FILTERED = ("to", "user", "workstation", "number", "label")


def addresses(ids: Mapping[str, str]) -> Iterator[str]:
    """Every page that can be opened, and its tabs."""
    for page in PAGES:
        if page.method == "GET":
            names = {"id": ids["bill" if "rapprochement" in page.path else "message"], **ids}
            yield ROOT + page.path.format(**names)
    yield f"{ROOT}/messages/{ids['sent']}"
    yield from (f"{ROOT}/suivi?onglet={tab}" for tab in ("delivres", "non-remis", "ignores"))
    yield from (f"{ROOT}/suivi?{query}" for query in (f"batch={ids['batch']}", "event=EV-LATE"))
    yield from (f"{ROOT}/rapprochement/{ids['bill']}?pile={pile}" for pile in ("only_theirs", "only_ours", "identical"))
    yield f"{ROOT}/reponses/retard?action=POISON"
    yield f"{ROOT}/modeles/POISON"
    yield f"{ROOT}/comptes/operateur-x"
    yield f"{ROOT}/envoi?envoi={ids['batch']}"
    words = "%22%27%3E%3Cx-pwn%20onpwn=1%3E"
    for name in (*("onglet", "batch", "event", "sort", "cursor", "first", "from"), *FILTERED):
        yield from (f"{ROOT}/{page}?{name}={words}" for page in ("suivi", "recapitulatif", "reponses", "envoi"))
    for query in ("journal?actor", "journal?act", "journal?from", "rapprochement?account", "rapprochement?month"):
        yield f"{ROOT}/{query}={words}"
    yield from (
        f"{ROOT}/{page}={words}" for page in ("synthese?year", "connexion?suite", "consentements?cursor", "?fait")
    )
    yield from (
        f"{ROOT}/{page}/{words}" for page in ("messages", "modeles", "actions", "comptes", "utilisateurs", "mois")
    )


POLICY = {"default-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'", "object-src 'none'"}


def harmless(page: Page) -> str:
    """Nothing on a page came from data, and it lets nothing of the kind run; its words."""
    if page.headers["Content-Type"].startswith("text/html"):
        found = read(page.html)
        assert found.wrong == [], page.path
        policy = set(page.headers["Content-Security-Policy"].split("; "))
        assert policy == POLICY | {"img-src 'self' data:"}, page.path
        assert page.headers["X-Frame-Options"] == "DENY"
        assert page.headers["Referrer-Policy"] == "same-origin"
        assert page.headers["Cache-Control"] == "no-store"
        return "\n".join(found.words)
    assert page.headers["Content-Disposition"].startswith("attachment;"), page.path
    return page.html


async def test_nothing_that_anybody_writes_becomes_an_element(people: Gateway) -> None:
    marks = await fill(people)
    bill = (await people.get("/v1/reconciliations", KEY)).json["data"][0]["id"]
    listed = (await people.get("/v1/messages?limit=500", KEY)).json["data"]
    batch = next(one["batch"] for one in listed if one["batch"])
    ids = {"bill": bill, "batch": batch, "message": next(one["id"] for one in listed if one["override"])}
    ids |= {"sent": next(one["id"] for one in listed if one["serial"] == 902), "month": "2026-11", "code": "POISON"}
    ids |= {"login": "poison", "name": "operateur-a"}
    seen = []
    async with browsing(people) as browser:
        await browser.sign_in("direction")
        await browser.send(f"{ROOT}/etablissement", {"school": METZ})
        for address in (*addresses(ids), *(f"{ROOT}/messages/{one['id']}" for one in listed)):
            found = await browser.open(address)
            assert found.status in (200, 400, 404, 422), address
            assert found.headers["X-Content-Type-Options"] == "nosniff", address
            seen.append(harmless(found))
        seen += [harmless(answer) async for answer in forms(browser)]
    whole = "\n".join(seen)
    assert "{{7*7}}" in whole  # nor is it a template
    unseen = {place for one, place in marks.items() if one not in whole}
    assert {place for place in unseen if not place.endswith(tuple(UNSEEN))} == set()


async def forms(browser: Browser) -> AsyncIterator[Page]:
    """Pages that are the answer to a form: what was written stands in it again."""
    nasty = poison("form", 150)
    token = (await browser.open(ROOT)).token
    written = {"recipients": f"0612345678;{nasty}\n;{nasty}", "text": f"#DESTINATAIRE ê€œ {nasty}", "action": "INFO"}
    for deed in ("preview", "template", "replace", "send", "remove:1"):
        more = {"template": nasty, "when": nasty, "send_at": nasty, "once": nasty, "checked": nasty, "mode": nasty}
        yield await browser.send(f"{ROOT}/envoi", {**written, "deed": deed}, token=token)
        yield await browser.send(f"{ROOT}/envoi", {**written, **more, "deed": deed}, token=token)
    for path, fields_ in {
        "/consentements": {"number": nasty, "deed": "accord", "source": nasty},
        "/consentements?": {"number": "0612345670", "deed": "accord", "source": nasty},
        "/consentements?qui=2": {"number": "0612345672"},
        "/effacement": {"number": nasty},
        "/actions/nouvelle": {
            "code": nasty,
            "short_label": nasty,
            "long_label": nasty,
            "validity": nasty,
            "mode": nasty,
        },
        "/actions/POISON": {"short_label": nasty, "long_label": nasty, "template": nasty, "sender": nasty},
        "/modeles/nouveau": {"code": nasty, "label": nasty, "text": nasty, "school": nasty},
        "/modeles/POISON": {"label": nasty, "text": "", "school": nasty},
        "/nouveau-compte": {"name": nasty, "provider": nasty, "host": nasty, "price": nasty, "option1": nasty},
        "/comptes/operateur-x/modifier": {"key_id": nasty, "rate": nasty, "modes": nasty, "service_code": nasty},
        "/utilisateurs/nouveau": {"login": nasty, "name": nasty, "roles": nasty, "reason": nasty, "blocked": "on"},
        "/budgets": {"action": nasty, "amount": nasty, "period": nasty},
        "/mot-de-passe": {"old": nasty, "new": nasty, "again": nasty},
        "/connexion": {"login": nasty, "password": nasty, "suite": nasty},
        "/rapprochement": {"account": nasty, "month": nasty, "format": nasty, "once": nasty},
        "/envoi/exception": {"person": nasty, "text": nasty, "reason": nasty},
        "/reponses/retard": {"event": nasty, "by": nasty, "action": nasty},
        "/etablissement": {"school": nasty},
        "/a-diffuser": {"id": nasty, "deed": nasty, "all": nasty, "expected": nasty},
        f"/messages/{'%22%3E%3Cx-pwn%3E'}/renvoyer": {},
    }.items():
        yield await browser.send(ROOT + path, fields_, token=token)
    for name, cells in (("columns", f"{nasty};b\n{nasty};2\n"), ("auto", f"id;{nasty}\n1;{nasty}\n")):
        form = aiohttp.FormData(default_to_multipart=True)
        for key, value in {"account": "operateur-a", "month": "2026-11", "format": name, "csrf": token}.items():
            form.add_field(key, value)
        form.add_field("file", cells.encode(), filename=nasty.replace('"', ""), content_type="text/csv")
        yield await browser._go("POST", f"{ROOT}/rapprochement", data=form)


async def test_what_scripts_put_into_the_page_is_escaped_already(people: Gateway) -> None:
    async with browsing(people) as browser:
        await browser.sign_in("direction")
        token = (await browser.open(ROOT)).token
        heading = 'a"><x-pwn onpwn=1>'
        recipients = f'portable;destinataire;"{heading.replace(chr(34), chr(34) * 2)}"\n0612345678;{_cell("label")};x'
        form = {"action": "INFO", "text": poison("text", 300) + "œ€🎈<", "recipients": recipients, "csrf": token}
        async with browser.session.post(f"http://127.0.0.1:{people.port}{ROOT}/envoi/compte", data=form) as answer:
            assert answer.content_type == "application/json"
            said = orjson.loads(await answer.read())
        assert {"counter", "odd", "keywords"} <= said.keys(), said
        for name in ("counter", "odd", "keywords"):
            assert read(said[name]).wrong == [], name


@pytest.mark.parametrize(
    "page",
    [
        *(
            "<x-pwn>",
            "<p onclick=x>",
            "<script>x</script>",
            "<script src=//x></script>",
            "<a href=javascript:x>",
            "<p style=x>",
        ),
        *(
            "<img src=x>",
            "<form action='https://x'>",
            "<iframe>",
            "<base href=/>",
            "<meta http-equiv=refresh>",
            "<a href=//x>",
        ),
        *("<style>", "<button formaction='data:x'>", '<p a""b>', "<svg><a xlink:href=javascript:x>", "<a href='/\\x'>"),
    ],
)
def test_what_would_be_found(page: str) -> None:
    assert read(page).wrong


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/v1/messages/%3Cscript%3E", "/%3Cscript%3E", "/v1/nope"])
async def test_the_api_gives_nothing_to_run(gateway: Gateway, path: str) -> None:
    answer: Answer = await gateway.get(path, None, headers={"X-Request-Id": "<script>"})
    assert b"<script" not in answer.raw.replace(b"&lt;", b"")
    if answer.headers["Content-Type"].startswith("text/html"):
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    else:
        assert answer.headers["Content-Type"] in ("application/json", "application/problem+json")


def test_every_route_that_takes_words_is_poisoned() -> None:
    assert set(fields()) == set(FILLED) | ASKED
