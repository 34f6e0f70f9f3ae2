"""CSV and NDJSON become the same batch as JSON; their errors name line and column."""

import orjson
import pytest

from gateway.problem import Problem
from gateway.requests import BatchIn
from gateway.web.media import MOST_FIELDS, media_type, read_form
from gateway.web.uploads import read_batch, read_csv

REQUEST = b'{"action": "INFO", "text": "Bonjour #PRENOM."}'
FORM = "multipart/form-data; boundary=limite"


def upload(csv: bytes, request: bytes = REQUEST) -> BatchIn:
    body = (
        b'--limite\r\nContent-Disposition: form-data; name="request"\r\nContent-Type: application/json\r\n\r\n'
        + request
        + b'\r\n--limite\r\nContent-Disposition: form-data; name="recipients"; filename="f.csv"\r\n\r\n'
        + csv
        + b"\r\n--limite--\r\n"
    )
    return read_batch(FORM, body)


def refused(csv: bytes, request: bytes = REQUEST) -> Problem:
    with pytest.raises(Problem) as caught:
        upload(csv, request)
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ","])
def test_what_a_school_exports(encoding: str, delimiter: str) -> None:
    lines = [
        ["Portable", "Destinataire", "Consentement", "Ne pas envoyer", "Référence", "Élève", "Division", "Prénom"],
        ["06 60 00 00 00", "Mme MÜLLER", "oui", "", "R1", "MÜLLER Zoé", "5B", "Zoé"],
        ["", "M. ŒIL", "", "X", "", "", "", ""],
    ]
    batch = upload("\r\n".join(delimiter.join(line) for line in lines).encode(encoding))
    first, second = batch.recipients
    assert (first.to, first.label, first.consent, first.do_not_sms) == ("06 60 00 00 00", "Mme MÜLLER", True, False)
    assert first.subject is not None
    assert (first.reference, first.subject.name, first.subject.division) == ("R1", "MÜLLER Zoé", "5B")
    assert first.variables == {"PRENOM": "Zoé"}
    assert (second.to, second.label, second.consent, second.do_not_sms) == ("", "M. ŒIL", None, True)


@pytest.mark.parametrize(
    "headings",
    [
        "to;label;consent;do_not_sms;reference;subject.name;subject.division;HEURE",
        "TÉLÉPHONE;LABEL;Consent;Do not SMS;reference;eleve;DIVISION;heure",
    ],
)
def test_headings_in_french_or_english(headings: str) -> None:
    (one,) = upload(f"{headings}\n0660000000;A;non;faux;r;N;D;8h".encode()).recipients
    assert one.model_dump(exclude_defaults=True) == {
        "to": "0660000000",
        "label": "A",
        "consent": False,
        "reference": "r",
        "subject": {"name": "N", "division": "D"},
        "variables": {"HEURE": "8h"},
    }


@pytest.mark.parametrize(
    ("word", "consent"),
    [
        ("oui", True),
        ("1", True),
        ("TRUE", True),
        ("Vrai", True),
        ("x", True),
        ("non", False),
        ("0", False),
        ("false", False),
        ("FAUX", False),
        ("", None),
        ("  ", None),
    ],
)
def test_yes_and_no(word: str, consent: bool | None) -> None:
    assert upload(f"to;consent\n0660000000;{word}".encode()).recipients[0].consent is consent


def test_a_word_that_is_neither_names_its_cell() -> None:
    problem = refused(b"to;Consentement\n0660000000;oui\n0660000001;peut-etre\n0660000002;bof\n")
    assert [error.pointer for error in problem.errors] == ["/recipients/1/consent", "/recipients/2/consent"]
    assert problem.errors[0].message.startswith("Ligne 3, colonne 2 « Consentement »")


def test_quotes_line_breaks_and_blank_rows() -> None:
    batch = upload(b'to;Texte libre\r\n0660000000;"a;b\r\n""c"""\r\n;;\r\n\r\n0660000001;d;\r\n')
    assert [one.variables for one in batch.recipients] == [{"TEXTE_LIBRE": 'a;b\r\n"c"'}, {"TEXTE_LIBRE": "d"}]


def test_a_short_row() -> None:
    (one,) = upload(b"to;Prenom\n0660000000\n").recipients
    assert one.variables == {}


@pytest.mark.parametrize(
    ("csv", "code", "told"),
    [
        (b"", "malformed_body", "colonne des num"),
        (b"nom;prenom\na;b", "malformed_body", "portable"),
        (b"to;Portable\n1;2", "malformed_body", "colonne 2"),
        (b"to;1er\n1;2", "malformed_body", "mot-clé"),
        (b'to;a\n1;"b', "malformed_body", "guillemet"),
        (b"to;a\n1;b;c", "invalid_field", "Ligne 2, colonne 3"),
        (b"\xff\xfet\x00o\x00", "malformed_body", "UTF-16"),
        (b"to;\x81\n", "malformed_body", "UTF-8"),
        (b"to\n", "invalid_field", "Il en faut au moins 1"),
    ],
)
def test_a_file_that_cannot_be_read(csv: bytes, code: str, told: str) -> None:
    problem = refused(csv)
    assert problem.code == code
    assert told in problem.detail


def test_what_the_models_refuse_names_line_and_column() -> None:
    problem = refused(b"to;label\n0660000000;a\n\n0660000001;" + b"x" * 201)
    (error,) = problem.errors
    assert error.pointer == "/recipients/1/label"
    assert error.message.startswith("Ligne 4, colonne « label »")


@pytest.mark.parametrize(
    ("request_part", "code", "where"),
    [
        (b"{", "malformed_json", ""),
        (b"[]", "malformed_json", ""),
        (b'{"action": "INFO", "txt": "a"}', "invalid_field", "/txt"),
        (b'{"action": "INFO", "recipients": []}', "invalid_field", "/recipients"),
    ],
)
def test_the_request_of_a_form(request_part: bytes, code: str, where: str) -> None:
    problem = refused(b"to\n0660000000", request_part)
    assert (problem.code, problem.errors[0].pointer) == (code, where)


def test_more_rows_than_a_call_may_have() -> None:
    assert len(read_csv(b"to\n" + b"1\n" * 10_000).recipients) == 10_000
    assert refused(b"to\n" + b"1\n" * 10_001).code == "too_many_recipients"
    lines = b'{"action":"INFO"}\n' + b"{}\n" * 10_001
    with pytest.raises(Problem, match="too_many_recipients"):
        read_batch("application/x-ndjson", lines)


def test_what_the_portal_knows_of_them() -> None:
    csv = "portable;Jamais connecté;Identifiants modifiés\n0660000000;oui;non\n0660000001;;x\n"
    flags = [one.flags for one in upload(csv.encode()).recipients]
    assert [(one.never_connected, one.credentials_changed) for one in flags] == [(True, False), (None, True)]
    assert "oui ou non" in refused(b"to;flags.never_connected\n0660000000;peut-etre").detail


# ---- NDJSON ----


def test_one_recipient_a_line() -> None:
    batch = read_batch("application/x-ndjson", REQUEST + b'\r\n{"to":"1"}\n\n{"to":"2","label":"\xc3\xa9"}\n')
    assert [(one.to, one.label) for one in batch.recipients] == [("1", ""), ("2", "é")]


@pytest.mark.parametrize(
    ("raw", "code", "told"),
    [
        (b"", "malformed_json", "La ligne 1"),
        (REQUEST + b'\n{"to":"1"}\n{"to":\n', "malformed_json", "La ligne 3"),
        (REQUEST + b'\n{"to":"1"}\n\n{"too":"1"}', "invalid_field", "Ligne 4"),
        (REQUEST + b"\n[]", "invalid_field", "Ligne 2"),
    ],
)
def test_an_error_of_a_line(raw: bytes, code: str, told: str) -> None:
    with pytest.raises(Problem) as caught:
        read_batch("application/x-ndjson; charset=utf-8", raw)
    assert caught.value.code == code
    assert told in caught.value.detail


def test_all_three_say_the_same() -> None:
    recipient = {"to": "0660000000", "label": "A", "consent": True, "do_not_sms": False, "variables": {"PRENOM": "Zoé"}}
    whole = orjson.loads(REQUEST) | {"recipients": [recipient]}
    as_json = read_batch("application/json", orjson.dumps(whole))
    as_lines = read_batch("application/x-ndjson", REQUEST + b"\n" + orjson.dumps(recipient))
    as_csv = upload("portable,label,consent,ne_pas_envoyer,prénom\n0660000000,A,oui,non,Zoé".encode())
    assert as_json == as_lines == as_csv


# ---- forms ----


@pytest.mark.parametrize(
    ("content_type", "raw"),
    [
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x'),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Type: text/plain\r\n\r\n1\r\n--x--"),
        ("multipart/form-data; boundary=x", b"--x\r\nno blank line\r\n--x--"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 2 + b"--x--",
        ),
        ("multipart/form-data; boundary=x", b"--x\r\n" * (MOST_FIELDS + 1) + b"--x--"),
    ],
)
def test_a_form_that_cannot_be_read(content_type: str, raw: bytes) -> None:
    with pytest.raises(Problem, match="malformed_body"):
        read_form(content_type, raw)


def test_a_form_with_other_fields() -> None:
    raw = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n1\r\n--x--'
    with pytest.raises(Problem, match="malformed_body") as caught:
        read_batch("multipart/form-data; boundary=x", raw)
    assert "« recipients »" in caught.value.detail


def test_a_field_may_hold_anything() -> None:
    raw = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n\r\n--y\r\n\r\n--x--\r\n'
    assert read_form('multipart/form-data; boundary="x"', raw) == {"a": b"1\r\n\r\n--y\r\n"}


def test_types_are_compared_without_case_and_parameters() -> None:
    assert media_type(" Application/JSON ; charset=utf-8") == "application/json"


def _many_fields() -> bytes:
    fields = {f"A{place}": "x" for place in range(3_000)}
    return orjson.dumps({"action": "INFO", "text": "Bonjour", "defaults": {"variables": fields}})


@pytest.mark.parametrize("kind", ["a form", "lines"])
def test_the_request_beside_a_file_is_counted_too(kind: str) -> None:
    if kind == "a form":
        assert refused(b"portable\n0660000000", _many_fields()).code == "body_too_large"
        return
    with pytest.raises(Problem, match="body_too_large"):
        read_batch("application/x-ndjson", _many_fields() + b'\n{"to": "0660000000"}\n')


@pytest.mark.parametrize("listed", [7, True, {"to": "0660000000"}])
def test_a_large_body_whose_recipients_are_no_list(listed: object) -> None:
    body = {"action": "INFO", "text": "Bonjour", "selection": {"ids": [*range(3_000)]}, "recipients": listed}
    with pytest.raises(Problem, match="invalid_field"):
        read_batch("application/json", orjson.dumps(body))
