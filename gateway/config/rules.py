"""Rules across the file: names that must exist or be unique, senders, zones, regions.

They look at the raw values, so that they speak even when something else in the file is wrong; what has the
wrong type is none of their business.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from phonenumbers import SUPPORTED_REGIONS

from gateway.keywords import keywords
from gateway.numbers import read_sender
from gateway.yamlfile.problem import Path
from gateway.yamlfile.wording import did_you_mean

_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_UAI = re.compile(r"[0-9]{7}[A-Z]")
_OVERSEAS = frozenset({"PF", "WF", "NC", "PM", "BL", "MF", "YT", "RE", "GP", "GF", "MQ"})

_SENDER_FAULTS = {
    "empty": "is empty",
    "too_long": "has more than 11 characters",
    "digits_only": "has no letter",
    "bad_character": "has a character that is neither a letter nor a digit",
    "short_code_not_listed": "is a short code that no account lists in its `senders`",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What a rule found. ``fatal`` False: a warning."""

    path: Path
    message: str
    fatal: bool = True


def each(raw: Any, *steps: str) -> Iterator[tuple[Path, str]]:
    """Every text at a place such as ``schools * timezone``, with its path; ``*`` is any position or key."""
    found: list[tuple[Path, Any]] = [((), raw)]
    for step in steps:
        found = [(((*path, key)), item) for path, value in found for key, item in _items(value, step)]
    return ((path, value) for path, value in found if isinstance(value, str))


def _items(value: Any, step: str) -> Iterable[tuple[str | int, Any]]:
    if step == "*":
        if isinstance(value, list):
            return enumerate(value)
        return list(value.items()) if isinstance(value, dict) else ()
    return [(step, value[step])] if isinstance(value, dict) and step in value else ()


def check(raw: Any) -> Iterator[Fault]:
    """Everything the rules find in the raw values of a file."""
    for rule in _RULES:
        yield from rule(raw)


# ---- names that must exist ----


def _references(raw: Any) -> Iterator[Fault]:
    for what, places, names in (
        ("account", [("modes", "*", "*")], ("accounts", "*", "name")),
        ("school", [("apps", "*", "schools", "*"), ("templates", "*", "school")], ("schools", "*", "uai")),
        ("template", [("actions", "*", "template")], ("templates", "*", "code")),
        ("provider", [("accounts", "*", "provider")], ("providers", "*", "name")),
    ):
        known = {name for _, name in each(raw, *names)}
        for place in places:
            for path, name in each(raw, *place):
                if name not in known:
                    cure = did_you_mean(name, known) or f": declare it under `{names[0]}`"
                    yield Fault(path, f"unknown {what} {name}{cure}")


def _modes_with_accounts(raw: Any) -> Iterator[Fault]:
    staffed = {str(path[1]) for path, _ in each(raw, "modes", "*", "*")}
    for path, mode in [*each(raw, "defaults", "mode"), *each(raw, "actions", "*", "mode")]:
        if mode not in staffed:
            yield Fault(path, f"no account sends in mode {mode}: list one under `modes: {{{mode}: [...]}}`")
    if not any(True for _ in each(raw, "defaults", "mode")) and "standard" not in staffed:
        yield Fault(("modes",), "no account sends in mode standard, the default: nothing will leave", fatal=False)
    used = {name for _, name in each(raw, "modes", "*", "*")}
    for path, name in each(raw, "accounts", "*", "name"):
        if name not in used:
            yield Fault(path, f"no mode names the account {name}: it will send nothing", fatal=False)


# ---- names that must be unique ----


def _duplicates(raw: Any) -> Iterator[Fault]:
    for place in (
        ("schools", "*", "uai"),
        ("apps", "*", "name"),
        ("apps", "*", "key_sha256"),
        ("apps", "*", "smpp", "system_id"),
        ("doors", "*", "name"),
        ("providers", "*", "name"),
        ("accounts", "*", "name"),
        ("actions", "*", "code"),
        ("templates", "*", "code"),
        *(("modes", mode, "*") for mode in _keys(raw, "modes")),
    ):
        seen: dict[str, Path] = {}
        for path, name in each(raw, *place):
            first = seen.setdefault(name.lower(), path)
            if first != path:
                shown = "the same key" if place[-1] == "key_sha256" else name
                yield Fault(path, f"{shown} is already {place[0]}[{_number(first)}]: keep one, or rename it")


def _keys(raw: Any, key: str) -> list[str]:
    value = raw.get(key) if isinstance(raw, dict) else None
    return list(value) if isinstance(value, dict) else []


def _number(path: Path) -> str:
    return next(str(step) for step in path if isinstance(step, int))


# ---- values ----


def _senders(raw: Any) -> Iterator[Fault]:
    codes = {code for _, code in each(raw, "accounts", "*", "senders", "*")}
    for path, code in each(raw, "accounts", "*", "senders", "*"):
        if not re.fullmatch(r"[0-9]{5}", code):
            yield Fault(path, f"{code} is not a short code: five digits, in quotes")
    for place in (("defaults", "sender"), ("schools", "*", "sender"), ("actions", "*", "sender")):
        for path, sender in each(raw, *place):
            if fault := read_sender(sender, codes):
                why = _SENDER_FAULTS.get(fault, "cannot be a sender")
                yield Fault(path, f"{sender!r} {why}: 1 to 11 letters or digits with at least one letter")


def _zones(raw: Any) -> Iterator[Fault]:
    for path, zone in [*each(raw, "defaults", "timezone"), *each(raw, "schools", "*", "timezone")]:
        if zone not in _known_zones():
            yield Fault(path, f"unknown time zone {zone}{did_you_mean(zone, _known_zones())}")


@cache
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _regions(raw: Any) -> Iterator[Fault]:
    known = SUPPORTED_REGIONS | _OVERSEAS
    places = [("defaults", "region"), ("defaults", "foreign", "*")]
    for place in (*places, ("schools", "*", "region"), ("schools", "*", "foreign", "*")):
        for path, region in each(raw, *place):
            if re.fullmatch(r"[A-Z]{2}", region) and region not in known:
                yield Fault(path, f"unknown region {region}: two letters as in ISO 3166, such as FR, RE or LU")


def _uai_letters(raw: Any) -> Iterator[Fault]:
    for path, uai in each(raw, "schools", "*", "uai"):
        if _UAI.fullmatch(uai) and uai[7] != (letter := _LETTERS[int(uai[:7]) % 23]):
            yield Fault(path, f"the last letter of {uai} should be {letter}: is it mistyped?", fatal=False)


def _prices(raw: Any) -> Iterator[Fault]:
    accounts = raw.get("accounts") if isinstance(raw, dict) else None
    for at, account in enumerate(accounts if isinstance(accounts, list) else ()):
        if not isinstance(account, dict):
            continue
        if account.get("price") is not None and account.get("prices"):
            yield Fault(("accounts", at, "prices"), "price is given too: keep one of the two")
        elif account.get("price") is None and not account.get("prices"):
            yield Fault(("accounts", at), "no price: its messages will cost 0 in the accounts", fatal=False)


#: What works in a mode only if all its accounts have it, and what it is when nothing is written.
_TOGETHER = {"schedule": "gateway", "flash": "refused"}


def _of_one_mind(raw: Any) -> Iterator[Fault]:
    places = {name: path[1] for path, name in each(raw, "accounts", "*", "name")}
    for key, unsaid in _TOGETHER.items():
        said = {path[1]: value for path, value in each(raw, "accounts", "*", key) if value != unsaid}
        for mode in _keys(raw, "modes"):
            names = [name for _, name in each(raw, "modes", mode, "*") if name in places]
            without = next((name for name in names if places[name] not in said), None)
            for name in names:
                if without is not None and (at := places[name]) in said:
                    why = f"no effect in mode {mode}: {without} has {key}: {unsaid}"
                    yield Fault(("accounts", at, key), why, fatal=False)


def _confidential(raw: Any) -> Iterator[Fault]:
    texts = {path[1]: text for path, text in each(raw, "templates", "*", "text")}
    for path, name in each(raw, "templates", "*", "sensitive", "*"):
        if name not in keywords(texts.get(path[1], "")):
            yield Fault(path, f"{name} is no keyword of its text: write it as there, without #")


# ---- doors ----

#: With one of these an application may come in by a door.
_ENTRY = {"send", "compat", "admin"}


def _logins(raw: Any) -> Iterator[Fault]:
    apps = raw.get("apps") if isinstance(raw, dict) else None
    kinds = {kind for _, kind in each(raw, "doors", "*", "kind")}
    actions = {code for _, code in each(raw, "actions", "*", "code")}
    for at, app in enumerate(apps if isinstance(apps, list) else ()):
        login = app.get("smpp") if isinstance(app, dict) else None
        if not isinstance(login, dict):
            continue
        path: Path = ("apps", at, "smpp")
        if _ENTRY.isdisjoint(scope for _, scope in each(app, "scopes", "*")):
            yield Fault(path, "its scopes do not let it send: add compat")
        if "smpp" not in kinds:
            yield Fault(path, "no door of kind smpp: it cannot come in; declare one under `doors`", fatal=False)
        schools = {uai for _, uai in each(app, "schools", "*")}
        if login.get("school") is not None and login["school"] not in schools:
            yield Fault((*path, "school"), "is not one of its schools")
        for place, action in [*each(login, "action"), *each(login, "service_types", "*")]:
            if action not in actions:
                cure = f"{action} is not declared here: its messages are refused unless it is in the store"
                yield Fault((*path, *place), cure, fatal=False)


_RULES: tuple[Callable[[Any], Iterator[Fault]], ...] = (
    _references,
    _modes_with_accounts,
    _duplicates,
    _senders,
    _zones,
    _regions,
    _uai_letters,
    _prices,
    _of_one_mind,
    _confidential,
    _logins,
)
