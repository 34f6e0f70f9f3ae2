"""Whether a recipient gets the message, and if not why: the verdicts of intake, first match wins. Pure.

The order and the words are the contract's (section 2): they are shown to staff, who mend their lists by them.
"""

from dataclasses import dataclass

from gateway.model import Condition
from gateway.numbers import Number, Unusable
from gateway.requests import Flags


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a recipient is ignored; ``detail`` narrows it (landline, premium…)."""

    reason: str
    detail: str = ""


@dataclass(slots=True)
class Wish:
    """What is asked for a recipient. ``consent``: the request's word, None when it says nothing."""

    consent: bool | None
    do_not_sms: bool
    overridden: bool  # « ne pas envoyer » is lifted, once
    required: bool  # the action wants a consent
    unmet: str | None  # reason of the batch's condition that is not met


def verdict(number: Number | Unusable, wish: Wish, stored: bool | None, opted_out: bool) -> Verdict | None:
    """None: the message goes. ``stored`` is the store's consent, ``opted_out`` beats everything the request says."""
    if isinstance(number, Unusable):
        return Verdict(number.reason, number.detail)
    if opted_out:
        return Verdict("opted_out")
    if wish.do_not_sms and not wish.overridden:
        return Verdict("do_not_sms")
    consent = wish.consent if wish.consent is not None else stored
    if consent is False or (consent is None and wish.required):
        return Verdict("no_consent", "refused" if consent is False else "unknown")
    if wish.unmet is not None:
        return Verdict(wish.unmet)
    return None


def unmet(condition: Condition | None, flags: Flags) -> str | None:
    """The reason for which a batch's condition leaves this recipient out; None when it is met.

    Raises LookupError with the flag's name when the request does not say what the condition asks for.
    """
    if condition == "never_connected":
        if flags.never_connected is None:
            raise LookupError("never_connected")
        return None if flags.never_connected else "already_connected"
    if condition == "credentials_unchanged":
        if flags.credentials_changed is None:
            raise LookupError("credentials_changed")
        return "credentials_changed" if flags.credentials_changed else None
    return None
