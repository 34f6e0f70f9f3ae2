"""Types of bodies; and ``multipart/form-data`` (RFC 7578) as its fields, in memory: the server bounds the body."""

import re
import secrets
from collections.abc import Mapping
from email.message import Message
from email.parser import BytesHeaderParser

from gateway.problem import Problem

JSON = "application/json"
FORM = "multipart/form-data"

#: The largest form of ours is « Envoi »; more parts than this are none.
MOST_FIELDS = 40

#: Octets of the headers of a field; more are no form of ours.
_MOST_HEAD = 4_096

_EDGE = re.compile(rb"[ \t]*\r?\n")


def media_type(content_type: str) -> str:
    """The type without its parameters, in small letters."""
    return content_type.partition(";")[0].strip().lower()


def read_form(content_type: str, raw: bytes) -> dict[str, bytes]:
    """The fields of a form by name. Raises ``malformed_body``."""
    chunks = (b"\r\n" + raw).split(b"\r\n--" + _boundary(content_type))
    if len(chunks) < 3 or not chunks[-1].startswith(b"--"):
        raise _malformed("il n'est pas entier : sa dernière limite manque")
    if len(chunks) > MOST_FIELDS:
        raise _malformed(f"il a plus de {MOST_FIELDS - 2} champs")
    fields: dict[str, bytes] = {}
    for chunk in chunks[1:-1]:
        name, value = _field(chunk)
        if name in fields:
            raise _malformed("un champ y est deux fois")
        fields[name] = value
    return fields


def _boundary(content_type: str) -> bytes:
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_boundary()
    if not boundary:
        raise _malformed("« boundary » manque dans Content-Type")
    return boundary.encode("ascii", "replace")


def _field(chunk: bytes) -> tuple[str, bytes]:
    edge = _EDGE.match(chunk)
    head, blank, value = chunk[edge.end() :].partition(b"\r\n\r\n") if edge else (b"", b"", b"")
    read = BytesHeaderParser().parsebytes(head) if blank and len(head) <= _MOST_HEAD else None
    name = read.get_param("name", header="content-disposition") if read is not None else None
    if not isinstance(name, str):
        raise _malformed("un champ y est sans nom")
    return name, value


def _malformed(why: str) -> Problem:
    return Problem("malformed_body", f"Le formulaire multipart ne peut pas être lu : {why}.")


def write_form(fields: Mapping[str, bytes]) -> tuple[str, bytes]:
    """A form with these fields: its type, and its octets."""
    boundary = secrets.token_hex(16)
    pieces = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
        for name, value in fields.items()
    ]
    return f"{FORM}; boundary={boundary}", b"".join([*pieces, f"--{boundary}--\r\n".encode()])
