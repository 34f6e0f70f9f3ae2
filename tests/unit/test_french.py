"""What staff read, to the letter."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gateway import french
from gateway.french import event_label, followup_label, month_total, reason_label, sent_on, status_label
from gateway.provider import Cause
from gateway.states import FRENCH, Status

PARIS = ZoneInfo("Europe/Paris")
AT = datetime(2026, 9, 20, 10, 59, tzinfo=PARIS)


def test_received() -> None:
    assert status_label(Status.DELIVERED, AT, 1, 1) == "Reçu le 20 sep. à 10:59 (1 SMS)"
    assert status_label(Status.DELIVERED, AT, 3, 3) == "Reçu le 20 sep. à 10:59 (3 SMS)"


def test_the_months_of_the_recap() -> None:
    labels = [status_label(Status.DELIVERED, AT.replace(month=month), 1, 1) for month in range(1, 13)]
    assert [label.split()[3] for label in labels] == [
        "jan.",
        "fév.",
        "mars",
        "avr.",
        "mai",
        "juin",
        "juil.",
        "août",
        "sep.",
        "oct.",
        "nov.",
        "déc.",
    ]


@pytest.mark.parametrize(
    ("status", "parts", "final", "label"),
    [
        (Status.HELD, 2, 0, "À diffuser"),
        (Status.IN_TRANSIT, 1, 0, "En transit le 20 sep. à 10:59"),
        (Status.IN_TRANSIT, 3, 2, "En transit le 20 sep. à 10:59 (2/3)"),
        (Status.UNDELIVERED, 3, 3, "Non remis le 20 sep. à 10:59"),
        (Status.CANCELLED, 1, 1, "Supprimé le 20 sep. à 10:59"),
        (Status.IGNORED, 1, 1, "Ignoré"),
    ],
)
def test_other_states(status: Status, parts: int, final: int, label: str) -> None:
    assert status_label(status, AT, parts, final) == label


def test_every_state_has_its_word_in_both_labels() -> None:
    for status in set(Status) - {Status.DELIVERED}:
        assert status_label(status, AT, 1, 1).startswith(FRENCH[status])
    for status in Status:
        assert FRENCH[status][1:] in followup_label(1, status, AT, 1, 1)


def test_ignored_says_why() -> None:
    label = status_label(Status.IGNORED, AT, 1, 1, "not_mobile", "landline")
    assert label == "Ignoré : Numéro fixe : pas de SMS"


def test_followup() -> None:
    at = datetime(2008, 2, 15, 14, 40, tzinfo=PARIS)
    assert followup_label(11188, Status.IN_TRANSIT, at, 1, 0) == "Msg 11188 - en transit - 15/02/2008 à 14:40"
    assert followup_label(11188, Status.HELD, at, 1, 0) == "Msg 11188 - à diffuser - 15/02/2008 à 14:40"
    assert followup_label(7, Status.IN_TRANSIT, at, 3, 2) == "Msg 7 - en transit 2/3 - 15/02/2008 à 14:40"
    assert followup_label(7, Status.DELIVERED, at, 3, 3) == "Msg 7 - délivré - 15/02/2008 à 14:40"


def test_event() -> None:
    begin = datetime(2008, 2, 15, 8, 30, tzinfo=PARIS)
    end = datetime(2008, 2, 15, 18, 0, tzinfo=PARIS)
    assert event_label("absence", begin, end) == "Absence du 15/02/08 08:30 au 15/02/08 18:00"
    assert event_label("retard", begin, None) == "Retard le 15/02/08 08:30"
    assert event_label("absence", None, end) == "Absence jusqu'au 15/02/08 18:00"
    assert event_label("événement", None, None) == "Événement"


def test_sent_on_and_totals() -> None:
    assert sent_on(AT) == "20 septembre à 10:59"
    assert month_total("2026-02") == "Total février"
    assert month_total("2026-12") == "Total décembre"
    assert french.TOTAL_YEAR == "Total Annuel"


@pytest.mark.parametrize(
    ("reason", "detail", "label"),
    [
        ("empty_mobile", "", "Portable vide"),
        ("not_mobile", "landline", "Numéro fixe : pas de SMS"),
        ("not_mobile", "other", "Ce n'est pas un portable"),
        ("invalid_number", "too_long", "Numéro incorrect : trop long"),
        ("foreign_not_allowed", "LU", "Numéro étranger : pas autorisé par l'établissement"),
        ("opted_out", "", "A refusé les SMS (STOP)"),
        ("held_too_long", "", "N'a pas été diffusé à temps"),
        ("validity_over", "", "Durée de validité dépassée"),
        ("no_receipt", "", "Aucun accusé dans le délai"),
        ("0x0000000B", "destination", "Numéro refusé par le fournisseur (0x0000000B)"),
        ("UNDELIV 001", "", "UNDELIV 001"),
    ],
)
def test_reasons(reason: str, detail: str, label: str) -> None:
    assert reason_label(reason, detail) == label


@pytest.mark.parametrize(
    "reason",
    [
        "empty_mobile",
        "invalid_number",
        "not_mobile",
        "foreign_not_allowed",
        "opted_out",
        "do_not_sms",
        "no_consent",
        "credentials_changed",
        "already_connected",
        "duplicate",
    ],
)
def test_every_verdict_has_a_sentence(reason: str) -> None:
    assert " " in reason_label(reason) or reason == "duplicate"
    assert "_" not in reason_label(reason)


def test_every_refusal_of_a_provider_has_a_sentence() -> None:
    for cause in Cause:
        assert reason_label("0x45", cause.value).endswith("(0x45)")


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("Éloïse", "ELOISE"),
        ("Œuvrard", "oeuvrard"),
        ("Jean-Luc", "jean luc"),
        ("D’Arc", "d'arc"),
        ("Straße", "strasse"),
    ],
)
def test_names_compare_as_people_look_them_up(one: str, same: str) -> None:
    assert french.order(one) == french.order(same)
