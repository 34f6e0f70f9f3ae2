"""What the messages of a request share, and each reason to refuse the request as a whole, with its place and cure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.smpp.options import SmppAccount
from gateway.caller import Caller, Scope
from gateway.model import Priority
from gateway.problem import Problem
from gateway.recipe import Cook, Recipe
from gateway.registry import Registry
from gateway.requests import MessageFields
from tests.heart import HOUR, METZ, MORNING, REUNION, everybody, settings

DECLARED = settings(
    templates=[{"code": "BONJOUR", "label": "Bonjour", "text": "Bonjour #NOM."}],
    actions=[
        {"code": "INFO", "short_label": "Info", "long_label": "Information"},
        {"code": "ABSENCE", "short_label": "Abs.", "long_label": "Absence", "release": "manual", "sender": "VIESCO"},
        {"code": "COURRIER", "short_label": "L", "long_label": "Lettre", "treatment": "letter"},
        {"code": "PREMIUM", "short_label": "P", "long_label": "P", "mode": "premium", "max_parts": 1},
        {"code": "RESEND", "short_label": "R", "long_label": "R", "uncertain": "resend"},
        {"code": "WAIT", "short_label": "W", "long_label": "W", "uncertain": "wait"},
    ],
)
ADMIN = everybody(DECLARED)
SENDER = replace(ADMIN, scopes=frozenset({Scope.SEND}), schools=frozenset({METZ}))


def cook(caller: Caller = ADMIN, at: str = "", **said: Any) -> Recipe:
    body = {"action": "INFO", "text": "Bonjour", "school": METZ, **said}
    return Cook(Registry(DECLARED), lambda: 4).recipe(MessageFields.model_validate(body), caller, MORNING, at)


def refused(caller: Caller = ADMIN, at: str = "", **said: Any) -> tuple[str, list[str]]:
    with pytest.raises(Problem) as caught:
        cook(caller, at, **said)
    assert caught.value.detail
    return caught.value.code, [error.pointer for error in caught.value.errors]


def at(hours: float) -> datetime:
    return datetime.fromtimestamp(MORNING / 1000, UTC) + timedelta(hours=hours)


def test_what_is_left_open_comes_from_the_action_then_the_school_then_the_defaults() -> None:
    recipe = cook()
    assert (recipe.mode, recipe.sender, recipe.max_parts, recipe.held) == ("standard", "LYCCURIE", 4, False)
    recipe = cook(action="PREMIUM", school=REUNION)
    assert (recipe.mode, recipe.sender, recipe.max_parts) == ("premium", "VAGUEMESTR", 1)
    assert cook(action="ABSENCE").sender == "VIESCO"
    recipe = cook(action="ABSENCE", sender="AUTRE", mode="economique", hold=False)
    assert (recipe.sender, recipe.mode, recipe.held) == ("AUTRE", "economique", False)


def test_the_narrowest_of_the_mode_s_accounts_decides_the_parts() -> None:
    wide = SmppAccount(name="a", host="a.example", system_id="a", price="0.05")
    for options, parts, euro in (
        ({}, 2, "gsm7"),
        ({"long_messages": "sar"}, 2, "gsm7"),
        ({"long_messages": "payload"}, 2, "gsm7"),
        ({"long_messages": "udh16"}, 3, "gsm7"),
        ({"default_alphabet": "latin1"}, 2, "ucs2"),
    ):
        narrow = SmppAccount(name="b", host="b.example", system_id="b", price="0.05", **options)
        declared = settings(accounts=[wide, narrow])
        body = MessageFields.model_validate({"action": "INFO", "text": "x" * 306, "school": METZ})
        recipe = Cook(Registry(declared), lambda: 4).recipe(body, everybody(declared), MORNING)
        assert len(recipe.compose("x" * 306, "/text").parts) == parts
        assert recipe.compose("3 €", "/text").encoding == euro


def at_accounts(*options: dict[str, Any]) -> Any:
    """Accounts of a mode, one for each of these options; a way to cook for them."""
    accounts = [
        SmppAccount(name=name, host="a.example", system_id="a", price="0.05", **each)
        for name, each in zip("ab", options, strict=True)
    ]
    declared = settings(accounts=accounts)

    def cooked(**said: Any) -> Recipe:
        body = MessageFields.model_validate({"action": "INFO", "text": "Bonjour", "school": METZ, **said})
        return Cook(Registry(declared), lambda: 4).recipe(body, everybody(declared), MORNING, "/defaults")

    return cooked


def test_flash_needs_every_account_of_the_mode() -> None:
    assert at_accounts({"flash": "data_coding"}, {"flash": "dest_addr_subunit"})(flash=True).flash
    assert not at_accounts({"flash": "data_coding"}, {})().flash
    with pytest.raises(Problem) as caught:
        at_accounts({"flash": "data_coding"}, {})(flash=True)
    assert (caught.value.code, caught.value.errors[0].pointer) == ("flash_not_allowed", "/defaults/flash")


def test_a_field_of_the_provider_s_needs_one_account_that_declares_it() -> None:
    kind = {"message_tlvs": {"kind": {"tag": 0x1402, "type": "int1"}}}
    assert at_accounts({}, kind)(tlvs={"kind": 7}).tlvs == {"kind": 7}
    for tlvs in ({"kind": 256}, {"kind": "7"}, {"king": 7}):
        with pytest.raises(Problem) as caught:
            at_accounts({}, kind)(tlvs=tlvs)
        assert (caught.value.code, caught.value.status) == ("invalid_field", 422)
        assert caught.value.errors[0].pointer == f"/defaults/tlvs/{next(iter(tlvs))}"
        assert caught.value.detail


def test_the_text_wins_and_the_template_is_recorded() -> None:
    recipe = cook(text=None, template="BONJOUR")
    assert (recipe.source, recipe.template) == ("Bonjour #NOM.", "BONJOUR")
    recipe = cook(text="Salut", template="BONJOUR")
    assert (recipe.source, recipe.template) == ("Salut", "BONJOUR")


@pytest.mark.parametrize(
    ("said", "code", "pointer"),
    [
        ({"action": "RIEN"}, "unknown_action", "/action"),
        ({"action": "COURRIER"}, "treatment_not_sms", "/action"),
        ({"text": None}, "missing_text", "/text"),
        ({"text": None, "template": "RIEN"}, "unknown_template", "/template"),
        ({"sender": "0612345678"}, "invalid_sender", "/sender"),
        ({"sender": "TROPLONGVRAIMENT"}, "invalid_sender", "/sender"),
        ({"sender": "ÉCOLE"}, "invalid_sender", "/sender"),
        ({"sender": ""}, "invalid_sender", "/sender"),
        ({"sender": "36111"}, "invalid_sender", "/sender"),
        ({"sensitive": ["CODE"]}, "invalid_field", "/sensitive/0"),
        ({"callback_url": "https://example.org"}, "not_available", "/callback_url"),
        ({"valid_until": at(-1)}, "invalid_time", "/valid_until"),
        ({"send_at": at(2), "valid_until": at(1)}, "invalid_time", "/valid_until"),
        ({"send_at": at(24 * 400)}, "invalid_time", "/send_at"),
    ],
)
def test_a_request_that_cannot_be_served(said: dict[str, Any], code: str, pointer: str) -> None:
    assert refused(**said) == (code, [pointer])


def test_the_place_is_that_of_the_body() -> None:
    assert refused(at="/defaults", sender="!")[1] == ["/defaults/sender"]
    assert refused(at="/defaults", override={"reason": "urgent"})[0] == "override_not_allowed"


def test_schools_are_those_of_the_key() -> None:
    assert refused(SENDER, school=REUNION)[0] == "school_forbidden"
    assert refused(ADMIN, school=None)[0] == "school_required"
    assert cook(SENDER, school=None).school.uai == METZ
    assert refused(replace(SENDER, schools=frozenset({"9999999X"})), school="9999999X")[0] == "unknown_school"


def test_a_mode_without_an_account() -> None:
    declared = settings(modes={"standard": ["a"]})
    body = MessageFields.model_validate({"action": "INFO", "text": "x", "mode": "premium", "school": METZ})
    with pytest.raises(Problem) as caught:
        Cook(Registry(declared), lambda: 4).recipe(body, everybody(declared), MORNING)
    assert caught.value.code == "no_provider"


def test_held_is_what_the_action_says_and_only_some_may_skip_it() -> None:
    assert cook(SENDER, action="ABSENCE").held
    assert cook(SENDER, hold=True).held
    assert refused(SENDER, action="ABSENCE", hold=False)[0] == "release_required"
    assert not cook(action="ABSENCE", hold=False).held
    assert not cook(SENDER, hold=False).held


def test_lifting_do_not_sms_wants_the_scope() -> None:
    assert cook(override={"reason": "urgent"}).overridden
    assert refused(SENDER, override={"reason": "urgent"})[0] == "forbidden_scope"


def test_times_are_milliseconds_and_a_past_hour_is_now() -> None:
    recipe = cook(send_at=at(1), valid_until=at(2))
    assert (recipe.send_at, recipe.valid_until) == (MORNING + HOUR, MORNING + 2 * HOUR)
    assert cook(send_at=at(-1)).send_at is None


def test_uncertain_parts_are_sent_once_more_for_alerts_unless_the_action_says_otherwise() -> None:
    assert not cook().resend
    assert cook(priority=Priority.ALERT).resend
    assert cook(action="RESEND").resend
    assert not cook(action="WAIT", priority=Priority.ALERT).resend


def test_the_price_shown_is_the_first_accounts_today() -> None:
    assert cook().price("+33612345678") == 45_000
    assert cook(mode="premium").price("+33612345678") == 50_000
    assert cook(mode="premium").price("+262692123456") == 80_000
    late = replace(cook(mode="premium"), now=MORNING + 24 * HOUR)
    assert late.price("+33612345678") == 60_000


def test_every_missing_variable_is_named() -> None:
    with pytest.raises(Problem) as caught:
        cook(text="#NOM a #HEURE et #NOM").merge({}, "/recipients/3")
    assert caught.value.code == "missing_variable"
    assert [error.pointer for error in caught.value.errors] == [
        "/recipients/3/variables/NOM",
        "/recipients/3/variables/HEURE",
    ]


@pytest.mark.parametrize(
    ("said", "text", "code", "pointer"),
    [
        ({}, "x" * 700, "text_too_long", "/text"),
        ({}, " \n ", "empty_text", "/text"),
        ({"encoding": "gsm7", "transliterate": False}, "🎉", "text_not_gsm7", "/text"),
        ({}, "a\x00b", "text_not_ucs2", "/text"),
    ],
)
def test_a_text_that_cannot_be_sent(said: dict[str, Any], text: str, code: str, pointer: str) -> None:
    recipe = cook(**said)
    with pytest.raises(Problem) as caught:
        recipe.compose(text, "/text")
    assert (caught.value.code, [error.pointer for error in caught.value.errors]) == (code, [pointer])


def test_a_value_repeated_without_end_is_refused_before_the_text_is_made() -> None:
    recipe = cook(text="#A" * 20_000)
    with pytest.raises(Problem) as caught:
        recipe.merge({"A": "x" * 10_000_000}, "/recipients/3")
    assert (caught.value.code, caught.value.errors[0].pointer) == ("text_too_long", "/recipients/3")
    assert "200000000000 " in caught.value.errors[0].message


def test_a_text_far_too_long_is_not_cut() -> None:
    with pytest.raises(Problem) as caught:
        cook().compose("🇫🇷" * 20_000, "/text")
    assert "40000 caractères" in caught.value.errors[0].message


def test_missing_variables_without_end_are_not_all_listed() -> None:
    with pytest.raises(Problem) as caught:
        cook(text=" ".join(f"#A{n}" for n in range(300))).merge({})
    assert len(caught.value.errors) == 100


def test_a_sensitive_value_is_never_transliterated() -> None:
    recipe = cook(text="Code #CODE", sensitive=["CODE"])
    with pytest.raises(Problem) as caught:
        recipe.compose(recipe.merge({"CODE": "œuf"}), "/text")
    assert caught.value.code == "sensitive_not_gsm7"
    assert "œuf" not in caught.value.detail + caught.value.errors[0].message
    recipe = cook(text="Code #CODE", sensitive=["CODE"], encoding="ucs2")
    assert recipe.compose(recipe.merge({"CODE": "œuf"}), "/text").encoding == "ucs2"
