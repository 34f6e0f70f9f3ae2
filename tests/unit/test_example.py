"""``config.example.yaml`` holds every setting, with its default and one line of why."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, SecretStr

from adapters.smpp.door_options import SmppDoorSettings, SmppLogin
from adapters.smpp.options import SmppAccount
from gateway.app import DOORS
from gateway.config import App, Loaded, Settings, read
from gateway.model import Action, Price, ProviderContact, School, Template

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"
LISTS: dict[str, type[BaseModel]] = {
    "schools": School,
    "apps": App,
    "doors": SmppDoorSettings,
    "providers": ProviderContact,
    "accounts": SmppAccount,
    "actions": Action,
    "templates": Template,
}
SECTIONS = [name for name in Settings.model_fields if name not in LISTS and name != "modes"]


def raw() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text("utf-8"))
    return loaded


def settings() -> Settings:
    return loaded().settings


def loaded() -> Loaded:
    return read(EXAMPLE, {"smpp": SmppAccount}, {"SMSC_PASSWORD": "secret", "ERP_PASSWORD": "secret"}, DOORS)


def test_it_loads_without_a_warning() -> None:
    assert loaded().warnings == ()


def test_every_section_is_there() -> None:
    assert list(raw()) == list(Settings.model_fields)


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_holds_every_key_with_its_default(name: str) -> None:
    section = getattr(settings(), name)
    assert set(raw()[name]) == set(type(section).model_fields)
    assert section == type(section)()


def keys(model: type[BaseModel]) -> set[str]:
    return {info.alias or key for key, info in model.model_fields.items()}


@pytest.mark.parametrize("name", LISTS)
def test_the_first_of_a_list_holds_every_key(name: str) -> None:
    assert set(raw()[name][0]) == keys(LISTS[name])


def test_a_login_at_a_door_is_shown_whole() -> None:
    shown, login = raw()["apps"][1]["smpp"], settings().apps[1].smpp
    assert set(shown) == set(SmppLogin.model_fields)
    for key, info in SmppLogin.model_fields.items():
        assert info.is_required() or getattr(login, key) == info.get_default(call_default_factory=True), key


def test_a_price_list_is_shown_whole() -> None:
    prices = [price for account in raw()["accounts"] for price in account["prices"]]
    assert set(prices[0]) == keys(Price)
    assert settings().accounts[1].prices[0] == Price(ht="0.0450")


#: What the example says something better of than its default.
SAID = {("accounts", "price"), ("providers", "email"), ("providers", "telephone")}


def defaults() -> Iterator[tuple[str, str]]:
    for name, model in LISTS.items():
        for key, info in model.model_fields.items():
            if not info.is_required() and info.annotation is not SecretStr and (name, key) not in SAID:
                yield name, key


@pytest.mark.parametrize(("name", "key"), list(defaults()))
def test_a_key_of_a_list_shows_its_default(name: str, key: str) -> None:
    first = getattr(settings(), name)[0]
    assert getattr(first, key) == LISTS[name].model_fields[key].get_default(call_default_factory=True)


def test_every_line_says_why() -> None:
    bare = [
        line
        for line in EXAMPLE.read_text("utf-8").splitlines()
        if re.match(r"  +(- )?\w+:", line) and not re.search(r"  +# \S", line)
    ]
    assert bare == []
