"""Files and bodies that are made to harm: refused with words that say what to do, and the gateway goes on."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from openpyxl import Workbook, load_workbook

from gateway import sheets, xmlparts
from gateway.problem import Problem
from gateway.web.console.pages import PAGES
from gateway.web.console.visit import ROOT
from gateway.web.media import write_form
from gateway.web.resources import ROUTES
from gateway.xlsxout import Column, Sheet
from tests.web.attacks.books import HOSTILE, ODD, SHEET, book, sheet
from tests.web.conftest import Answer, Gateway
from tests.web.console.conftest import Browser, browsing
from tests.web.months import reconciled

MIB = 1024 * 1024
FIFTY = 50 * MIB
REQUEST = {"action": "INFO", "text": "Bonjour"}


# ---- workbooks ----


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a test need not spend seconds to pass."""
    for name, limit in {
        "MOST_OCTETS": 4_000_000,
        "MOST_ROWS": 1_000,
        "_MOST_CELLS": 4_000,
        "_MOST_TEXTS": 4_000,
    }.items():
        monkeypatch.setattr(sheets, name, limit)
    monkeypatch.setattr(xmlparts, "MOST_ELEMENTS", 40_000)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_workbook_made_to_harm_is_refused(name: str) -> None:
    raw, words = HOSTILE[name]
    with pytest.raises(Problem, match="malformed_body") as refused:
        list(sheets.read(raw))
    assert "Le classeur ne peut pas être lu" in refused.value.detail
    assert words in refused.value.detail


@pytest.mark.parametrize("name", ODD)
def test_an_odd_workbook_is_read(name: str) -> None:
    raw, rows = ODD[name]
    assert list(sheets.read(raw)) == rows


def test_texts_that_cells_share_are_theirs(tmp_path: Path) -> None:
    file = tmp_path / "x.xlsx"
    with Sheet(file, "Feuille", [Column("Nom"), Column("Le", "moment"), Column("Nb", "integer")]) as made:
        made.write([["Mme REITER", datetime(2026, 11, 23, 8, 30), 2], ["Mme REITER", None, -1], ["=1+1", None, 0]])
    rows = [(2, ["Mme REITER", "2026-11-23 08:30:00", "2"]), (3, ["Mme REITER", "", "-1"]), (4, ["=1+1", "", "0"])]
    assert list(sheets.read(file.read_bytes())) == [(1, ["Nom", "Le", "Nb"]), *rows]


def test_rows_are_what_a_spreadsheet_shows() -> None:
    """The same as a library that builds the whole workbook up."""
    workbook, stored = Workbook(), BytesIO()
    page = workbook.active
    assert page is not None
    said = [12, 1.5, -3, 33612345678, "06 12", " x ", True, None, datetime(2026, 11, 23, 8, 30), time(8, 30)]
    page.append(["titre", *said, "é€𝄞"])
    page.append([])
    page.append([None, "=1+1", "<a>&amp;</a>", "\n", datetime(2026, 11, 23)])
    workbook.save(stored)
    read = load_workbook(BytesIO(stored.getvalue()), data_only=True).worksheets[0]
    wanted = [[sheets.cell(one.value) for one in row] for row in read.iter_rows()]
    found = dict(sheets.read(stored.getvalue()))
    assert found == {1: wanted[0], 3: wanted[2][:5]}


UPLOADS = ("batches", "resolve", "preview", "consents", "reconciliations", "columns")


async def offered(gateway: Gateway, where: str, raw: bytes, name: str = "x.xlsx") -> Answer:
    """The file, sent where files go."""
    if where == "consents":
        headers = {"Content-Type": "text/csv"}
        return await gateway.ask("POST", "/v1/consents/import", "vgm_all", data=raw, headers=headers)
    if where in ("reconciliations", "columns"):
        path = "/v1/reconciliations" + ("/columns" if where == "columns" else "")
        request, field, more = {"account": "operateur-a"}, "invoice", {"month": "2026-11"} if where != "columns" else {}
    else:
        path = {"batches": "/v1/batches", "resolve": "/v1/recipients/resolve", "preview": "/v1/preview"}[where]
        request, field, more = REQUEST, "recipients", {}
    form = aiohttp.FormData()
    form.add_field("request", orjson.dumps({**request, **more}).decode(), content_type="application/json")
    form.add_field(field, raw, filename=name, content_type="application/octet-stream")
    return await gateway.ask("POST", path, "vgm_all", data=form)


@pytest.mark.parametrize("where", UPLOADS)
async def test_no_upload_is_hurt_by_a_workbook(gateway: Gateway, where: str) -> None:
    for name in ("junk", "octets turned", "half of xl/workbook.xml", "billion laughs", "a text that is not there"):
        answer = await offered(gateway, where, HOSTILE[name][0])
        assert (answer.status, answer.code) == (400, "malformed_body"), name
        assert "Le classeur ne peut pas être lu" in answer.json["detail"]
    for raw in (b"", b"\0" * 1_000, b'"', b"a" * 200_000, b";" * 10_000 + b"x", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7"):
        answer = await offered(gateway, where, raw)
        assert answer.status < 500, raw[:20]
        assert answer.status >= 400 or where == "columns", raw[:20]  # which any line of words may be


async def upload(browser: Browser, path: str, raw: bytes, name: str, **fields: str) -> Any:
    """A file in a form of the console."""
    token = (await browser.open(ROOT)).token
    form = aiohttp.FormData(default_to_multipart=True)
    for key, value in {**fields, "csrf": token}.items():
        form.add_field(key, value)
    form.add_field("file", raw, filename=name, content_type="application/octet-stream")
    return await browser._go("POST", f"{ROOT}{path}", data=form)


PAGES_WITH_FILES: Mapping[str, Mapping[str, str]] = {
    "/envoi": {**REQUEST, "deed": "preview"},
    "/consentements/import": {},
    "/rapprochement": {"account": "operateur-a", "month": "2026-11", "format": "auto"},
}


async def test_no_page_is_hurt_by_a_workbook(people: Gateway) -> None:
    async with browsing(people) as browser:
        await browser.sign_in("direction")
        for path, fields in PAGES_WITH_FILES.items():
            for name in ("junk", "octets turned", "billion laughs", "a text that is not there"):
                page = await upload(browser, path, HOSTILE[name][0], "x.xlsx", **fields)
                assert page.status == 400, (path, name)
                assert "Le classeur ne peut pas être lu" in page.text
            for raw in (b"\0" * 1_000, b'"a', b"a" * 200_000, b";" * 10_000 + b"x"):
                assert (await upload(browser, path, raw, "x.csv", **fields)).status in (400, 422), (path, raw[:20])


# ---- names ----

NAMES = ("../../../../etc/passwd", "..\\..\\x.csv", "/etc/passwd", "C:\\x", "$(touch x)", "<b>", '"', "")


def files(folder: Path) -> list[Path]:
    """All of a folder, at any depth."""
    return sorted(folder.rglob("*"))


@pytest.mark.parametrize("where", UPLOADS)
async def test_the_name_of_a_file_means_nothing(gateway: Gateway, where: str, tmp_path: Path) -> None:
    there = files(tmp_path)
    raw = b"portable;id\n0612345678;1\n"
    asked = {name: await offered(gateway, where, raw, name) for name in ("x.csv", *NAMES)}
    assert len({(one.status, _without_ids(one.raw)) for one in asked.values()}) == 1
    assert files(tmp_path) == there


def _without_ids(raw: bytes) -> bytes:
    return re.sub(rb"(msg|bat|rap)_\w{26}|\"outcome\":\"\w+\"|\"(un)?changed\":\d", b"", raw)


async def test_names_in_pages_mean_nothing_either(people: Gateway) -> None:
    async with browsing(people) as browser:
        await browser.sign_in("direction")
        for path, fields in PAGES_WITH_FILES.items():
            for name in NAMES:
                page = await upload(browser, path, b"portable;id;date\n0612345678;1;23/11/2026\n", name, **fields)
                assert page.status == 200, (path, name)
                assert "passwd" not in page.html


@pytest.mark.parametrize(
    "path",
    [
        *(
            "..%2fgate.py",
            "..%2f..%2f..%2f..%2fetc%2fpasswd",
            "%2e%2e/gate.py",
            "../templates/base.html",
            "console.css%00",
        ),
        *("", ".", "..", "/etc/passwd", "....//gate.py", "%5c..%5cgate.py", "console.css/../../gate.py"),
    ],
)
async def test_only_our_own_files_are_given(gateway: Gateway, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(f"GET /console/static/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert b"import" not in answer.partition(b"\r\n\r\n")[2]
    assert b"root:" not in answer
    assert re.match(rb"HTTP/1.1 (404|303|302|400)", answer), answer[:40]


# ---- bodies ----


async def announced(gateway: Gateway, method: str, path: str, *headers: str) -> bytes:
    """What is answered to a body of fifty megabytes of which nothing has come yet."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    lines = (f"{method} {path} HTTP/1.1", "Host: x", "Connection: close", f"Content-Length: {FIFTY}", *headers, "", "")
    writer.write("\r\n".join(lines).encode())
    async with asyncio.timeout(30):
        answer = await reader.readuntil(b"}") if "Bearer" in str(headers) else await reader.readuntil(b"</html>")
    writer.close()
    return answer


async def test_fifty_megabytes_are_refused_before_they_come(gateway: Gateway) -> None:
    for route in ROUTES:
        path = re.sub(r"\{\w+\}", "x", route.path)
        if not route.scopes:
            continue
        answer = await announced(
            gateway, route.method, path, "Authorization: Bearer vgm_admin", f"Content-Type: {route.media[0]}"
        )
        assert answer.startswith(b"HTTP/1.1 413"), route.path
        assert b"application/problem+json" in answer
        said = orjson.loads(answer.partition(b"\r\n\r\n")[2])
        assert (said["title"], said["code"]) == ("Le corps est trop grand", "body_too_large")
        assert re.search(r"La limite est de (256 Kio|1 Mio|16 Mio) \(\d+ octets\) à cette adresse", said["detail"])
    assert (await gateway.get("/livez", None)).status == 200


async def test_fifty_megabytes_in_a_form_are_refused_before_they_come(people: Gateway) -> None:
    async with browsing(people) as browser:
        await browser.sign_in("direction")
        cookie = next(f"Cookie: {one.key}={one.value}" for one in browser.session.cookie_jar)
        for page in (page for page in PAGES if page.method == "POST"):
            path = ROOT + re.sub(r"\{\w+\}", "x", page.path)
            answer = await announced(people, "POST", path, cookie, "Content-Type: multipart/form-data; boundary=x")
            assert answer.startswith(b"HTTP/1.1 413"), page.path
            assert re.search(r"La limite est de \d+ [KM]io", answer.decode())


async def endless(octets: int) -> AsyncIterator[bytes]:
    """So many octets, of which nobody said before how many they are."""
    for _ in range(octets // 65_536):
        yield b" " * 65_536


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/batches", "/v1/consents/import"])
async def test_a_body_that_does_not_say_its_length_is_read_no_further_than_the_limit(
    gateway: Gateway, path: str
) -> None:
    headers = {"Content-Type": "application/json"}
    try:
        answer = await gateway.ask("POST", path, "vgm_all", data=endless(FIFTY), headers=headers)
        assert (answer.status, answer.code) == (413, "body_too_large")
    except aiohttp.ClientOSError:  # answered and hung up while it was being sent
        pass
    assert (await gateway.get("/livez", None)).status == 200


def _many(unit: str, count: int, before: str = "[", after: str = "]") -> str:
    return before + ",".join([unit] * count) + after


_FIELDS = "{" + ",".join(f'"x{place}":0' for place in range(3_000)) + "}"
_BATCH = '{"action":"INFO","text":"x","recipients":'

#: A body of few octets that holds much -> where, the code of its refusal.
PACKED: Mapping[str, tuple[str, str]] = {
    "values without end": (_BATCH + _many("{}", 1_600_000) + "}", "body_too_large"),
    "fields without end": (_FIELDS, "body_too_large"),
    "variables without end": (
        _BATCH + '[{"to":"1","variables":' + _FIELDS + "}]}",
        "body_too_large",
    ),
    "contacts without end": (
        _BATCH + '[{"contacts":' + _many("{}", 100_000) + "}]}",
        "body_too_large",
    ),
    "too many contacts": (
        _BATCH + _many('{"contacts":' + _many("{}", 1_000) + "}", 100) + "}",
        "invalid_field",
    ),
    "recipients without end": (
        _BATCH + _many("{}", 49_000) + "}",
        "too_many_recipients",
    ),
    "a selection without end": (
        _BATCH + '[],"selection":{"a":[' + _many("[]", 100_000) + "]}}",
        "body_too_large",
    ),
    "lists in lists": ("[" * 200_000, "malformed_json"),
    "objects in objects": ('{"a":' * 50_000, "malformed_json"),
    "a figure without end": (f'{{"action":{"9" * 200_000}}}', "malformed_json"),
    "no JSON": (_many("x", 5_000), "malformed_json"),
}


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("path", ["/v1/batches", "/v1/preview"])
async def test_a_small_body_that_holds_much_is_refused(gateway: Gateway, path: str, name: str) -> None:
    body, code = PACKED[name]
    answer = await gateway.ask("POST", path, "vgm_all", data=body.encode())
    assert 400 <= answer.status < 500
    assert answer.code == code or (path == "/v1/preview" and name == "fields without end")
    assert len(answer.raw) < 40_000


async def test_what_is_wrong_in_a_long_list_is_found_where_it_is(gateway: Gateway) -> None:
    for count in (1, 199, 200, 201, 999):
        good = [{"to": f"06{place:08}", "label": "x, y, z"} for place in range(count)]
        body = {**REQUEST, "recipients": [*good, {"to": 3, "rien": 1}]}
        answer = await gateway.post("/v1/batches", body)
        assert answer.code == "invalid_field"
        assert answer.pointers == [f"/recipients/{count}/to", f"/recipients/{count}/rien"]
        assert f"/recipients/{count}/to" in answer.json["detail"]
        assert (await gateway.post("/v1/batches?dry_run=true", {**REQUEST, "recipients": good})).status == 200


async def test_a_long_import_is_judged_so_too(gateway: Gateway) -> None:
    for count in (10, 4_000):
        rows = [{"number": f"06{place:08}", "consent": True} for place in range(count)]
        answer = await gateway.post("/v1/consents/import", {"rows": [*rows, {"numero": "1"}]})
        assert (answer.code, answer.pointers) == ("invalid_field", [f"/rows/{count}/number", f"/rows/{count}/numero"])
        assert (await gateway.post("/v1/consents/import", {"rows": rows})).status == 200
    for body in (_many("{}", 60_000, '{"rows":[', "]}"), _many("{}", 49_000, '{"rows":[', "]}")):
        answer = await gateway.ask("POST", "/v1/consents/import", "vgm_all", data=body.encode())
        assert answer.status in (413, 422)


@pytest.mark.parametrize("unit", ["\n", "12\n", " \n", "{}\n"])
async def test_lines_without_end(gateway: Gateway, unit: str) -> None:
    raw = orjson.dumps(REQUEST) + b"\n" + unit.encode() * (2 * MIB // len(unit))
    headers = {"Content-Type": "application/x-ndjson"}
    answer = await gateway.ask("POST", "/v1/batches", "vgm_all", data=raw, headers=headers)
    assert answer.status in (400, 413, 422)


@pytest.mark.parametrize(
    "raw",
    [
        b"portable\n" + b"1\n" * 300_000,
        b"portable" + b";A" * 300_000,
        b"portable\n" + b";\n" * 300_000,
        b"portable\n" + b";" * 300_000 + b"x\n",
        b"portable\n" + b'"' + b'""' * 300_000,
    ],
)
@pytest.mark.parametrize("where", UPLOADS)
async def test_tables_without_end(gateway: Gateway, where: str, raw: bytes) -> None:
    answer = await offered(gateway, where, raw)
    assert answer.status in (400, 413, 422) or (where == "columns" and answer.status == 200)


async def test_a_form_whose_head_does_not_end(gateway: Gateway) -> None:
    media, raw = write_form({"request": b"{}", "recipients": b"x"})
    raw = raw.replace(b"\r\n\r\n", b"\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", 1)
    answer = await gateway.ask("POST", "/v1/batches", "vgm_all", data=raw, headers={"Content-Type": media})
    assert answer.code == "malformed_body"


async def test_a_list_pasted_without_end(people: Gateway) -> None:
    async with browsing(people) as browser:
        await browser.sign_in("direction")
        for pasted, status in (("1\n" * 50_000, 413), ("a;" + "b" * 200_000, 400)):
            await browser.open(f"{ROOT}/envoi")
            page = await browser.send(f"{ROOT}/envoi", {**REQUEST, "deed": "preview", "recipients": pasted})
            assert page.status == status


@pytest.mark.parametrize("media", ["application/xml", "text/html", "application/x-www-form-urlencoded", "image/png"])
async def test_a_body_of_another_kind_is_refused(gateway: Gateway, media: str) -> None:
    for route in ROUTES:
        if route.body is not None or route.raw_body:
            path = re.sub(r"\{\w+\}", "x", route.path)
            headers = {"Content-Type": media}
            answer = await gateway.ask(route.method, path, "vgm_admin", data=b"<a/>", headers=headers)
            assert answer.status == 415, route.path


async def test_the_gateway_goes_on_while_a_large_file_is_read(gateway: Gateway) -> None:
    """What is read aside does not keep others from sending."""
    rows = "".join(f"<row><c><v>{place}</v></c><c t='str'><v>x</v></c></row>" for place in range(40_000))
    reading = asyncio.create_task(offered(gateway, "consents", book({SHEET: sheet(rows)})))
    sent = 0
    while not reading.done():
        assert (await gateway.post("/v1/messages", {"to": "0612345678", **REQUEST})).status == 202
        sent += 1
    assert (await reading).status == 400
    assert sent > 1
    assert (await reconciled(gateway, b"id;montant\n1;0,1\n")).status == 201
