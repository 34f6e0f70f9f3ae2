"""Which message a telephone answers."""

from dataclasses import replace

import pytest

from gateway.attachment import InboundRules, Sent, answered, school_of

OWN = Sent(1, "A", "app", "INFO", None, "msg_1", "36111", "a", 1000)


def test_the_last_one_sent() -> None:
    assert answered([OWN, replace(OWN, id=2, sent_at=2000)], "36111", "a", ()) == replace(OWN, id=2, sent_at=2000)
    assert answered([], "36111", "a", ()) is None


@pytest.mark.parametrize(
    ("other", "to", "account", "chosen"),
    [
        ({"sender": "COLLEGE"}, "36111", "a", 1),  # the sender is worth more than the hour
        ({"sender": "COLLEGE"}, "38000", "a", 2),
        ({"account": "b"}, "36111", "a", 1),  # and so is the account
        ({"account": "b"}, "36111", "c", 2),
        ({"sender": "COLLEGE", "account": "b"}, "36111", "b", 1),
    ],
)
def test_the_sender_then_the_account(other: dict[str, str], to: str, account: str, chosen: int) -> None:
    second = replace(OWN, id=2, sent_at=2000, **other)
    found = answered([OWN, second], to, account, ())
    assert found is not None
    assert found.id == chosen


def test_a_number_of_schools_answers_their_messages_only() -> None:
    other = replace(OWN, id=2, school="B", sender="COLLEGE")
    assert answered([other], "38000", "a", ("A",)) is None
    assert answered([other], "38000", "a", ("A", "B")) == other
    assert answered([replace(other, sender="38000")], "38000", "a", ("A",)) == replace(other, sender="38000")


def test_the_school() -> None:
    assert school_of(OWN, ("B",)) == "A"
    assert school_of(None, ("B",)) == "B"
    assert school_of(None, ("A", "B")) is None
    assert school_of(None, ()) is None


def test_without_a_configuration_nobody_has_a_number() -> None:
    assert InboundRules().schools_of("36111") == ()
