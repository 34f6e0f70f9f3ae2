"""« Rapprochement »: the provider's invoice beside the ledger, five piles, the gap, the signature. Issue 4, point 4."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from gateway.store.tables import reconciliation, reconciliation_line
from tests.store.rows import MORNING, add_line, add_tally
from tests.web.conftest import METZ, REUNION, Gateway
from tests.web.months import Ledger, invoice, planted, reconciled, upload

PILES = {"identical": 2, "parts_differ": 1, "only_theirs": 1, "only_ours": 1, "other_month": 1}


def counts(view: Any) -> dict[str, int]:
    return {name: pile["rows"] for name, pile in view["piles"].items()}


async def test_a_difference_of_each_kind_is_found_and_none_invented(gateway: Gateway) -> None:
    answer = await reconciled(gateway, invoice(*await planted(gateway.parts.store)))
    assert answer.status == 201
    view = answer.json
    assert answer.headers["Location"] == f"/v1/reconciliations/{view['id']}"
    assert counts(view) == PILES
    gaps = {name: pile["gap"] for name, pile in view["piles"].items()}
    assert gaps == {
        **{"identical": "0.0000", "parts_differ": "0.0450", "only_theirs": "0.0450"},
        **{"only_ours": "-0.0900", "other_month": "0.0450"},
    }
    assert view["gap"] == "0.0450"
    assert view["theirs"] == {"lines": 5, "parts": 8, "amount": "0.3600"}
    assert view["ours"] == {"messages": 4, "parts": 7, "amount": "0.3150"}
    assert view["explained"][0] == "La facture dépasse le registre de 0,0450 € hors taxes."
    assert view["explained"][-1] == "1 ligne(s) d'un autre mois : +0,0450 €."
    assert (view["format"], view["month_label"], view["schools"]) == ("generic", "novembre 2026", [METZ])


async def test_the_figures_are_those_of_the_statement(gateway: Gateway) -> None:
    view = (await reconciled(gateway, invoice(*await planted(gateway.parts.store)))).json
    (account,) = (await gateway.get("/v1/months/2026-11")).json["accounts"]
    assert view["statement"] == {name: account[name] for name in ("parts", "ht_exact", "ht")}
    assert (view["ours"]["parts"], view["ours"]["amount"]) == (account["parts"], account["ht_exact"])
    assert sum(Decimal(pile["gap"]) for pile in view["piles"].values()) == Decimal(view["gap"])


async def test_the_rows_of_each_pile_lead_to_messages(gateway: Gateway) -> None:
    view = (await reconciled(gateway, invoice(*await planted(gateway.parts.store)))).json
    address = f"/v1/reconciliations/{view['id']}/lines"
    rows = {}
    for pile, count in PILES.items():
        found = (await gateway.get(f"{address}?pile={pile}&count=true")).json
        assert found["page"]["total"] == count == len(found["data"])
        rows[pile] = found["data"]
    (other,) = rows["parts_differ"]
    assert (other["lines"], other["their_parts"], other["our_parts"], other["gap"]) == ("4", 2, 1, "0.0450")
    assert (other["serial"], other["why"], other["number"]) == (3, "by_id", "+336******78")
    assert (await gateway.get(f"/v1/messages/{other['message']}")).status == 200
    assert (rows["only_theirs"][0]["message"], rows["only_theirs"][0]["why_label"]) == (None, "Inconnu du registre")
    assert (rows["only_ours"][0]["their_parts"], rows["only_ours"][0]["our_parts"]) == (None, 2)
    assert (rows["other_month"][0]["month"], rows["other_month"][0]["serial"]) == ("2026-10", 5)
    first = (await gateway.get(f"{address}?limit=2")).json
    cursor = first["page"]["next_cursor"]
    second = (await gateway.get(f"{address}?limit=500&cursor={cursor}")).json
    assert [row["place"] for row in (*first["data"], *second["data"])] == [1, 2, 3, 4, 5, 6]
    assert (
        await gateway.get(f"{address}?pile=identical&cursor={first['page']['next_cursor']}")
    ).code == "invalid_cursor"


async def test_without_ids_by_number_and_minute(gateway: Gateway) -> None:
    ledger = Ledger(gateway.parts.store)
    for place in range(1, 4):
        await ledger.add(place, place, at=MORNING + place * 20 * 60_000)
    await ledger.count()
    rows = ["06 12 34 56 78;23/11/2026 08:50;1", "33612345678;2026-11-23T09:11:10+01:00;2"]
    rows += ["0612345678;23/11/2026 09:30;1"] * 3
    file = "\n".join(["Téléphone;Date et heure;Quantité", *rows]).encode()
    view = (await reconciled(gateway, file)).json
    assert counts(view) == dict.fromkeys(PILES, 0) | {"identical": 3}
    assert (view["gap"], view["their_prices"]) == ("0.0000", False)
    assert view["explained"][0] == "La facture et le registre concordent exactement."


async def test_what_november_billed_of_october_is_not_missing_in_october(gateway: Gateway) -> None:
    await reconciled(gateway, invoice(*await planted(gateway.parts.store)))
    october = (await reconciled(gateway, invoice(), month="2026-10")).json
    assert counts(october) == dict.fromkeys(PILES, 0) | {"other_month": 1}
    (row,) = (await gateway.get(f"/v1/reconciliations/{october['id']}/lines")).json["data"]
    assert (row["month"], row["gap"]) == ("2026-11", "-0.0450")


async def test_what_october_billed_already_is_theirs_alone_in_november(gateway: Gateway) -> None:
    file = invoice(*await planted(gateway.parts.store))
    await reconciled(gateway, invoice("P5-1;0612345678;24/10/2026 08:30;1;0,0450"), month="2026-10")
    view = (await reconciled(gateway, file)).json
    assert counts(view) == {**PILES, "other_month": 0, "only_theirs": 2}
    rows = (await gateway.get(f"/v1/reconciliations/{view['id']}/lines?pile=only_theirs")).json["data"]
    assert [(row["why"], row["month"]) for row in rows] == [("billed_twice", "2026-10"), ("unknown", None)]


async def test_what_the_ledger_took_back_is_not_missing(gateway: Gateway) -> None:
    store = gateway.parts.store
    ledger = Ledger(store)
    await ledger.add(1)
    await ledger.add(2, number="+33698765432")
    for id_, kind in ((1, "reversal"), (2, "credit")):
        await add_line(store, id_ * 256 + 1, kind=kind, parts=-1, amount=-45_000)
    await add_tally(store, total=1)
    view = (await reconciled(gateway, invoice())).json
    assert counts(view) == dict.fromkeys(PILES, 0)
    billed = (await reconciled(gateway, invoice("P2-1;0698765432;23/11/2026;1;0,0450"))).json
    assert counts(billed) == dict.fromkeys(PILES, 0) | {"parts_differ": 1}
    credited = invoice("P2-1;0698765432;23/11/2026;1;0,0450", "P2-1;0698765432;30/11/2026;-1;-0,0450")
    assert counts((await reconciled(gateway, credited)).json) == dict.fromkeys(PILES, 0) | {"identical": 1}


async def test_what_regularises_a_closed_month_is_of_another_month(gateway: Gateway) -> None:
    store = gateway.parts.store
    await Ledger(store, month="2026-10").add(1)
    await add_line(store, 257, kind="credit", parts=-1, amount=-45_000, of_month="2026-10")
    await add_tally(store, parts=-1, amount=-45_000, of_month="2026-10")
    view = (await reconciled(gateway, invoice())).json
    assert counts(view) == dict.fromkeys(PILES, 0) | {"other_month": 1}
    assert (view["gap"], view["statement"]["ht_exact"]) == ("0.0450", "-0.0450")
    (row,) = (await gateway.get(f"/v1/reconciliations/{view['id']}/lines")).json["data"]
    assert (row["month"], row["our_parts"]) == ("2026-10", -1)


async def test_another_price_for_as_many_parts_is_a_gap(gateway: Gateway) -> None:
    await planted(gateway.parts.store)
    view = (await reconciled(gateway, invoice("P1-1;0612345678;23/11/2026;1;0,0500"))).json
    assert view["piles"]["identical"]["gap"] == "0.0050"
    assert view["other_prices"] == 1
    assert "1 message(s) au même nombre de SMS mais à un autre prix : +0,0050 €." in view["explained"]


async def test_lines_of_other_schools_are_set_aside(gateway: Gateway) -> None:
    rows = await planted(gateway.parts.store)
    port = Ledger(gateway.parts.store, school=REUNION)
    await port.add(77, 2, number="+262692123456")
    await port.count()
    view = (await reconciled(gateway, invoice(*rows, "P77-1;0692123456;23/11/2026 08:30;2;0,0900"))).json
    assert counts(view) == PILES
    assert view["set_aside"] == {"lines": 1, "parts": 2, "amount": "0.0900"}
    assert view["other_schools"] is True
    assert view["theirs"]["lines"] == 5
    assert "1 ligne(s) d'autres établissements sont mises de côté." in view["explained"]


# ---- who, and what is kept ----


async def test_signed_it_never_changes(gateway: Gateway) -> None:
    view = (await reconciled(gateway, invoice(*await planted(gateway.parts.store)))).json
    address = f"/v1/reconciliations/{view['id']}"
    signed = (await gateway.post(f"{address}/sign", {"note": "Vu avec le fournisseur"})).json
    assert (signed["signed_by"], signed["note"]) == ("direction/config", "Vu avec le fournisseur")
    assert (await gateway.post(f"{address}/sign", {"note": "Autre"})).json == signed
    assert (await gateway.get(address)).json == signed
    for table in (reconciliation, reconciliation_line):
        for statement in (delete(table), update(table).values({table.c[1]: "0"})):
            with pytest.raises(IntegrityError, match="a signed reconciliation never changes"):
                await gateway.parts.store.write(lambda conn, statement=statement: conn.execute(statement))  # type: ignore[misc]
    acts = (await gateway.get("/v1/audit", "vgm_admin")).json["data"]
    assert [act["act"] for act in acts] == ["reconciliation_signed", "reconciliation"]
    assert [act["subject"] for act in acts] == ["operateur-a 2026-11"] * 2


async def test_past_ones_are_listed_newest_first(gateway: Gateway) -> None:
    await planted(gateway.parts.store)
    for month in ("2026-10", "2026-11", "2026-11"):
        await reconciled(gateway, invoice(), month=month)
    first = (await gateway.get("/v1/reconciliations?limit=2")).json
    assert [one["month"] for one in first["data"]] == ["2026-11", "2026-11"]
    rest = (await gateway.get(f"/v1/reconciliations?limit=2&cursor={first['page']['next_cursor']}")).json
    assert ([one["month"] for one in rest["data"]], rest["page"]["next_cursor"]) == (["2026-10"], None)
    assert len((await gateway.get("/v1/reconciliations?month=2026-10")).json["data"]) == 1


async def test_another_schools_is_not_found(gateway: Gateway) -> None:
    view = (await reconciled(gateway, invoice(*await planted(gateway.parts.store)))).json
    for path in ("", "/lines"):
        assert (await gateway.get(f"/v1/reconciliations/{view['id']}{path}", "vgm_port")).status == 404
    assert (await gateway.post(f"/v1/reconciliations/{view['id']}/sign", {}, "vgm_port")).status == 404
    assert (await gateway.get("/v1/reconciliations", "vgm_port")).json["data"] == []
    for id_ in ("rap_0", "msg_" + view["id"][4:], "rap_" + "0" * 26):
        assert (await gateway.get(f"/v1/reconciliations/{id_}")).status == 404


async def test_who_may_not(gateway: Gateway) -> None:
    assert (await reconciled(gateway, invoice(), "vgm_read")).code == "forbidden_scope"
    assert (await reconciled(gateway, invoice(), school=REUNION)).code == "school_forbidden"
    assert (await reconciled(gateway, invoice(), account="inconnu")).code == "unknown_account"
    assert (await reconciled(gateway, invoice(), month="2026-13")).code == "invalid_field"
    assert (await reconciled(gateway, b"x" * (16 * 1024 * 1024))).code == "body_too_large"
    assert (await gateway.post("/v1/reconciliations", {"account": "operateur-a"})).code == "unsupported_media_type"
    assert (await reconciled(gateway, b"PK\x03\x04 rien")).code == "malformed_body"


# ---- columns ----


async def test_columns_told_once_are_proposed_next_time(gateway: Gateway) -> None:
    await planted(gateway.parts.store)
    file = b"Code envoi;Vers;Qui\nP1-1;0612345678;x\n"
    asked = (await upload(gateway, "/v1/reconciliations/columns", {"account": "operateur-a"}, file)).json
    assert (asked["headings"], asked["rows"]) == (["Code envoi", "Vers", "Qui"], [["P1-1", "0612345678", "x"]])
    assert (asked["format"], asked["complete"]) == (None, False)
    assert (await reconciled(gateway, file)).code == "unknown_columns"
    mapping = {"id": "Code envoi", "number": "Vers"}
    told = (await reconciled(gateway, file, mapping=mapping)).json
    assert (told["format"], counts(told)["identical"]) == ("mapping", 1)
    kept = (await gateway.get("/v1/accounts/operateur-a/invoice-columns")).json
    assert {name: value for name, value in kept["mapping"].items() if value} == mapping
    assert kept["updated_by"] == "direction/config"
    assert (await reconciled(gateway, file)).json["format"] == "mapping"
    asked = (await upload(gateway, "/v1/reconciliations/columns", {"account": "operateur-a"}, file)).json
    assert (asked["format"], asked["complete"]) == ("mapping", True)


async def test_columns_may_be_put(gateway: Gateway) -> None:
    address = "/v1/accounts/operateur-a/invoice-columns"
    assert (await gateway.get(address)).json["updated_at"] is None
    put = await gateway.ask("PUT", address, json={"number": "Vers", "at": "Le", "timezone": "UTC"})
    assert (put.status, put.json["mapping"]["timezone"]) == (200, "UTC")
    assert (await gateway.ask("PUT", address, json={"number": "Vers"})).code == "unknown_columns"
    assert (await gateway.ask("PUT", address, json={"id": "A", "timezone": "Ici"})).code == "invalid_field"
    assert (await gateway.ask("PUT", "/v1/accounts/rien/invoice-columns", json={"id": "A"})).code == "unknown_account"


async def test_what_is_wrong_in_the_file_is_named(gateway: Gateway) -> None:
    answer = await reconciled(gateway, invoice("A;0612345678;hier;1;0,1"))
    assert answer.code == "invalid_field"
    assert answer.pointers == ["/invoice/2/at"]
    assert answer.json["detail"].startswith("Ligne 2, colonne 3 « Date » : une date est attendue")
