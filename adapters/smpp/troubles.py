"""Why there is no link, in plain words and as one of a closed set: one table for each kind of failure."""

import os
import ssl
from dataclasses import dataclass
from typing import Final

from adapters.smpp import codes
from gateway.provider import Trouble


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a link could not be made. ``refused``: the other side answered, and does not want us."""

    trouble: Trouble
    why: str
    refused: bool = False


class NoLink(Exception):
    """A connection could not be made."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.why)
        self.failure: Final = failure


#: What the answer to a bind means, and what to do about it.
_REFUSALS: Final[dict[int, tuple[Trouble, str]]] = {
    0x03: (Trouble.REFUSED, "it does not know this kind of bind: try another `bind`"),
    0x05: (Trouble.ALREADY_BOUND, "an old session of ours is still open there, or another system uses this login"),
    0x0D: (Trouble.REFUSED, "ask the provider why: often our IP address is not on its list"),
    0x0E: (Trouble.PASSWORD, "the password is wrong"),
    0x0F: (Trouble.LOGIN, "it does not know this system_id"),
    0x53: (Trouble.REFUSED, "the system_type is wrong"),
    0x58: (Trouble.REFUSED, "we bind too often"),
    0x400: (Trouble.TOO_MANY_BINDS, "too many binds (OVHcloud's code): lower `binds`, or wait until old sessions end"),
}

#: What is wrong with a certificate: OpenSSL's X509_V_ERR_* numbers.
_CERTIFICATE: Final[dict[int, str]] = {
    **dict.fromkeys((2, 20, 21), "it is signed by an authority that is not trusted: see `ca_file`"),
    9: "it is not valid yet: is our clock right?",
    10: "it has expired",
    **dict.fromkeys((18, 19), "it is signed by itself: give it as `ca_file` if it is the right one"),
    23: "it was revoked",
    **dict.fromkeys((62, 64), "it is for another name than the host: see `server_name`"),
}


def refusal(status: int) -> Failure:
    """The other side answered our bind with an error."""
    trouble, words = _REFUSALS.get(status, (Trouble.REFUSED, ""))
    why = f"bind refused: {codes.describe(status)}"
    return Failure(trouble, f"{why}, {words}" if words else why, refused=True)


def unreachable(place: str, error: Exception) -> Failure:
    """No connection to ``place``, such as ``smpp.example:2775``."""
    match error:
        case ssl.SSLCertVerificationError():
            words = _CERTIFICATE.get(error.verify_code, error.verify_message)
            return Failure(Trouble.TLS, f"certificate of {place} refused: {words}")
        case ssl.SSLError():
            return Failure(Trouble.TLS, f"no encrypted link to {place}: {spoken(error)}")
        case TimeoutError():
            words = "no answer"
        case UnicodeError():  # labels that are empty or too long
            words = "this is no host name"
        case OSError():
            words = system_words(error)
        case _:
            words = str(error)
    return Failure(Trouble.UNREACHABLE, f"cannot connect to {place}: {words}")


def cut_short(why: str, *, silent: bool, fault: bool, encrypted: bool) -> Failure:
    """There was a connection and no answer to our bind.

    ``silent``: it was waited for long enough; else the connection ended before, ``fault``: because of its encryption.
    """
    if fault:
        return Failure(Trouble.TLS, why)
    words = why if silent else f"{why}, before our bind was answered"
    asks = "is our IP address on the provider's list"
    asks += ", and does it ask for a certificate of ours?" if encrypted else "?"
    return Failure(Trouble.NO_ANSWER, f"{words}: {asks}")


def broken(error: BaseException) -> str:
    """Why a connection broke that had been made."""
    if isinstance(error, ssl.SSLError):
        return f"connection lost: {spoken(error)}"
    return f"connection lost: {system_words(error) if isinstance(error, OSError) else error}"


def spoken(error: ssl.SSLError) -> str:
    """OpenSSL's reason as words: ``tlsv13 alert certificate required``."""
    reason = (error.reason or str(error)).replace("_", " ").lower()
    cure = ": does it speak TLS on this port?" if reason in ("wrong version number", "record layer failure") else ""
    return f"{reason}{cure}"


def system_words(error: OSError) -> str:
    """The system's own words, which asyncio replaces by others."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
