"""The verdicts of intake, in the contract's order: the first that matches wins."""

from dataclasses import replace

import pytest

from gateway.model import Condition
from gateway.numbers import Number, Unusable, read
from gateway.requests import Flags
from gateway.verdicts import Verdict, Wish, unmet, verdict

GOOD = read("06 12 34 56 78", "FR", ())
FREE = Wish(consent=None, do_not_sms=False, overridden=False, required=False, unmet=None)
WORST = Wish(consent=False, do_not_sms=True, overridden=False, required=True, unmet="already_connected")


def test_nothing_against_it() -> None:
    assert isinstance(GOOD, Number)
    assert verdict(GOOD, FREE, None, opted_out=False) is None


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("", "empty_mobile"),
        ("12", "invalid_number"),
        ("03 87 00 00 00", "not_mobile"),
        ("+4915112345678", "foreign_not_allowed"),
    ],
)
def test_the_number_comes_first(said: str, reason: str) -> None:
    number = read(said, "FR", ())
    assert isinstance(number, Unusable)
    found = verdict(number, WORST, False, opted_out=True)
    assert found is not None
    assert found.reason == reason


def test_then_each_in_its_order() -> None:
    steps = [
        (WORST, True, "opted_out"),
        (WORST, False, "do_not_sms"),
        (replace(WORST, do_not_sms=False), False, "no_consent"),
        (replace(WORST, do_not_sms=False, consent=True), False, "already_connected"),
    ]
    for wish, opted_out, reason in steps:
        found = verdict(GOOD, wish, None, opted_out)
        assert found is not None
        assert found.reason == reason


def test_an_opt_out_beats_the_request_and_every_override() -> None:
    wish = replace(FREE, consent=True, overridden=True)
    assert verdict(GOOD, wish, True, opted_out=True) == Verdict("opted_out")


def test_an_override_lifts_do_not_sms_and_nothing_else() -> None:
    assert verdict(GOOD, replace(FREE, do_not_sms=True, overridden=True), None, False) is None
    lifted = replace(FREE, do_not_sms=True, overridden=True, consent=False)
    assert verdict(GOOD, lifted, None, False) == Verdict("no_consent", "refused")


@pytest.mark.parametrize(
    ("said", "stored", "required", "detail"),
    [
        (None, None, False, None),
        (None, None, True, "unknown"),
        (None, True, True, None),
        (None, False, False, "refused"),
        (True, False, True, None),
        (False, True, False, "refused"),
    ],
)
def test_consent_is_the_requests_else_the_stores_else_unknown(
    said: bool | None, stored: bool | None, required: bool, detail: str | None
) -> None:
    found = verdict(GOOD, replace(FREE, consent=said, required=required), stored, False)
    assert found == (Verdict("no_consent", detail) if detail else None)


@pytest.mark.parametrize(
    ("condition", "flags", "reason"),
    [
        (None, Flags(), None),
        ("never_connected", Flags(never_connected=True), None),
        ("never_connected", Flags(never_connected=False), "already_connected"),
        ("credentials_unchanged", Flags(credentials_changed=False), None),
        ("credentials_unchanged", Flags(credentials_changed=True), "credentials_changed"),
    ],
)
def test_conditions(condition: Condition, flags: Flags, reason: str | None) -> None:
    assert unmet(condition, flags) == reason


@pytest.mark.parametrize(
    ("condition", "flag"), [("never_connected", "never_connected"), ("credentials_unchanged", "credentials_changed")]
)
def test_a_condition_wants_its_flag(condition: Condition, flag: str) -> None:
    with pytest.raises(LookupError) as caught:
        unmet(condition, Flags())
    assert caught.value.args == (flag,)
