"""Consents and opt-outs over HTTP."""

from typing import Any
from urllib.parse import quote

import pytest

from gateway.store import people
from gateway.store.people import Wish
from gateway.web.api import cursors
from tests.web.conftest import METZ, MORNING, REUNION, Answer, Gateway

A = "+33612345678"


async def put(gateway: Gateway, number: str, body: Any, key: str = "vgm_all") -> Answer:
    return await gateway.ask("PUT", f"/v1/consents/{quote(number)}", key, json=body)


async def get(gateway: Gateway, number: str = A, key: str = "vgm_all") -> Any:
    return (await gateway.get(f"/v1/consents/{quote(number)}", key)).json


async def upload(gateway: Gateway, text: str | bytes, query: str = "") -> Answer:
    data = text.encode() if isinstance(text, str) else text
    return await gateway.post(f"/v1/consents/import{query}", data=data, headers={"Content-Type": "text/csv"})


async def send(gateway: Gateway, **more: Any) -> Any:
    body = {"to": "06 12 34 56 78", "action": "INFO", "text": "Bonjour", **more}
    return (await gateway.post("/v1/messages", body)).json


async def test_a_stranger_is_unknown(gateway: Gateway) -> None:
    known = await get(gateway)
    assert (known["number"], known["consent"], known["opted_out"], known["history"]) == (A, None, False, [])


async def test_every_form_of_a_number_is_the_same_person(gateway: Gateway) -> None:
    assert (await put(gateway, "06 12 34 56 78", {"consent": False, "source": "fiche"})).status == 200
    known = await get(gateway, "0033612345678")
    assert (known["consent"], known["consent_source"]) == (False, "fiche")
    assert [(line["change"], line["source"], line["by"]) for line in known["history"]] == [
        ("refusal", "fiche", "direction/config")
    ]
    assert (await send(gateway))["reason"] == "no_consent"


async def test_what_is_left_out_stays_as_it_was(gateway: Gateway) -> None:
    await put(gateway, A, {"consent": True})
    await put(gateway, A, {"opted_out": True, "source": "STOP"})
    known = await get(gateway)
    assert (known["consent"], known["opted_out"], known["opted_out_source"]) == (True, True, "STOP")
    await put(gateway, A, {"consent": None})
    known = await get(gateway)
    assert (known["consent"], known["opted_out"]) == (None, True)
    assert [line["change"] for line in known["history"]] == ["consent", "opt_out", "forgotten"]


async def test_an_opt_out_beats_the_request_until_it_is_lifted(gateway: Gateway) -> None:
    await put(gateway, A, {"opted_out": True})
    assert (await send(gateway, recipient={"consent": True}))["reason"] == "opted_out"
    await put(gateway, A, {"opted_out": False})
    assert (await send(gateway))["status"] == "queued"


@pytest.mark.parametrize("number", ["0387123456", "bonjour", "06", "+33"])
async def test_what_is_no_mobile_is_refused(gateway: Gateway, number: str) -> None:
    answer = await put(gateway, number, {"consent": True})
    assert (answer.status, answer.code, answer.pointers) == (422, "invalid_number", ["/number"])


@pytest.mark.parametrize("body", [{"consent": "oui"}, {"opted_out": 1}, {"colour": 1}, []])
async def test_a_wrong_body_is_refused(gateway: Gateway, body: Any) -> None:
    assert (await put(gateway, A, body)).status == 422


async def test_who_may(gateway: Gateway) -> None:
    assert (await put(gateway, A, {"consent": True}, "vgm_read")).code == "forbidden_scope"
    assert (await put(gateway, A, {"consent": True, "school": REUNION})).code == "school_forbidden"
    assert (await get(gateway, key="vgm_read"))["number"] == "+336******78"
    assert (await gateway.get("/v1/opt-outs", "vgm_send")).code == "forbidden_scope"


async def test_each_school_has_its_own(gateway: Gateway) -> None:
    await put(gateway, A, {"opted_out": True})
    assert (await get(gateway, key="vgm_other"))["opted_out"] is False


# ---- import ----


async def test_a_french_file(gateway: Gateway) -> None:
    text = "Téléphone;Nom;Consentement;Opposition;Source\r\n06 12 34 56 78;ABAD;oui;;fiche\r\n"
    text += "0612345679;ROY;NON;x;\r\n\r\n03 87 12 34 56;PETIT;oui;;\r\n06 12 34 56 78;ABAD;oui;;fiche\r\n"
    answer = (await upload(gateway, "\ufeff" + text, "?source=SIECLE")).json
    assert {name: answer[name] for name in ("rows", "changed", "unchanged", "refused", "ignored_columns")} == {
        **{"rows": 4, "changed": 2, "unchanged": 1, "refused": 1},
        "ignored_columns": ["nom"],
    }
    assert [(line["row"], line["outcome"], line["reason"]) for line in answer["report"]] == [
        (2, "changed", None),
        (3, "changed", None),
        (5, "refused", "not_mobile"),
        (6, "unchanged", None),
    ]
    assert answer["report"][2]["reason_label"] == "Numéro fixe : pas de SMS"
    assert (await get(gateway))["consent_source"] == "fiche"
    other = await get(gateway, "0612345679")
    assert (other["consent"], other["opted_out"], other["consent_source"]) == (False, True, "SIECLE")


async def test_an_english_file_with_commas_in_windows_1252(gateway: Gateway) -> None:
    answer = await upload(gateway, "number,consent,source\r\n0612345678,true,élève\r\n".encode("cp1252"))
    assert answer.json["changed"] == 1
    assert (await get(gateway))["consent_source"] == "élève"


async def test_an_old_list_does_not_undo_a_stop(gateway: Gateway) -> None:
    await put(gateway, A, {"opted_out": True, "source": "STOP"})
    assert (await upload(gateway, f"portable;opposition\n{A};non\n")).json["unchanged"] == 1
    rows = {"rows": [{"number": A, "opted_out": False}]}
    assert (await gateway.post("/v1/consents/import", rows)).json["unchanged"] == 1
    assert (await get(gateway))["opted_out"] is True


async def test_a_json_list(gateway: Gateway) -> None:
    rows = [{"number": "0612345678", "consent": True}, {"number": "", "consent": True}]
    answer = await gateway.post("/v1/consents/import", {"rows": rows, "source": "SIECLE"})
    assert [line["outcome"] for line in answer.json["report"]] == ["changed", "refused"]
    assert answer.json["report"][1]["reason"] == "empty_mobile"
    assert (await get(gateway))["consent_source"] == "SIECLE"


async def test_an_import_is_not_done_twice_under_one_key(gateway: Gateway) -> None:
    headers = {"Idempotency-Key": "import-1"}
    rows = {"rows": [{"number": A, "consent": True}]}
    first = await gateway.post("/v1/consents/import", rows, headers=headers)
    again = await gateway.post("/v1/consents/import", rows, headers=headers)
    assert again.json == first.json
    assert again.headers["Idempotent-Replayed"] == "true"


BAD_FILES: list[tuple[str | bytes, int, str]] = [
    ("", 400, "malformed_body"),
    ("nom;consentement\nABAD;oui\n", 400, "malformed_body"),
    ('portable;source\n0612345678;"fiche\n', 400, "malformed_body"),
    ("portable\n".encode("utf-16"), 400, "malformed_body"),
    ("portable;consentement\n0612345678;peut-être\n", 422, "invalid_field"),
]


@pytest.mark.parametrize(("text", "status", "code"), BAD_FILES)
async def test_a_bad_file_is_refused_whole(gateway: Gateway, text: str | bytes, status: int, code: str) -> None:
    answer = await upload(gateway, text)
    assert (answer.status, answer.code) == (status, code)
    assert (await get(gateway))["history"] == []


async def test_a_bad_json_list_is_named(gateway: Gateway) -> None:
    answer = await gateway.post("/v1/consents/import", {"rows": [{"number": A, "consent": "oui"}]})
    assert (answer.code, answer.pointers) == ("invalid_field", ["/rows/0/consent"])
    answer = await gateway.post("/v1/consents/import", data=b"{", headers={"Content-Type": "application/json"})
    assert (answer.status, answer.code) == (400, "malformed_json")
    answer = await gateway.post("/v1/consents/import", data=b"x", headers={"Content-Type": "text/plain"})
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


# ---- opt-outs ----


async def test_opt_outs_are_listed_in_pages_that_name_nobody(gateway: Gateway) -> None:
    numbers = [f"+3361234567{digit}" for digit in range(5)]
    await upload(gateway, "portable;stop\n" + "".join(f"{number};oui\n" for number in numbers))
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await gateway.get(f"/v1/opt-outs?limit=2&count=true{cursor}")).json
        assert page["page"]["total"] == 5
        seen += [row["number"] for row in page["data"]]
        if page["page"]["next_cursor"] is None:
            break
        cursor = f"&cursor={page['page']['next_cursor']}"
    assert sorted(seen) == numbers
    hidden = (await gateway.get("/v1/opt-outs?limit=1", "vgm_read")).json
    assert hidden["data"][0]["number"].startswith("+336******7")


@pytest.mark.parametrize("cursor", ["x", "bnVsbA", "WyIwNTcwMDUxVyIsMSwtMV0", cursors.write(METZ, 2**63, 0)])
async def test_a_wrong_cursor_is_refused(gateway: Gateway, cursor: str) -> None:
    assert (await gateway.get(f"/v1/opt-outs?cursor={cursor}")).code == "invalid_cursor"


async def test_what_waits_is_stopped_when_an_opposition_is_noted(gateway: Gateway) -> None:
    held = (await send(gateway, action="ABSENCE"))["id"]
    rows = {"rows": [{"number": "06 12 34 56 79", "opted_out": True}]}
    other = (await send(gateway, action="ABSENCE", to="06 12 34 56 79"))["id"]
    await put(gateway, A, {"opted_out": True})
    await gateway.post("/v1/consents/import", rows)
    for message in (held, other):
        shown = (await gateway.get(f"/v1/messages/{message}")).json
        assert (shown["status"], shown["reason_label"]) == ("cancelled", "A refusé les SMS (STOP)")
        steps = (await gateway.get(f"/v1/messages/{message}/report")).json["steps"]
        assert [(one["kind"], one["actor"]) for one in steps][-1] == ("stopped", "direction/config")


async def test_a_stop_is_shown_with_its_sender_and_lifted_by_a_person(gateway: Gateway) -> None:
    wish = Wish(A, opted_out=True, source="mo_stop", sender="36111")
    await gateway.parts.store.write(lambda conn: people.apply(conn, METZ, [wish], "in_1", MORNING))
    known = await get(gateway)
    stop = {"sender": "36111", "source": "mo_stop", "at": "2026-11-23T08:30:00.000+01:00"}
    assert (known["opted_out"], known["opted_out_source"], known["opt_outs"]) == (True, "mo_stop", [stop])
    assert (await gateway.get("/v1/opt-outs")).json["data"] == [{"number": A, **stop}]
    await put(gateway, A, {"opted_out": False})
    assert (await get(gateway))["opt_outs"] == []
