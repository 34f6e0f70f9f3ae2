"""Provider accounts over HTTP."""

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.smpp.options import SmppAccount
from gateway.store.tables import id_form, part
from tests.store.rows import MORNING, add, add_message
from tests.web.conftest import Gateway


async def fill(gateway: Gateway) -> None:
    """Two parts queued, one uncertain at the account."""
    for number, status in enumerate(["queued", "queued", "uncertain", "delivered"], 1):
        await add_message(gateway.parts.store, number, status=status)

    async def verb(conn: AsyncConnection) -> None:
        await conn.execute(update(part).where(part.c.state == "uncertain").values(account="operateur-a"))

    await gateway.parts.store.write(verb)


async def test_how_each_account_is_doing(gateway: Gateway) -> None:
    await fill(gateway)
    answer = await gateway.get("/v1/accounts", "vgm_read")
    assert answer.json["data"] == [
        {
            **{"name": "operateur-a", "adapter": "smpp", "provider": None, "declared_in_configuration": True},
            **{"modes": ["standard", "premium"]},
            **{"bound": None, "ready": None, "why": None},
            **{"paused": False, "paused_at": None, "paused_by": None, "paused_reason": None},
            **{
                "rate": 20.0,
                "rate_now": None,
                "rate_learned": None,
                "window": 10,
                "credit": None,
                "queue": 2,
                "sending": 0,
                "uncertain": 1,
            },
            **{"message_id": None, "message_id_learned": None, "message_id_learned_at": None},
            "message_id_mixed": False,
        }
    ]


async def test_the_form_of_its_ids_as_said_and_as_learned(gateway: Gateway) -> None:
    row = {"account": "operateur-a", "learned": "hex-to-dec", "last": "same", "run": 1, "mixed": True, "at": MORNING}
    await add(gateway.parts.store, id_form, row)
    account = SmppAccount(name="operateur-a", host="127.0.0.1", system_id="demo")
    gateway.parts.registry.replace(gateway.parts.settings.model_copy(update={"accounts": (account,)}))
    (shown,) = (await gateway.get("/v1/accounts")).json["data"]
    assert (shown["message_id"], shown["message_id_learned"]) == ("auto", "hex-to-dec")
    assert shown["message_id_learned_at"] == "2026-11-23T08:30:00.000+01:00"
    assert shown["message_id_mixed"] is True


async def test_a_pause_is_kept_with_its_reason(gateway: Gateway) -> None:
    paused = await gateway.post("/v1/accounts/operateur-a/pause?reason=facture", None, "vgm_admin")
    assert paused.json == {"name": "operateur-a", "paused": True}
    again = await gateway.post("/v1/accounts/operateur-a/pause", None, "vgm_admin")
    assert again.status == 200
    shown = (await gateway.get("/v1/accounts")).json["data"][0]
    assert (shown["paused"], shown["paused_reason"], shown["paused_by"]) == (True, "facture", "exploitant/config")
    assert shown["paused_at"] == "2026-11-23T08:30:00.000+01:00"
    resumed = await gateway.post("/v1/accounts/operateur-a/resume", None, "vgm_admin")
    assert resumed.json == {"name": "operateur-a", "paused": False}
    assert (await gateway.get("/v1/accounts")).json["data"][0]["paused"] is False


async def test_who_may(gateway: Gateway) -> None:
    for deed in ("pause", "resume"):
        assert (await gateway.post(f"/v1/accounts/operateur-a/{deed}")).code == "forbidden_scope"
        assert (await gateway.post(f"/v1/accounts/unknown/{deed}", None, "vgm_admin")).code == "not_found"
    assert (await gateway.get("/v1/accounts", "vgm_send")).code == "forbidden_scope"


async def test_no_secret_is_shown(gateway: Gateway) -> None:
    shown = (await gateway.get("/v1/accounts")).json["data"][0]
    assert not {"password", "system_id", "host"} & set(shown)
