"""``PUT /v1/accounts/{name}`` (S4 row 120): accounts that the configuration does not declare."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from gateway.config.settings import SecretsSettings
from gateway.model import ProviderContact
from gateway.pricing import price_of
from gateway.registry import Registry
from tests.web.conftest import MORNING, Answer, Gateway, settings

SECRETS = SecretsSettings(sealing_key=SecretStr("a key of the tests, long enough"))
PASSWORD = "m0tdep4sse"
BODY: dict[str, Any] = {
    **{"provider": "PLURIWARE", "key_id": "etab57", "password": PASSWORD, "option1": "A", "option2": "B"},
    **{"service_code": "CMT", "host": "127.0.0.1", "port": 2776, "rate": 5, "price": "0.051"},
    **{"modes": ["standard", "economique"]},
}


@pytest.fixture
def keyed(gateway: Gateway) -> Gateway:
    """The gateway with a key, and a provider."""
    more = {"secrets": SECRETS, "providers": (ProviderContact(name="PLURIWARE"),)}
    gateway.parts.settings = gateway.parts.settings.model_copy(update=more)
    gateway.parts.registry.replace(gateway.parts.settings)
    return gateway


async def put(gateway: Gateway, body: Any = None, name: str = "operateur-p", key: str = "vgm_admin") -> Answer:
    return await gateway.ask("PUT", f"/v1/accounts/{name}", key, json=BODY if body is None else body)


@pytest.mark.row("S4 120")
async def test_an_account_is_put_shown_and_deleted(keyed: Gateway) -> None:
    registry = keyed.parts.registry
    made = await put(keyed)
    assert made.status == 201
    assert made.json["modes"] == ["economique", "standard"]
    shown = (await keyed.get("/v1/accounts/operateur-p", "vgm_admin")).json
    assert shown == made.json
    assert shown["option_uses"] == {"option1": [], "option2": []}
    said = shown["options"]
    assert {name: said[name] for name in BODY if name not in ("modes", "password")} == {
        name: value for name, value in BODY.items() if name not in ("modes", "password")
    }
    assert registry.modes()["standard"] == ("operateur-a", "operateur-p")
    assert [account.name for account in registry.accounts_of("economique")] == ["operateur-p"]
    account = registry.account("operateur-p")
    assert account is not None
    assert price_of(account, registry.day("0570051W", MORNING), "standard", "+33612345678") == 51_000
    assert [one["name"] for one in (await keyed.get("/v1/accounts")).json["data"]] == ["operateur-a", "operateur-p"]
    assert (await put(keyed, {**BODY, "rate": 7})).status == 200
    acts = (await keyed.get("/v1/audit?act=account_put", "vgm_admin")).json["data"]
    assert [act["subject"] for act in acts] == ["operateur-p"] * 2
    assert (await keyed.ask("DELETE", "/v1/accounts/operateur-p", "vgm_admin")).json["deleted"]
    assert (await keyed.ask("DELETE", "/v1/accounts/operateur-p", "vgm_admin")).code == "not_found"
    assert registry.modes()["standard"] == ("operateur-a",)


@pytest.mark.row("S4 120")
async def test_a_password_goes_in_and_never_out(keyed: Gateway, tmp_path: Path) -> None:
    answers = [await put(keyed), await keyed.get("/v1/accounts/operateur-p", "vgm_admin")]
    again = {name: value for name, value in BODY.items() if name != "password"}
    answers += [await put(keyed, again), await keyed.get("/v1/accounts"), await keyed.get("/v1/audit", "vgm_admin")]
    assert not any(PASSWORD.encode() in answer.raw or b'"password"' in answer.raw for answer in answers)
    contract = keyed.parts.registry.contract("operateur-p")
    assert contract is not None
    assert contract.options["password"] == PASSWORD  # which stayed, being left out
    stored = b"".join(file.read_bytes() for file in sorted(tmp_path.glob("gateway.db*")))  # noqa: ASYNC240
    assert b"operateur-p" in stored
    assert PASSWORD.encode() not in stored
    assert b"etab57" not in stored


async def test_secrets_that_are_left_out_stay_where_they_are(keyed: Gateway) -> None:
    outbind = {"listen": "127.0.0.1:2999", "password": "inner"}
    await put(keyed, {**BODY, "outbind": outbind})
    again = {name: value for name, value in BODY.items() if name != "password"}
    shown = await put(keyed, {**again, "outbind": {"listen": "127.0.0.1:2998"}})
    assert shown.json["options"]["outbind"] == {"listen": "127.0.0.1:2998"}
    contract = keyed.parts.registry.contract("operateur-p")
    assert contract is not None
    assert contract.options["outbind"]["password"] == "inner"
    moved = await put(keyed, {**again, "host": "192.0.2.1"})
    assert (moved.status, moved.pointers) == (422, ["/password"])
    assert (await put(keyed, {**BODY, "host": "192.0.2.1"})).status == 200


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"key_id": None}, "/key_id"),
        ({"key_id": "a login that is too long"}, "/key_id"),
        ({"password": "x" * 17}, "/password"),
        ({"port": 99999}, "/port"),
        ({"colour": "red"}, "/colour"),
        ({"modes": ["rapide"]}, "/modes/0"),
        ({"provider": "RIEN"}, "/provider"),
        ({"adapter": "x25"}, "/adapter"),
        ({"prices": [{"ht": "0.04"}]}, "/prices"),
        ({"tls": {"ca_file": "/etc/shadow"}}, "/tls"),
    ],
)
async def test_what_is_wrong_is_told_with_its_place(keyed: Gateway, change: dict[str, Any], pointer: str) -> None:
    answer = await put(keyed, {**BODY, **change})
    assert (answer.status, answer.code) == (422, "invalid_field")
    assert answer.pointers[0] == pointer
    assert PASSWORD.encode() not in answer.raw
    assert keyed.parts.registry.account("operateur-p") is None


async def test_what_is_refused(keyed: Gateway) -> None:
    assert (await put(keyed, name="operateur-a")).code == "declared_in_configuration"
    assert (await keyed.ask("DELETE", "/v1/accounts/operateur-a", "vgm_admin")).code == "declared_in_configuration"
    assert (await put(keyed, name="Majuscule")).pointers == ["/name"]
    for method in ("GET", "PUT", "DELETE"):
        more = {"json": BODY} if method == "PUT" else {}
        assert (await keyed.ask(method, "/v1/accounts/operateur-p", "vgm_all", **more)).code == "forbidden_scope"
    assert (await keyed.get("/v1/accounts/rien", "vgm_admin")).code == "not_found"


async def test_without_a_key_nothing_is_kept(gateway: Gateway) -> None:
    answer = await put(gateway)
    assert (answer.status, answer.code) == (409, "no_sealing_key")
    assert "secrets.sealing_key" in answer.json["detail"]


async def test_another_process_sees_it_and_another_key_does_not_open_it(keyed: Gateway) -> None:
    parts = keyed.parts
    other = Registry(parts.settings, parts.registry.adapters)
    await other.load(parts.store)
    await put(keyed)
    assert other.account("operateur-p") is None
    await other.refresh(parts.store)
    assert other.account("operateur-p") == parts.registry.account("operateur-p")
    wrong = SecretsSettings(sealing_key=SecretStr("another key, long enough too"))
    other.replace(settings().model_copy(update={"secrets": wrong}))
    assert other.account("operateur-p") is None
    assert other.modes()["standard"] == ("operateur-a",)
