"""Workbooks that no spreadsheet wrote."""

import io
import struct
import zipfile
from collections.abc import Mapping

from openpyxl import Workbook

SHEET, TEXTS, BOOK, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


_WITH_TEXTS = (
    '<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/>'
    '<Relationship Id="rId2" Type="x/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>'
)


def sheet(rows: str, before: str = "") -> str:
    """A sheet with these rows."""
    return f'<?xml version="1.0"?>{before}<worksheet {NAMESPACE}><sheetData>{rows}</sheetData></worksheet>'


def in_line(text: str) -> str:
    """A row of one cell."""
    return f'<row r="1"><c r="A1" t="inlineStr"><is><t>{text}</t></is></c></row>'


def book(members: Mapping[str, str | bytes | None] | None = None) -> bytes:
    """An honest workbook of two rows with some of its members replaced, added, or (None) taken out."""
    honest, made = io.BytesIO(), io.BytesIO()
    workbook = Workbook()
    assert workbook.active is not None
    for row in (["portable", "destinataire"], ["0612345678", "Mme REITER"]):
        workbook.active.append(row)
    workbook.save(honest)
    changed = dict(members or {})
    if TEXTS in changed:
        changed.setdefault(RELATIONS, _WITH_TEXTS)
    with zipfile.ZipFile(honest) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            data = changed.pop(name, source.read(name))
            if data is not None:
                target.writestr(name, data)
        for name, data in changed.items():
            target.writestr(name, data or "")
    return made.getvalue()


_LAUGHS = "".join(f'<!ENTITY l{place} "{f"&l{place - 1};" * 10 if place else "lol"}">' for place in range(10))
LAUGHS = f"<!DOCTYPE lolz [{_LAUGHS}]>"
EXTERNAL = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
PARAMETER = '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x.dtd"> %x;]>'


def _truncated() -> bytes:
    whole = book()
    return whole[: len(whole) // 2]


def _flipped() -> bytes:
    whole = bytearray(book())
    place = whole.find(SHEET.encode()) + len(SHEET) + 4
    whole[place : place + 8] = bytes(octet ^ 0xFF for octet in whole[place : place + 8])
    return bytes(whole)


def _sealed() -> bytes:
    """Every member says that it needs a password."""
    whole = bytearray(book())
    place = -1
    while (place := whole.find(b"PK\x01\x02", place + 1)) >= 0:
        struct.pack_into("<H", whole, place + 8, 1)
    return bytes(whole)


def _lying() -> bytes:
    """The list says that the sheet is a few octets."""
    whole = bytearray(book({SHEET: sheet(in_line("a" * 100_000))}))
    place = whole.rfind(SHEET.encode()) - 46
    struct.pack_into("<L", whole, place + 24, 100)
    return bytes(whole)


def _packed_otherwise() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book())) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_LZMA) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    return made.getvalue()


#: What it is -> the file, what is said of it. ``test_uploads`` makes the limits small.
HOSTILE: Mapping[str, tuple[bytes, str]] = {
    "nothing": (b"PK\x03\x04", "ce n'est pas un classeur XLSX"),
    "junk": (b"PK\x03\x04" + b"x" * 10_000, "ce n'est pas un classeur XLSX"),
    "an end and no more": (b"PK\x03\x04PK\x05\x06" + b"\0" * 18, "ce n'est pas un classeur XLSX"),
    "cut": (_truncated(), "ce n'est pas un classeur XLSX"),
    "octets turned": (_flipped(), "abîmé"),
    "a password": (_sealed(), "abîmé"),
    "a size that is a lie": (_lying(), "abîmé"),
    "packed otherwise": (_packed_otherwise(), "compressé"),
    "no workbook": (book({BOOK: None}), "ce n'est pas un classeur XLSX"),
    "no sheet": (book({SHEET: None}), "ce n'est pas un classeur XLSX"),
    "a sheet of nowhere": (book({RELATIONS: "<Relationships/>"}), "ce n'est pas un classeur XLSX"),
    "a sheet outside": (
        book({RELATIONS: '<R><Relationship Id="rId1" Target="../../../../etc/passwd"/></R>'}),
        "ce n'est pas un classeur XLSX",
    ),
    **{f"no XML in {name}": (book({name: "hello"}), "abîmé") for name in (SHEET, BOOK, STYLES, RELATIONS)},
    **{f"half of {name}": (book({name: "<a><b>"}), "abîmé") for name in (SHEET, BOOK, STYLES, RELATIONS)},
    "billion laughs": (book({SHEET: sheet(in_line("&l9;"), LAUGHS)}), "type de document"),
    "billion laughs in the texts": (book({TEXTS: f"{LAUGHS}<sst><si><t>&l9;</t></si></sst>"}), "type de document"),
    "billion laughs in the workbook": (book({BOOK: f"{LAUGHS}<workbook>&l9;</workbook>"}), "type de document"),
    "a file of the server": (book({SHEET: sheet(in_line("&x;"), EXTERNAL)}), "type de document"),
    "an address": (book({SHEET: sheet(in_line("x"), PARAMETER)}), "type de document"),
    "an unknown alphabet": (book({SHEET: '<?xml version="1.0" encoding="x-nope"?><a/>'}), "abîmé"),
    "very many octets": (book({SHEET: b"\0" * 5_000_000}), "trop grand"),
    "many members": (book({f"x{place}": "" for place in range(2_000)}), "plus de 1000 morceaux"),
    "very many members": (book({f"x{place}": "" for place in range(20_000)}), "plus de 1000 morceaux"),
    "deep": (book({SHEET: sheet("<a>" * 10_000)}), "trop d'éléments"),
    "very many elements": (book({SHEET: sheet("<a/>" * 50_000)}), "trop d'éléments"),
    "very many cells": (book({SHEET: sheet(f"<row>{'<c/>' * 5_000}</row>")}), "cellules"),
    "very many texts": (book({TEXTS: f"<sst>{'<si/>' * 5_000}</sst>"}), "textes"),
    "very many rows": (book({SHEET: sheet("<row><c><v>1</v></c></row>" * 1_500)}), "lignes"),
    "a tag without end": (book({SHEET: f"<worksheet a='{'x' * 3_000_000}'/>"}), "n'en finit pas"),
    "a comment without end": (book({SHEET: f"<worksheet><!--{'x' * 3_000_000}--></worksheet>"}), "n'en finit pas"),
    "a text without end": (book({SHEET: sheet(in_line("x" * 200_000))}), "trop longue"),
    "a text that is not there": (book({SHEET: sheet('<row><c t="s"><v>99</v></c></row>')}), "n'y est pas"),
    "a text before the first": (book({SHEET: sheet('<row><c t="s"><v>-1</v></c></row>')}), "n'y est pas"),
    "a figure that is none": (book({SHEET: sheet("<row><c><v>abc</v></c></row>")}), "abîmé"),
    "a figure without end": (book({SHEET: sheet(f"<row><c><v>{'9' * 5_000}e</v></c></row>")}), "abîmé"),
    "a date that is none": (book({SHEET: sheet('<row><c t="d"><v>99999-99-99</v></c></row>')}), "abîmé"),
}

_RICH = "<si><r><t>M</t></r><r><t>me &lt;R&gt;</t></r><rPh><t>non</t></rPh></si><si><t/></si>"

#: What looks odd and can be read -> the file, its rows.
ODD: Mapping[str, tuple[bytes, list[tuple[int, list[str]]]]] = {
    "paths": (
        book({"../../../../tmp/evil": "x", "/etc/passwd": "y", "C:\\x": "z"}),
        [(1, ["portable", "destinataire"]), (2, ["0612345678", "Mme REITER"])],
    ),
    "rich texts": (
        book({TEXTS: f"<sst>{_RICH}</sst>", SHEET: sheet('<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>')}),
        [(1, ["Mme <R>", ""])],
    ),
    "an empty sheet": (book({SHEET: sheet("")}), []),
    "no sheets": (book({BOOK: f"<workbook {NAMESPACE}><sheets/></workbook>"}), []),
    "far away": (
        book({SHEET: sheet('<row r="5"><c r="B5"><v>7</v></c></row><row r="99999999"><c r="XFD9"><v>1</v></c></row>')}),
        [(5, ["", "7"])],
    ),
    "no places": (book({SHEET: sheet("<row><c><v>1</v></c><c><v>2</v></c></row><row/>")}), [(1, ["1", "2"])]),
    "wrong places": (book({SHEET: sheet('<row r="x"><c r="??"><v>1</v></c></row>')}), [(1, ["1"])]),
    "an unknown style": (book({SHEET: sheet('<row><c s="9999"><v>1</v></c></row>')}), [(1, ["1"])]),
    "no number": (book({SHEET: sheet("<row><c><v>nan</v></c><c><v>1e400</v></c></row>")}), [(1, ["nan", "inf"])]),
    "very many pages": (
        book({BOOK: "<workbook><sheets>" + '<sheet id="rId1"/>' * 10_000 + "</sheets></workbook>"}),
        [(1, ["portable", "destinataire"]), (2, ["0612345678", "Mme REITER"])],
    ),
}
