"""Why a receipt is not applied to a part that it might be of. Pure.

Rule: ``matching`` decides; this tells people what spoke against a part that was not chosen.
"""

from enum import StrEnum

from gateway.matching import Found, Said, agrees, had_left, is_to_it, same_writing


class Why(StrEnum):
    """Why a receipt is not applied to a part that it might be of, the strongest objection first."""

    OTHER_ACCOUNT = "other_account"  # its id, but that left by another account
    OTHER_NUMBER = "other_number"  # its id, but another number
    LEFT_LATER = "left_later"  # its id, but the part left after the receipt came
    OTHER_WRITING = "other_writing"  # its id, but in other letters or with other zeros
    SEVERAL = "several"  # it may be of several parts, or of one that has no id yet
    OTHER_FORM = "other_form"  # its id in another base, which no number confirms
    CLOSE = "close"  # its number; an id that differs by a character
    NO_ID = "no_id"  # its number; a part whose answer was never heard, too far in time or of another sender
    OTHER_ID = "other_id"  # its number; another id


def why_not(said: Said, account: str, part_account: str, one: Found) -> Why:
    """What speaks against a part as that of a receipt which has none."""
    if one.key not in said.wanted:
        return _of_its_number(said, one)
    if account != part_account:
        return Why.OTHER_ACCOUNT
    if not is_to_it(said, one):
        return Why.OTHER_NUMBER
    if not had_left(said, one.claimed_at):
        return Why.LEFT_LATER
    if not same_writing(said, one):
        return Why.OTHER_WRITING
    return Why.SEVERAL if one.key in said.keys or agrees(said, one.number) else Why.OTHER_FORM


def _of_its_number(said: Said, one: Found) -> Why:
    if not one.provider_id:
        return Why.NO_ID
    close = any(_one_edit(written, one.key) for written in said.written)
    return Why.CLOSE if close else Why.OTHER_ID


def _one_edit(one: str, other: str) -> bool:
    """Whether one character more, less or other makes them the same."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1:
        return False
    same = next((at for at, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return short[same + (len(short) == len(long)) :] == long[same + 1 :]
