"""What each PDU holds, as data: a list of fields by command, with one reader and one writer for all of them.

Rules: C-octet strings are ``str`` (Latin-1, so that every octet survives), integers ``int``, the short message
``bytes``. Limits count the final NUL and bind what we write; what we read is taken as it comes, because real
peers exceed them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapters.smpp import codes

Value = int | str | bytes


class Malformed(ValueError):
    """These octets are not this PDU. ``partial`` is what could be read before the fault."""

    def __init__(self, why: str, partial: dict[str, Value]) -> None:
        super().__init__(why)
        self.partial = partial


@dataclass(frozen=True, slots=True)
class Text:
    """A C-octet string of at most ``limit`` octets, NUL included."""

    name: str
    limit: int


@dataclass(frozen=True, slots=True)
class Number:
    """One octet."""

    name: str


@dataclass(frozen=True, slots=True)
class Octets:
    """One octet of length, then that many octets."""

    name: str
    limit: int = 254


Field = Text | Number | Octets

_BIND: tuple[Field, ...] = (
    Text("system_id", 16),
    Text("password", 17),  # 9 by the letter; providers hand out longer ones
    Text("system_type", 13),
    Number("interface_version"),
    Number("addr_ton"),
    Number("addr_npi"),
    Text("address_range", 41),
)
_BIND_RESP: tuple[Field, ...] = (Text("system_id", 16),)
_SOURCE: tuple[Field, ...] = (Number("source_addr_ton"), Number("source_addr_npi"), Text("source_addr", 21))
_DESTINATION: tuple[Field, ...] = (Number("dest_addr_ton"), Number("dest_addr_npi"), Text("destination_addr", 21))
_MESSAGE: tuple[Field, ...] = (
    Text("service_type", 6),
    *_SOURCE,
    *_DESTINATION,
    Number("esm_class"),
    Number("protocol_id"),
    Number("priority_flag"),
    Text("schedule_delivery_time", 17),
    Text("validity_period", 17),
    Number("registered_delivery"),
    Number("replace_if_present_flag"),
    Number("data_coding"),
    Number("sm_default_msg_id"),
    Octets("short_message"),
)
_MESSAGE_ID: Final = Text("message_id", 65)
_MESSAGE_RESP: tuple[Field, ...] = (_MESSAGE_ID,)
_DATA: tuple[Field, ...] = (
    Text("service_type", 6),
    Number("source_addr_ton"),
    Number("source_addr_npi"),
    Text("source_addr", 65),
    Number("dest_addr_ton"),
    Number("dest_addr_npi"),
    Text("destination_addr", 65),
    Number("esm_class"),
    Number("registered_delivery"),
    Number("data_coding"),
)
_REPLACE: tuple[Field, ...] = (
    _MESSAGE_ID,
    *_SOURCE,
    Text("schedule_delivery_time", 17),
    Text("validity_period", 17),
    Number("registered_delivery"),
    Number("sm_default_msg_id"),
    Octets("short_message"),
)
_ALERT: tuple[Field, ...] = (
    Number("source_addr_ton"),
    Number("source_addr_npi"),
    Text("source_addr", 65),
    Number("esme_addr_ton"),
    Number("esme_addr_npi"),
    Text("esme_addr", 65),
)

#: Every command whose body is known here. All others (submit_multi, whose list of recipients has no table, and what
#: SMPP 5.0 adds) are read as opaque.
BODIES: Final[dict[int, tuple[Field, ...]]] = {
    codes.GENERIC_NACK: (),
    **dict.fromkeys(codes.BINDS, _BIND),
    **dict.fromkeys((command | codes.RESPONSE for command in codes.BINDS), _BIND_RESP),
    codes.SUBMIT_SM: _MESSAGE,
    codes.SUBMIT_SM_RESP: _MESSAGE_RESP,
    codes.DELIVER_SM: _MESSAGE,
    codes.DELIVER_SM_RESP: _MESSAGE_RESP,
    codes.DATA_SM: _DATA,
    codes.DATA_SM | codes.RESPONSE: _MESSAGE_RESP,
    codes.QUERY_SM: (_MESSAGE_ID, *_SOURCE),
    codes.QUERY_SM | codes.RESPONSE: (
        _MESSAGE_ID,
        Text("final_date", 17),
        Number("message_state"),
        Number("error_code"),
    ),
    codes.CANCEL_SM: (Text("service_type", 6), _MESSAGE_ID, *_SOURCE, *_DESTINATION),
    codes.CANCEL_SM | codes.RESPONSE: (),
    codes.REPLACE_SM: _REPLACE,
    codes.REPLACE_SM | codes.RESPONSE: (),
    codes.OUTBIND: (Text("system_id", 16), Text("password", 17)),
    codes.ALERT_NOTIFICATION: _ALERT,
    codes.UNBIND: (),
    codes.UNBIND_RESP: (),
    codes.ENQUIRE_LINK: (),
    codes.ENQUIRE_LINK_RESP: (),
}


def write(command: int, values: Mapping[str, Value]) -> bytes:
    """The body of a command; absent values are zero or empty. Raises ValueError naming the field."""
    unknown = values.keys() - {field.name for field in BODIES[command]}
    if unknown:
        raise ValueError(f"{codes.NAMES[command]} has no field {', '.join(sorted(unknown))}")
    return b"".join([_written(field, values.get(field.name)) for field in BODIES[command]])


def _written(field: Field, value: Value | None) -> bytes:
    match field, value:
        case Number(), None:
            return b"\0"
        case Number(), int() if 0 <= value <= 255:
            return bytes((value,))
        case Text(), None:
            return b"\0"
        case Text(), str() if len(value) < field.limit and "\0" not in value and value.isascii():
            return value.encode("ascii") + b"\0"
        case Octets(), None:
            return b"\0"
        case Octets(), bytes() if len(value) <= field.limit:
            return bytes((len(value),)) + value
    raise ValueError(f"{field.name} cannot be written: wrong type, too long or not ASCII")


def read(command: int, data: bytes) -> tuple[dict[str, Value], int]:
    """The fields of a command's body (``data``, without header) and where they end.

    An answer may lack its fields, as answers that report an error do. Raises Malformed.
    """
    found: dict[str, Value] = {}
    position, end = 0, len(data)
    for field in BODIES[command]:
        if position >= end:
            if command & codes.RESPONSE:
                break
            raise Malformed(f"ends before {field.name}", found)
        kind = type(field)
        if kind is Text:
            stop = data.find(b"\0", position)
            stop = stop if stop >= 0 else end  # some peers forget the last NUL
            found[field.name] = data[position:stop].decode("latin-1")
            position = stop + 1
            continue
        if kind is Octets:
            stop = position + 1 + data[position]
            if stop > end:
                raise Malformed(f"{field.name} is longer than the PDU", found)
            found[field.name] = data[position + 1 : stop]
            position = stop
        else:
            found[field.name] = data[position]
            position += 1
    return found, min(position, end)
