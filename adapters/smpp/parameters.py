"""Optional parameters that only a provider knows (vendor TLVs): of an account, and of one message by their name.

Rules: an application names what the account declares, never a tag; what a value must be is said with the tag. Those
that SMPP itself gives a meaning and that we write are not for others to set.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, assert_never

from pydantic import BeforeValidator, Field, StrictInt, StrictStr, ValidationInfo, field_validator

from adapters.smpp import codes, pdu
from gateway.model import OPTIONS, Settings, meant

Type = Literal["string", "text", "octets", "int1", "int2", "int4"]
Value = int | str

_LONGEST: Final = 250
_SIZES: Final = {"int1": 1, "int2": 2, "int4": 4}
_OURS: Final = frozenset(
    {
        *(codes.MESSAGE_PAYLOAD, codes.DEST_ADDR_SUBUNIT),
        *(codes.SAR_MSG_REF_NUM, codes.SAR_TOTAL_SEGMENTS, codes.SAR_SEGMENT_SEQNUM),
    }
)

#: What each type takes, as an application is told.
FRENCH: Final[Mapping[Type, str]] = {
    "string": f"un texte de 1 à {_LONGEST} octets",
    "text": f"un texte de 1 à {_LONGEST} octets",
    "octets": "des octets en hexadécimal, comme « 0a1b »",
    "int1": "un entier de 0 à 255",
    "int2": "un entier de 0 à 65 535",
    "int4": "un entier de 0 à 4 294 967 295",
}


def number(value: Any) -> Any:
    """``0x1401`` as well as 5121: the file's plain words that begin with 0 are text."""
    if isinstance(value, str) and value.lower().startswith("0x"):
        try:
            return int(value, 16)
        except ValueError:
            return value
    return value


def _free(tag: int) -> int:
    if tag in _OURS:
        raise ValueError(f"0x{tag:04X} is written by the account's own options: leave it out")
    return tag


Tag = Annotated[int, BeforeValidator(number), Field(ge=1, le=0xFFFF)]


class Declared(Settings):
    """A parameter that a message may have, and what its value must be."""

    tag: Tag = Field(description="its number, such as 0x1401")
    type: Type = Field("string", description="string ends with a NUL, text does not, octets in hexadecimal, int1, 2, 4")

    @field_validator("tag")
    @classmethod
    def _not_ours(cls, value: int) -> int:
        return _free(value)


class Fixed(Declared):
    """A parameter that every message of the account has."""

    value: StrictStr | StrictInt = Field(description="its value")

    @field_validator("value")
    @classmethod
    def _is_of_its_type(cls, value: Value, info: ValidationInfo) -> Value:
        if "type" in info.data and value not in OPTIONS:
            octets(info.data["type"], value)
        return value

    def filled(self, options: Mapping[str, Any]) -> "Fixed | None":
        """With what its value means in an account of these options; None when that is empty. Raises ValueError."""
        value = meant(self.value, options)
        if value == "":
            return None
        if self.type in _SIZES and isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value)
        octets(self.type, value)
        return Fixed(tag=self.tag, type=self.type, value=value)


def octets(type_: Type, value: Value) -> bytes:
    """A value as it is written. Raises ValueError, which says what is expected and not what came."""
    match type_:
        case "int1" | "int2" | "int4":
            size = _SIZES[type_]
            if isinstance(value, int) and 0 <= value < 1 << 8 * size:
                return value.to_bytes(size, "big")
            raise ValueError(f"expected an integer of {size} octets, not negative")
        case "octets":
            if isinstance(value, str) and 0 < len(value) <= 2 * _LONGEST:
                return bytes.fromhex(value)
            raise ValueError(f"expected up to {_LONGEST} octets in hexadecimal, such as 0a1b")
        case "string" | "text":
            if isinstance(value, str) and 0 < len(written := value.encode()) <= _LONGEST and b"\0" not in written:
                return written + b"\0" if type_ == "string" else written
            raise ValueError(f"expected a text of 1 to {_LONGEST} octets")
    assert_never(type_)


class Parameters:
    """What an account's submit_sm has at its end: its own parameters, and those of the message that it knows."""

    def __init__(self, fixed: tuple[Fixed, ...], declared: Mapping[str, Declared]) -> None:
        self._fixed = {one.tag: pdu.tlv(one.tag, octets(one.type, one.value)) for one in fixed}
        self._declared = declared
        self._alone = b"".join(self._fixed.values())

    def known(self, said: Mapping[str, Value] | None) -> Mapping[str, Value] | None:
        """What of it the account declares; None when it is nothing."""
        return {name: value for name, value in (said or {}).items() if name in self._declared} or None

    def write(self, said: Mapping[str, Value] | None) -> bytes:
        """The octets, with what is ``known``; a message's value stands in the place of the account's.

        Raises ValueError when one is not of its type.
        """
        if not said:
            return self._alone
        named = [(self._declared[name], value) for name, value in said.items()]
        written = {one.tag: pdu.tlv(one.tag, octets(one.type, value)) for one, value in named}
        return b"".join((self._fixed | written).values())
