"""The options of an SMPP account."""

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from adapters.smpp.message_options import LongMessages
from adapters.smpp.options import SmppAccount
from gateway.states import Status

REQUIRED: dict[str, Any] = {"name": "operateur-a", "adapter": "smpp", "host": "127.0.0.1", "system_id": "demo"}


def test_defaults() -> None:
    account = SmppAccount(**REQUIRED)
    assert (account.port, account.window, account.long_messages, account.message_id) == (2775, 10, "udh8", "auto")
    assert account.enquire_link.total_seconds() == 30
    assert not account.narrow


@pytest.mark.parametrize(
    ("options", "commands", "in_hand"),
    [
        ({}, (0x09,), 10),
        ({"binds": 2}, (0x09, 0x09), 20),
        ({"bind": "pair"}, (0x02, 0x01), 10),
        ({"bind": "pair", "binds": 2, "window": 3}, (0x02, 0x01, 0x02, 0x01), 6),
        ({"bind": "transmitter"}, (0x02,), 10),
        ({"bind": "receiver"}, (0x01,), 10),
    ],
)
def test_binds(options: dict[str, Any], commands: tuple[int, ...], in_hand: int) -> None:
    account = SmppAccount(**REQUIRED, **options)
    assert (account.commands, account.most_in_hand) == (commands, in_hand)


@pytest.mark.parametrize(("said", "version"), [("3.3", 0x33), (3.4, 0x34), ("5.0", 0x50), (5.0, 0x50)])
def test_versions(said: Any, version: int) -> None:
    assert SmppAccount(**REQUIRED, interface_version=said).version == version


@pytest.mark.parametrize(
    ("options", "cure"),
    [
        ({"bind": "transmitter"}, "no_receipt"),
        ({"bind": "receiver"}, "nothing can be sent"),
        ({"interface_version": "3.3"}, "write pair"),
        ({"interface_version": "3.3", "bind": "pair"}, ""),
        ({}, ""),
    ],
)
def test_what_is_probably_not_meant(options: dict[str, Any], cure: str) -> None:
    found = list(SmppAccount(**REQUIRED, **options).cautions())
    assert [key for key, _ in found] == (["bind"] if cure else [])
    assert all(cure in words for _, words in found)


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_an_address_of_ipv6_may_stand_in_brackets(host: str) -> None:
    assert SmppAccount(**REQUIRED | {"host": host}).host == "::1"


def test_sixteen_bit_references_are_narrow() -> None:
    assert SmppAccount(**REQUIRED, long_messages="udh16").narrow


def test_only_a_payload_takes_messages_whole() -> None:
    forms = get_args(LongMessages)
    assert [form for form in forms if SmppAccount(**REQUIRED, long_messages=form).whole] == ["payload"]


@pytest.mark.parametrize(
    ("options", "lacks"), [({}, ""), ({"default_alphabet": "latin1"}, "€"), ({"default_alphabet": "ascii"}, "€é")]
)
def test_what_its_alphabet_lacks(options: dict[str, Any], lacks: str) -> None:
    assert set(lacks) <= set(SmppAccount(**REQUIRED, **options).lacks)


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"registered_delivery": 0}, "registered_delivery"),
        ({"registered_delivery": "0x12"}, "registered_delivery"),
        ({"default_alphabet": "latin1"}, "default_alphabet"),
        ({"default_alphabet": "ascii"}, "default_alphabet"),
        *(
            ({"interface_version": "3.3", "bind": "pair", **asks}, "interface_version")
            for asks in (
                {"long_messages": "sar"},
                {"long_messages": "payload"},
                {"flash": "dest_addr_subunit"},
                {"tlvs": [{"tag": 0x1401, "value": "x"}]},
                {"message_tlvs": {"x": {"tag": 0x1401}}},
            )
        ),
    ],
)
def test_what_is_probably_not_meant_is_said(options: dict[str, Any], key: str) -> None:
    assert [said for said, _ in SmppAccount(**REQUIRED, **options).cautions()] == [key]


def test_what_is_meant_needs_no_word() -> None:
    for options in ({}, {"registered_delivery": 0x11}, {"long_messages": "sar"}, {"interface_version": "3.3"}):
        account = SmppAccount(**REQUIRED | {"bind": "pair"}, **options)
        assert list(account.cautions()) == []
    told = SmppAccount(**REQUIRED, bind="pair", interface_version="3.3", tlvs=[], optional_parameters="always")
    assert list(told.cautions()) == []


def test_numbers_may_be_written_as_documents_write_them() -> None:
    account = SmppAccount(**REQUIRED, registered_delivery="0x11", data_coding={"ucs2": "0x18"}, protocol_id=64)
    assert (account.registered_delivery, account.data_coding.ucs2, account.protocol_id) == (17, 24, 64)
    assert SmppAccount(**REQUIRED, ton_npi={"short_code": "3/0"}).ton_npi.short_code == (3, 0)


@pytest.mark.parametrize("form", get_args(LongMessages))
def test_a_message_begun_goes_on_only_with_the_same_header(form: LongMessages) -> None:
    accounts = [SmppAccount(**REQUIRED, long_messages=each) for each in get_args(LongMessages)]
    one = SmppAccount(**REQUIRED | {"name": "other"}, long_messages=form)
    joined = [each.long_messages for each in accounts if one.continues(each)]
    assert joined == ([form] if form in ("udh8", "udh16") else [])


@pytest.mark.parametrize(
    ("key", "value", "cure"),
    [
        ("bind", "both", "transceiver"),
        ("binds", 0, "1"),
        ("interface_version", "3.5", "3.4"),
        ("interface_version", 34, "3.4"),
        ("inactivity", 0, "longer than 0"),
        ("long_messages", "udh", "'udh8', 'udh16', 'sar' or 'payload'"),
        ("default_alphabet", "utf8", "'gsm', 'latin1' or 'ascii'"),
        ("data_coding", {"gsm7": 8}, "both 8"),
        ("registered_delivery", 256, "255"),
        ("priority_flag", 4, "3"),
        ("service_type", "TOOLONG", "5"),
        ("password", "seventeen letters", "16"),
        ("password", "clé", "ASCII"),
        ("system_id", "sixteen-letters!", "15"),
        ("system_id", "", "1"),
        ("port", 0, "1"),
        ("enquire_link", 0, "longer than 0"),
        ("reconnect_max", "10ms", "duration"),
        ("reconnect_max", 0.5, "reconnect_min"),
        ("window", 0, "1"),
        ("pasword", "x", "Extra"),
        ("message_id", "hex", "hex-to-dec"),
    ],
)
def test_what_cannot_be_is_refused_with_its_cure(key: str, value: Any, cure: str) -> None:
    with pytest.raises(ValidationError) as raised:
        SmppAccount(**REQUIRED | {key: value})
    (error,) = raised.value.errors()
    assert error["loc"] == (key,)
    assert cure in error["msg"]


@pytest.mark.parametrize("plan", ["5", "5/", "256/0", "a/b", 5, None, "5/0/1"])
def test_a_plan_is_two_numbers(plan: Any) -> None:
    with pytest.raises(ValidationError, match="such as 5/0"):
        SmppAccount(**REQUIRED, ton_npi={"recipient": plan})


@pytest.mark.parametrize("alphabet", ["latin1", "ascii"])
def test_only_septets_can_be_packed(alphabet: str) -> None:
    with pytest.raises(ValidationError, match="packed: false"):
        SmppAccount(**REQUIRED, default_alphabet=alphabet, packed=True)


def test_the_password_is_not_shown() -> None:
    assert "s3cret" not in repr(SmppAccount(**REQUIRED, password="s3cret"))


def test_every_key_is_described() -> None:
    assert [name for name, field in SmppAccount.model_fields.items() if not field.description] == []


def test_the_words_of_receipts_are_told_in_any_case() -> None:
    told = SmppAccount(**REQUIRED, receipt_states={"badstat ": "undelivered"})
    assert told.receipt_states == {"BADSTAT": Status.UNDELIVERED}
    with pytest.raises(ValidationError, match="delivered"):
        SmppAccount(**REQUIRED, receipt_states={"BADSTAT": "held"})


def test_options_of_the_papers_are_kept_and_said_where_a_key_names_them() -> None:
    kept = SmppAccount(**REQUIRED, option1="A", option2="B")
    assert kept.uses == {"option1": (), "option2": ()}
    assert (kept.kind, kept.written, kept.asks_for_optional) == ("", (), False)
    tlvs = [{"tag": 0x1401, "value": "{option1}"}, {"tag": 0x1402, "value": "{option2}"}]
    said = SmppAccount(**REQUIRED, option1="A", system_type="{option1}", tlvs=tlvs)
    assert {name: set(keys) for name, keys in said.uses.items()} == {
        "option1": {"system_type", "tlvs 0x1401"},
        "option2": {"tlvs 0x1402"},
    }
    assert (said.kind, [one.tag for one in said.written]) == ("A", [0x1401])
    assert said.model_dump(mode="json")["tlvs"][0]["value"] == "{option1}"  # as it was written


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"option1": "é", "system_type": "{option1}"}, "12 letters"),
        ({"option1": "x" * 13, "system_type": "{option1}"}, "12 letters"),
        ({"option1": "x", "tlvs": [{"tag": 0x1401, "type": "int1", "value": "{option1}"}]}, "an integer of 1 octets"),
        ({"option2": "256", "tlvs": [{"tag": 0x1401, "type": "int1", "value": "{option2}"}]}, "an integer of 1 octets"),
    ],
)
def test_an_option_that_cannot_be_said_is_refused(options: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        SmppAccount(**REQUIRED, **options)
