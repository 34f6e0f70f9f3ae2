"""How intake's answers look: costs, group sends, previews (contract section 3). Pure."""

from collections.abc import Sequence

from gateway import text as sms
from gateway.drafting import Draft, replacements_view
from gateway.french import reason_label
from gateway.pricing import euros
from gateway.recipe import Recipe
from gateway.states import Status
from gateway.store.messages import NewMessage
from gateway.verdicts import Verdict


def cost_view(micros: int) -> dict[str, str]:
    """``{"amount": "0.0450", "currency": "EUR"}``: before tax."""
    return {"amount": euros(micros), "currency": "EUR"}


def group_view(public: str | None, rows: Sequence[NewMessage], drafts: Sequence[Draft]) -> dict[str, object]:
    """The answer of a batch: what goes, at what cost, and each ignored row with its reason."""
    accepted = [new for new in rows if new.status is not Status.IGNORED]
    ignored = [
        ignored_view(one, Verdict(new.reason or "", new.detail or ""))
        for new, one in zip(rows, drafts, strict=True)
        if new.status is Status.IGNORED
    ]
    return {
        "id": public,
        "accepted": len(accepted),
        "ignored": len(ignored),
        "parts": sum(new.parts for new in accepted),
        "cost": cost_view(sum(new.amount for new in accepted)),
        "ignored_rows": ignored,
    }


def ignored_view(one: Draft, why: Verdict | None) -> dict[str, object]:
    """A recipient of a request, with the reason for which it is left out, if it is."""
    return {
        "row": one.who.row,
        "rank": one.who.rank,
        "label": one.who.label,
        "to": one.e164 or one.who.to,
        "reason": why.reason if why else None,
        "reason_detail": (why.detail or None) if why else None,
        "reason_label": reason_label(why.reason, why.detail) if why else None,
    }


def preview_view(recipe: Recipe, drafts: Sequence[Draft], verdicts: Sequence[Verdict | None]) -> dict[str, object]:
    """What the phone will show, and what it costs; of a group, the first text that would leave is shown."""
    going = [one for one, why in zip(drafts, verdicts, strict=True) if why is None]
    shown = (going or list(drafts))[0]
    parts = [len(one.composed.parts) for one in going]
    return {
        **_text_view(recipe, shown),
        "cost": cost_view(sum(recipe.price(one.e164) * len(one.composed.parts) for one in going)),
        "recipients": {
            "accepted": len(going),
            "ignored": len(drafts) - len(going),
            "min_parts": min(parts, default=0),
            "max_parts": max(parts, default=0),
            "total_parts": sum(parts),
        },
        "ignored_rows": [ignored_view(one, why) for one, why in zip(drafts, verdicts, strict=True) if why is not None],
    }


def _text_view(recipe: Recipe, shown: Draft) -> dict[str, object]:
    first = shown.composed
    unicode = sms.compose(shown.merged, encoding="ucs2", transliterate=False, narrow=recipe.narrow)
    return {
        "encoding": first.encoding,
        "units": first.units,
        "characters": first.characters,
        "parts": len(first.parts),
        "remaining": sms.remaining(first, narrow=recipe.narrow),
        "text": first.shown,
        "replacements": replacements_view(first),
        "culprits": [
            {"char": one.char, "position": one.position, "replaceable": one.replaceable} for one in first.culprits
        ],
        "unicode": {"parts": len(unicode.parts)},
    }
