"""What a trial shows of a provider, in plain words, and the settings that fit it. Never the number itself."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Final

from gateway.commands.trial import Heard, Sent, Trial, match
from gateway.model import AccountSettings
from gateway.provider import Accepted, Form, Refused, Throttled, Unavailable, Unknown
from gateway.states import Status

_QUARTER: Final = timedelta(minutes=15)
#: Optional parameters by their number, as SMPP names them.
_PARAMETERS: Final = {
    0x001E: "receipted_message_id",
    0x0427: "message_state",
    0x0423: "network_error_code",
    0x0424: "message_payload",
    0x0204: "user_message_reference",
}
#: How a date may be written, and how Python writes it so.
_DATES: Final = {
    "yyMMddHHmm": "%y%m%d%H%M",
    "yyMMddHHmmss": "%y%m%d%H%M%S",
    "yyyyMMddHHmm": "%Y%m%d%H%M",
    "yyyyMMddHHmmss": "%Y%m%d%H%M%S",
    "yyMMdd": "%y%m%d",
    "yyyyMMdd": "%Y%m%d",
}
_DATE: Final = re.compile(rb"(?:submit|done)[ _]?date\W{1,3}(\d+)", re.I)
_HEX: Final = re.compile(r"[0-9a-fA-F]+")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def is_well(trial: Trial) -> bool:
    """Whether every part was taken, and its receipt says that the telephone has it."""
    return bool(trial.sent) and all(
        isinstance(one.outcome, Accepted) and one.final is not None and one.final.receipt.status is Status.DELIVERED
        for one in trial.sent
    )


def report(trial: Trial) -> list[str]:
    """The findings, a line each: what, then what was seen."""
    if trial.bound_after is None:
        return [_line("bind", f"failed: {trial.trouble}")]
    lines = [_line("bind", f"in {_seconds(trial.bound_after)}; the other side calls itself {trial.peer}")]
    for label in dict.fromkeys(one.label for one in trial.sent):
        lines.append(_line(label, _message([one for one in trial.sent if one.label == label])))
    lines += [_line(*each) for each in _circumstances(trial)]
    return lines


def _line(what: str, seen: str) -> str:
    return f"{what:<10}{seen}"


def _message(parts: Sequence[Sent]) -> str:
    """What became of one message."""
    alphabet = "UCS-2" if parts[0].part.encoding == "ucs2" else "GSM 03.38"
    pieces = "in one piece" if parts[0].part.carries > 1 else f"{len(parts)} part{'s' * (len(parts) > 1)}"
    outcomes = list(dict.fromkeys(map(_outcome, parts)))
    taken = [one for one in parts if isinstance(one.outcome, Accepted)]
    words = f"{alphabet}, {pieces}: {'; '.join(outcomes)}"
    if not taken:
        return words
    final = [one for one in taken if one.final]
    states = ", ".join(dict.fromkeys(one.final.receipt.state or "no state" for one in final if one.final))
    if len(final) == len(taken):
        return f"{words}; {'receipt' if len(taken) == 1 else f'{len(taken)} receipts'}: {states}"
    interim = len({id(one) for one in taken if one.heard and not one.final})
    missing = f"{words}; no final receipt for {len(taken) - len(final)} of {len(taken)}"
    return missing + (f" ({interim} intermediate)" if interim else "") + (f", the others {states}" if states else "")


def _outcome(one: Sent) -> str:
    match one.outcome:
        case Accepted():
            return "accepted"
        case Refused(code, cause):
            return f"refused: {code} ({cause})"
        case Throttled(code):
            return f"refused as too fast: {code}"
        case Unavailable(why):
            return f"not taken: {why}"
        case Unknown(why):
            return f"left without an answer: {why}"
    return "not sent"


def _circumstances(trial: Trial) -> Iterator[tuple[str, str]]:
    answers = [one.answered - one.at for one in trial.sent if one.answered and isinstance(one.outcome, Accepted)]
    if answers:
        yield "answers", f"median {_seconds(median(answers))}, longest {_seconds(max(answers))}"
    delays = [one.final.at - one.at for one in trial.sent if one.final]
    if delays:
        yield "receipts", f"median {_seconds(median(delays))}, longest {_seconds(max(delays))}"
    yield "ids", _ids(trial)
    if heard := [each for one in trial.sent for each in one.heard]:
        tags = sorted({tag for each in heard for tag in each.receipt.tlvs})
        names = ", ".join(_PARAMETERS.get(tag, f"0x{tag:04X}") for tag in tags)
        yield "TLVs", names or "none in receipts: the text alone tells"
        yield "dates", _clock(trial)
    if trial.unmarked:
        yield "marks", "what reads like a receipt came without the mark of one: see receipts_by_text"


# ---- ids ----


def _pairs(trial: Trial) -> list[tuple[str, str, Form]]:
    """The id of each answer, that of its receipt, and the form that leads from one to the other."""
    pairs = []
    for one in trial.sent:
        for each in one.heard[:1]:
            if isinstance(one.outcome, Accepted):
                form = match(trial.sent, each.receipt).form or Form.SAME
                pairs.append((one.outcome.id, each.receipt.id, form))
    return pairs


def _ids(trial: Trial) -> str:
    answers = [one.outcome.id for one in trial.sent if isinstance(one.outcome, Accepted)]
    pairs = _pairs(trial)
    if not answers:
        return "none seen"
    if not pairs:
        seen = f"answers give {_kind(answers)}"
        ids = [each.receipt.id for each in trial.strangers]
        return f"{seen}; receipts give {_kind(ids)}, such as {ids[0]}: of no answer" if ids else f"{seen}; no receipt"
    forms = {form for _, _, form in pairs}
    written = f"answers give {_kind(answers)}, receipts {_kind([said for _, said, _ in pairs])}"
    if forms == {Form.SAME}:
        same = all(answer == said for answer, said, _ in pairs)
        return f"{written}: {'the same' if same else 'the same but for case or zeros'}"
    return f"{written}: {', '.join(sorted(forms))}"


def _kind(ids: Iterable[str]) -> str:
    """``hexadecimal of 8 digits``, of ids that may be of several kinds."""
    return " or ".join(dict.fromkeys(map(_kind_of, ids)))


def _kind_of(written: str) -> str:
    if not written:
        return "no id"
    if _UUID.fullmatch(written):
        return "UUID"
    if written.isascii() and written.isdecimal():
        return f"decimal of {len(written)} digits"
    if _HEX.fullmatch(written):
        return f"hexadecimal of {len(written)} digits"
    return f"words of {len(written)} characters"


# ---- dates ----


def _clock(trial: Trial) -> str:
    """How its dates are written, and how far its clock is from UTC."""
    for one in trial.sent:
        for each in one.heard:
            when = each.receipt.submitted or each.receipt.done
            if when is not None:
                return f"{_form_of_date(when, each.receipt.raw)}; its clock is {_offset(when, each, one)}"
    return "none in receipts: parts in doubt cannot be settled by their number"


def _form_of_date(when: datetime, raw: bytes) -> str:
    found = _DATE.search(raw.replace(b"\0", b""))
    digits = found[1].decode() if found else ""
    if digits[:10] == str(int(when.replace(tzinfo=UTC).timestamp())):
        return "Unix time"
    if len(digits) == 15 and digits.startswith(when.strftime("%y%m%d%H%M%S")):
        return "SMPP absolute time"
    return next((name for name, form in _DATES.items() if when.strftime(form) == digits), "another form")


def _offset(when: datetime, heard: Heard, one: Sent) -> str:
    ours = one.wall if heard.receipt.submitted else heard.wall
    offset = round((when - ours.replace(tzinfo=None)) / _QUARTER) * _QUARTER
    if not offset:
        return "UTC"
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    return f"UTC{'+' if offset > timedelta(0) else '-'}{hours:02}:{minutes:02}"


def _seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


# ---- settings ----


def suggestion(trial: Trial, account: AccountSettings) -> list[str]:
    """The keys of this account that follow from what was seen, as the configuration has them; each with its why."""
    lines = [f"  - name: {account.name}"]
    forms = {form for _, _, form in _pairs(trial)}
    if forms == {Form.SAME}:
        lines.append("    message_id: auto          # receipts repeat the id of the answer")
    elif len(forms) == 1:
        lines.append(f"    message_id: {next(iter(forms)):<14}# receipts write ids in the other base")
    if trial.unmarked:
        lines.append("    receipts_by_text: true    # its receipts carry no mark")
    lines += _of_long_messages(trial, account)
    if any(isinstance(one.outcome, Throttled) for one in trial.sent):
        lines.append(f"    rate: {account.rate / 2:<20g}# it finds {account.rate:g} a second too fast")
    return lines if len(lines) > 1 else []


def _of_long_messages(trial: Trial, account: AccountSettings) -> list[str]:
    """Another way to send them, when the usual one is refused or reported in part."""
    form = getattr(account, "long_messages", None)
    parts = [one for one in trial.sent if one.part.of > 1]
    if form is None or not parts:
        return []
    other = "sar" if form.startswith("udh") else "udh8"
    if any(isinstance(one.outcome, Refused) for one in parts) and is_well(Trial(sent=trial.sent[:1])):
        return [f"    long_messages: {other:<11}# {form} is refused"]
    if any(one.final for one in parts) and not all(one.final for one in parts):
        return [f"    long_messages: {'payload':<11}# it reports on some parts of a message only"]
    return []
