"""From a recipe and a recipient to a row: state, times, what is shown, what it costs."""

from typing import Any

import orjson
import pytest

from gateway.drafting import Common, Draft, Recipient, draft, finish
from gateway.recipe import Cook
from gateway.registry import Registry
from gateway.requests import Event, MessageFields, Origin, Subject
from gateway.states import Status
from gateway.store.messages import NewMessage
from gateway.verdicts import Verdict, Wish
from tests.heart import DAY, HOUR, LONG, METZ, MORNING, everybody, settings

DECLARED = settings()
REGISTRY = Registry(DECLARED)
WISH = Wish(consent=None, do_not_sms=False, overridden=False, required=False, unmet=None)
COMMON = Common("vie-scolaire", Origin(user="cpe", workstation="PC-1"), {"k": "é"}, None)


def drafted(to: str = "06 12 34 56 78", wish: Wish = WISH, **said: Any) -> Draft:
    body = MessageFields.model_validate({"action": "INFO", "text": "Bonjour", "school": METZ, **said})
    recipe = Cook(REGISTRY, lambda: 8).recipe(body, everybody(DECLARED), MORNING)
    merged = recipe.merge(body.variables)
    who = Recipient(to, "Mme REITER", "responsable", wish, body.subject, body.event, body.reference)
    return draft(recipe, who, merged, recipe.compose(merged, "/text"))


def row(why: Verdict | None = None, common: Common = COMMON, **said: Any) -> NewMessage:
    return finish(drafted(**said), why, common)


def test_a_queued_message() -> None:
    new = row(text=LONG)
    assert (new.status, new.parts, len(new.contents), new.amount) == (Status.QUEUED, 3, 3, 135_000)
    assert (new.number, new.number_input) == ("+33612345678", "06 12 34 56 78")
    assert (new.released_at, new.valid_until, new.deadline_at) == (MORNING, MORNING + DAY, MORNING + DAY)
    assert (new.user, new.workstation, orjson.loads(new.metadata or "")) == ("cpe", "PC-1", {"k": "é"})


def test_a_held_message_waits_for_a_person() -> None:
    new = row(action="ABSENCE")
    assert (new.status, new.released_at, new.valid_until) == (Status.HELD, None, None)
    assert new.deadline_at == new.hold_until == MORNING + 48 * HOUR
    new = row(action="ABSENCE", valid_until="2026-11-23T10:30:00+01:00")
    assert new.deadline_at == new.hold_until == new.valid_until == MORNING + 2 * HOUR


def test_a_scheduled_message_runs_from_its_hour() -> None:
    new = row(send_at="2026-11-23T10:30:00+01:00")
    assert (new.status, new.deadline_at) == (Status.SCHEDULED, MORNING + 2 * HOUR)
    assert new.valid_until == MORNING + 2 * HOUR + DAY


def test_an_ignored_message_has_a_reason_and_costs_nothing() -> None:
    new = row(Verdict("not_mobile", "landline"), to="03 87 00 00 00")
    assert (new.status, new.reason, new.detail) == (Status.IGNORED, "not_mobile", "landline")
    assert (new.parts, new.amount, new.contents, new.deadline_at) == (0, 0, (), None)
    assert (new.number, new.number_input, new.text) == ("", "03 87 00 00 00", "Bonjour")


def test_the_number_is_asked_of_the_store_and_of_nobody_else() -> None:
    one = drafted()
    assert one.verdict({}) is None
    assert one.verdict({"+33612345678": (None, True)}) == Verdict("opted_out")
    assert one.verdict({"+33612345678": (False, False)}) == Verdict("no_consent", "refused")
    assert drafted(to="").verdict({}) == Verdict("empty_mobile")


def test_sensitive_values_are_in_the_parts_alone() -> None:
    new = row(text="Code #CODE", variables={"CODE": "4217"}, sensitive=["CODE"])
    assert new.contents == ("Code 4217",)
    assert new.text == "Code •••"
    assert new.sensitive
    assert "4217" not in "".join(str(getattr(new, name)) for name in new.__slots__ if name != "contents")


def test_an_override_is_audited_where_it_was_needed() -> None:
    common = Common("app", Origin(), None, "sortie annulée")
    asked = Wish(consent=None, do_not_sms=True, overridden=True, required=False, unmet=None)
    assert row(common=common, wish=asked).override_reason == "sortie annulée"
    assert row(common=common).override_reason is None
    assert row(Verdict("opted_out"), common=common, wish=asked).override_reason is None


@pytest.mark.parametrize(("label", "said"), [("Bal", {"label": "Bal"}), (None, {})])
def test_what_happened_and_to_whom(label: str | None, said: dict[str, Any]) -> None:
    new = row(event=Event(id="ABS-9", **said), subject=Subject(id="E-1", name="REITER Pauline", division="5B"))
    assert (new.event_id, new.event_label) == ("ABS-9", label)
    assert (new.subject_id, new.subject_name, new.division) == ("E-1", "REITER Pauline", "5B")
    assert orjson.loads(new.subject or "")["division"] == "5B"


def test_replacements_are_told() -> None:
    new = row(text="Voilà « ceci »")
    assert new.encoding == "gsm7"
    assert {one["from"] for one in orjson.loads(new.replacements)} == {"«", "»"}
