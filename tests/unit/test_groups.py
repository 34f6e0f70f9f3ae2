"""A group send: contacts, texts, conditions, duplicates; all or nothing on what is wrong."""

from typing import Any

import pytest

from gateway.drafting import Common
from gateway.groups import Group, gather
from gateway.problem import Problem
from gateway.recipe import Cook
from gateway.registry import Registry
from gateway.requests import BatchIn, Origin
from gateway.verdicts import Verdict
from tests.heart import METZ, MORNING, everybody, settings

DECLARED = settings()


def group(*recipients: dict[str, Any], everyone: bool = False, **said: Any) -> Group:
    body = BatchIn.model_validate({"action": "INFO", "text": "Bonjour", "recipients": recipients, **said})
    fields = body.defaults.model_copy(update={"action": body.action, "text": body.text, "school": METZ})
    recipe = Cook(Registry(DECLARED), lambda: 4).recipe(fields, everybody(DECLARED), MORNING, "/defaults")
    return gather(recipe, body, Common("app", Origin(), None, None), everybody=everyone)


def reasons(one: Group) -> list[str | None]:
    return [why.reason if why else None for why in one.verdicts({})]


def refused(*recipients: dict[str, Any], **said: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        group(*recipients, **said)
    return caught.value


TWINS = ({"to": "0612345678", "variables": {"NOM": "Léa"}}, {"to": "06 12 34 56 78", "variables": {"NOM": "Léo"}})


def test_the_same_text_to_the_same_number_is_sent_once() -> None:
    assert reasons(group(*TWINS)) == [None, "duplicate"]
    assert reasons(group(*TWINS, text="Bonjour #NOM")) == [None, None]
    assert reasons(group(*TWINS, dedupe="none")) == [None, None]
    assert reasons(group(*TWINS, dedupe="number")) == [None, "duplicate"]


def test_by_number_would_lose_texts() -> None:
    problem = refused(*TWINS, text="Bonjour #NOM", dedupe="number")
    assert (problem.code, problem.errors[0].pointer) == ("dedupe_would_lose_texts", "/dedupe")


def test_an_ignored_recipient_does_not_make_the_next_a_duplicate() -> None:
    assert reasons(group({"to": "0612345678", "do_not_sms": True}, {"to": "0612345678"})) == ["do_not_sms", None]


FAMILY = {
    "label": "Famille REITER",
    "contacts": [
        {"rank": "responsable_1", "to": "0611111111", "label": "Mme"},
        {"rank": "conjoint", "to": "0622222222"},
        {"rank": "responsable_2", "to": ""},
        {"rank": "eleve", "to": "0644444444", "consent": False},
    ],
}


def test_the_audience_says_which_contacts_of_a_family() -> None:
    assert [one.who.rank for one in group(FAMILY).drafts] == ["responsable_1"]
    every = {"conjoint": True, "responsable_2": True, "eleve": True}
    whole = group(FAMILY, audience=every)
    assert [(one.who.rank, one.who.label, one.who.row) for one in whole.drafts] == [
        ("responsable_1", "Mme", 1),
        ("conjoint", "Famille REITER", 1),
        ("responsable_2", "Famille REITER", 1),
        ("eleve", "Famille REITER", 1),
    ]
    assert reasons(whole) == [None, None, "empty_mobile", "no_consent"]


def test_everybody_is_looked_at_when_contacts_are_resolved() -> None:
    seen = group(FAMILY, everyone=True)
    assert [seen.invited(one) for one in seen.drafts] == [True, False, False, False]


def test_to_or_contacts() -> None:
    for wrong in ({}, {"to": "0612345678", "contacts": FAMILY["contacts"]}):
        problem = refused({"to": "0611111111"}, wrong)
        assert (problem.code, problem.errors[0].pointer) == ("invalid_field", "/recipients/1/to")


def test_every_row_that_is_wrong_is_named() -> None:
    problem = refused({"to": "1"}, {"to": "2", "variables": {"NOM": "x"}}, {"to": "3"}, text="Bonjour #NOM")
    assert problem.code == "missing_variable"
    assert [error.pointer for error in problem.errors] == [
        "/recipients/0/variables/NOM",
        "/recipients/2/variables/NOM",
    ]
    many = refused(*({"to": "1"} for _ in range(300)), text="Bonjour #NOM")
    assert len(many.errors) == 100
    assert "Plus de 100 erreurs" in many.detail


def test_a_condition_is_of_each_recipient() -> None:
    connected = {"to": "0611111111", "flags": {"never_connected": False}}
    new = {"to": "0622222222", "flags": {"never_connected": True}}
    assert reasons(group(connected, new, condition="never_connected")) == ["already_connected", None]
    problem = refused({"to": "0611111111"}, condition="never_connected")
    assert problem.errors[0].pointer == "/recipients/0/flags/never_connected"


def test_what_a_row_leaves_open_is_the_defaults() -> None:
    defaults = {
        "recipient": {"label": "Parents", "kind": "responsable", "consent": False},
        "variables": {"NOM": "tous"},
        "reference": "R",
    }
    one = group({"to": "0611111111"}, {"to": "0622222222", "consent": True, "reference": "S"}, defaults=defaults)
    assert [(each.who.label, each.who.kind, each.who.reference) for each in one.drafts] == [
        ("Parents", "responsable", "R"),
        ("Parents", "responsable", "S"),
    ]
    assert one.verdicts({}) == [Verdict("no_consent", "refused"), None]


def test_a_sensitive_text_is_each_ones_own() -> None:
    people = ({"to": "0611111111", "variables": {"CODE": "1111"}}, {"to": "0622222222", "variables": {"CODE": "2222"}})
    one = group(*people, text="Code #CODE", defaults={"sensitive": ["CODE"]})
    assert [each.composed.parts for each in one.drafts] == [("Code 1111",), ("Code 2222",)]
    assert {each.composed.shown for each in one.drafts} == {"Code •••"}
    twice = group(people[0], {**people[1], "to": "0611111111"}, text="Code #CODE", defaults={"sensitive": ["CODE"]})
    assert reasons(twice) == [None, None]
