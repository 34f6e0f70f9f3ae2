"""Files as schools export them."""

import pytest

from gateway.csvin import plain, read_table
from gateway.problem import Problem


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ","])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_usual_form_is_read(encoding: str, delimiter: str, end: str) -> None:
    text = end.join((delimiter.join(("Téléphone", " Nom ")), delimiter.join(("06 12", " Zoé "))))
    assert list(read_table(text.encode(encoding))) == [(1, ["Téléphone", "Nom"]), (2, ["06 12", "Zoé"])]


def test_lines_are_counted_as_an_editor_shows_them() -> None:
    rows = list(read_table(b'a;b\n\n;\n"x\ny";2\n3;4\n'))
    assert [line for line, _ in rows] == [1, 5, 6]


def test_an_empty_file_has_no_headings() -> None:
    assert list(read_table(b"")) == [(1, [])]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b'a;b\n"1;2\n', "ligne 2"),
        ("a;b\n".encode("utf-16"), "UTF-16"),
        ("a;b\n".encode("utf-16-le"), "CSV UTF-8"),
        (b"\x81\x8d", "CSV UTF-8"),
    ],
)
def test_what_is_not_csv_is_refused(raw: bytes, told: str) -> None:
    with pytest.raises(Problem, match="malformed_body") as caught:
        list(read_table(raw))
    assert told in caught.value.detail


def test_headings_are_compared_plain() -> None:
    assert plain(" Opposé aux-SMS ") == "oppose_aux_sms"
