"""Spreadsheets that people upload (XLSX), as rows of text. Bounded: a file may say it holds far more than it does.

Only the first sheet is read, and values, never formulas. Rows and strings are read as they stream by: neither a row
without end nor a million empty strings is ever held.
"""

import io
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

from gateway.problem import Problem
from gateway.xmlparts import LONGEST_TEXT, Handler, Unreadable, walk

#: How an XLSX file begins.
BEGINS = b"PK\x03\x04"

#: Octets once unpacked, members of the package, rows and columns at most.
MOST_OCTETS, MOST_MEMBERS, MOST_ROWS, MOST_COLUMNS = 200 * 1024 * 1024, 1_000, 100_000, 200

#: Cells, different texts and styles at most.
_MOST_CELLS, _MOST_TEXTS, _MOST_STYLES = 1_500_000, 1_000_000, 65_536

#: Characters of all cells together at most: cells that name one text over and over say far more than the file holds.
_MOST_CHARACTERS = 32 * 1024 * 1024

#: Octets of the package's list of members at most.
_MOST_LISTED = 1024 * 1024

#: What reading a file that is abîmé, or made to harm, may raise.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, ValueError, RuntimeError, struct.error)


def read(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    """Each row of the first sheet that has anything, with its number. Raises ``malformed_body``."""
    try:
        yield from _Package(raw).rows()
    except Unreadable as error:
        raise _malformed(str(error)) from error
    except _BROKEN as error:
        raise _malformed("ce n'est pas un classeur XLSX, ou il est abîmé") from error


def cell(value: Any) -> str:
    """A value as a person would have typed it: 0612345678 kept as text stays so, 612345678.0 has no decimals."""
    match value:
        case None:
            return ""
        case bool():
            return "oui" if value else "non"
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
    return str(value).strip()


def _malformed(why: str) -> Problem:
    return Problem("malformed_body", f"Le classeur ne peut pas être lu : {why}.")


class _Package:
    """The members of the file that matter. Names in it are looked up in it, and nowhere else."""

    def __init__(self, raw: bytes) -> None:
        _check_list(raw)
        self._packed = zipfile.ZipFile(io.BytesIO(raw))
        members = self._packed.infolist()
        if len(members) > MOST_MEMBERS:
            raise Unreadable(f"il a plus de {MOST_MEMBERS} morceaux")
        if sum(one.file_size for one in members) > MOST_OCTETS:
            raise Unreadable("il est trop grand une fois décompressé")

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Of the first sheet."""
        (book,) = [one for kind, one in self._related("").values() if kind == "officeDocument"][:1] or [
            "xl/workbook.xml"
        ]
        known, related = _Book(), self._related(book)
        self._read(book, known)
        texts, styles = _Texts(), _Styles()
        for kind, target in related.values():
            if kind == "sharedStrings":
                self._read(target, texts)
            elif kind == "styles":
                self._read(target, styles)
        if known.first is None:
            return
        sheet = _Rows(texts.found, styles.kinds, MAC_EPOCH if known.since_1904 else WINDOWS_EPOCH)
        with self._open(related[known.first][1]) as file:
            for _ in walk(file, sheet):
                yield from sheet.taken()

    def _related(self, member: str) -> Mapping[str, tuple[str, str]]:
        """Id -> kind and name of what a member refers to."""
        folder, name = posixpath.split(member)
        found = _Relations(folder)
        self._read(f"{folder}/_rels/{name}.rels".removeprefix("/"), found)
        return found.targets

    def _read(self, member: str, handler: Handler) -> None:
        with self._open(member) as file:
            for _ in walk(file, handler):
                pass

    def _open(self, member: str) -> Any:
        known = self._packed.getinfo(member)
        if known.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Unreadable("il est compressé d'une manière inconnue")
        return self._packed.open(known)


def _check_list(raw: bytes) -> None:
    """A list of members that is itself a bomb is not read."""
    at = raw.rfind(b"PK\x05\x06")
    if at < 0 or len(raw) < at + 22:
        raise zipfile.BadZipFile("no end of the list of members")
    if struct.unpack_from("<L", raw, at + 12)[0] > _MOST_LISTED:
        raise Unreadable(f"il a plus de {MOST_MEMBERS} morceaux")


class _Relations:
    """``_rels``: what a member refers to."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.targets: dict[str, tuple[str, str]] = {}

    def begin(self, name: str, said: dict[str, str]) -> None:
        if name == "Relationship" and len(self.targets) <= MOST_MEMBERS:
            target = posixpath.normpath(posixpath.join("/", self._folder, said.get("Target", "")))
            self.targets[said.get("Id", "")] = (said.get("Type", "").rpartition("/")[2], target.removeprefix("/"))

    def end(self, name: str, text: str) -> None:
        """Nothing stands between these tags."""


class _Book:
    """``workbook.xml``: which sheet is the first, and when days begin to be counted."""

    def __init__(self) -> None:
        self.first: str | None = None
        self.since_1904 = False

    def begin(self, name: str, said: dict[str, str]) -> None:
        if name == "sheet" and self.first is None:
            self.first = said.get("id")
        elif name == "workbookPr":
            self.since_1904 = said.get("date1904") in ("1", "true")

    def end(self, name: str, text: str) -> None:
        """Nothing stands between these tags."""


class _Pieces:
    """A text that is told in pieces."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0

    def add(self, piece: str) -> None:
        """One more. Raises Unreadable when it is longer than any honest cell."""
        self._length += len(piece)
        if self._length > LONGEST_TEXT:
            raise Unreadable("une de ses cellules est trop longue")
        self._pieces.append(piece)

    def taken(self) -> str:
        """The whole, without the spaces around it; then it begins anew."""
        whole = "".join(self._pieces).strip()
        self._pieces.clear()
        self._length = 0
        return whole


class _Texts:
    """``sharedStrings.xml``: the texts that cells name by their place; without how they are pronounced."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._pieces = _Pieces()
        self._aside = 0

    def begin(self, name: str, said: dict[str, str]) -> None:
        del said
        self._aside += name == "rPh"

    def end(self, name: str, text: str) -> None:
        if name == "t" and not self._aside:
            self._pieces.add(text)
        elif name == "rPh":
            self._aside -= 1
        elif name == "si":
            if len(self.found) == _MOST_TEXTS:
                raise Unreadable(f"il a plus de {_MOST_TEXTS} textes")
            self.found.append(self._pieces.taken())


class _Styles:
    """``styles.xml``: which styles show a number as a date (True) or a duration (False)."""

    def __init__(self) -> None:
        self.kinds: dict[int, bool] = {}
        self._formats: dict[str, str] = {}
        self._count = 0
        self._within = False

    def begin(self, name: str, said: dict[str, str]) -> None:
        if name == "numFmt" and len(self._formats) < _MOST_STYLES:
            self._formats[said.get("numFmtId", "")] = said.get("formatCode", "")[:255]
        elif name == "cellXfs":
            self._within = True
        elif name == "xf" and self._within and self._count < _MOST_STYLES:
            code = self._code(said.get("numFmtId", "0"))
            if is_date_format(code):
                self.kinds[self._count] = not is_timedelta_format(code)
            self._count += 1

    def _code(self, number: str) -> str:
        built_in = BUILTIN_FORMATS.get(int(number), "General") if number.isdecimal() and len(number) < 6 else "General"
        return self._formats.get(number, built_in)

    def end(self, name: str, text: str) -> None:
        del text
        self._within &= name != "cellXfs"


_REFERENCE = re.compile(r"([A-Z]{1,3})[1-9][0-9]{0,6}")


class _Rows:
    """``sheet1.xml``: its rows, taken away as they are read."""

    def __init__(self, texts: Sequence[str], kinds: Mapping[int, bool], epoch: datetime) -> None:
        self._texts = texts
        self._kinds = kinds
        self._epoch = epoch
        self._ready: list[tuple[int, list[str]]] = []
        self._number = self._count = self._cells = self._characters = 0
        self._row: list[str] = []
        self._place = -1
        self._said: dict[str, str] = {}
        self._value = _Pieces()
        self._aside = 0

    def taken(self) -> list[tuple[int, list[str]]]:
        """The rows read since the last time."""
        ready, self._ready = self._ready, []
        return ready

    def begin(self, name: str, said: dict[str, str]) -> None:
        if name == "c":
            self._cells += 1
            if self._cells > _MOST_CELLS:
                raise Unreadable(f"il a plus de {_MOST_CELLS} cellules")
            self._said = said
            self._value.taken()  # what stands between cells is nobody's
            self._place = self._column(said.get("r"))
        elif name == "row":
            given = said.get("r", "")
            self._number = int(given) if given.isdecimal() and len(given) < 9 else self._number + 1
            self._row, self._place = [], -1
        elif name == "rPh":
            self._aside += 1

    def _column(self, reference: str | None) -> int:
        """From 0; without a reference the one after the last."""
        found = _REFERENCE.fullmatch(reference) if reference is not None else None
        if found is None:
            return self._place + 1
        place = 0
        for letter in found[1]:
            place = place * 26 + ord(letter) - 64
        return place - 1

    def end(self, name: str, text: str) -> None:
        if name == "v" or (name == "t" and not self._aside):
            self._value.add(text)
        elif name == "rPh":
            self._aside -= 1
        elif name == "c" and (value := self._value.taken()) and self._place < MOST_COLUMNS:
            self._put(cell(self._read(value)))
        elif name == "row" and any(self._row):
            self._count += 1
            if self._count > MOST_ROWS:
                raise Unreadable(f"il a plus de {MOST_ROWS} lignes")
            self._ready.append((self._number, self._row))

    def _put(self, shown: str) -> None:
        self._characters += len(shown)
        if self._characters > _MOST_CHARACTERS:
            raise Unreadable("il est trop grand une fois décompressé")
        self._row += [""] * (self._place + 1 - len(self._row))
        self._row[self._place] = shown

    def _read(self, value: str) -> Any:
        match self._said.get("t", "n"):
            case "s":
                return self._text(value)
            case "b":
                return value in ("1", "true")
            case "n":
                return self._figure(value)
            case "d":
                return datetime.fromisoformat(value)
        return value

    def _text(self, place: str) -> str:
        if not (place.isdecimal() and len(place) < 9 and int(place) < len(self._texts)):
            raise Unreadable("une de ses cellules nomme un texte qui n'y est pas")
        return self._texts[int(place)]

    def _figure(self, value: str) -> int | float | datetime | date | time | timedelta:
        number = int(value) if value.isdecimal() and len(value) < 16 else float(value)
        style = self._said.get("s", "")
        shown = self._kinds.get(int(style)) if style.isdecimal() and len(style) < 6 else None
        if shown is None:
            return number
        try:
            moment: datetime | date | time | timedelta | None = from_excel(number, self._epoch, timedelta=not shown)
        except (OverflowError, ValueError):  # a number that is no date, whatever its style says
            return number
        return number if moment is None else moment
