"""The end of the demonstration: the recap, the synthesis, and whether all figures agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from gateway.demo.client import Api, Json
from gateway.demo.screen import Screen, euros
from gateway.numbers import national

FIGURES = ("Délivrés", "Total", "SMS", "Coût HT")


async def recap(api: Api, screen: Screen) -> None:
    """« Récapitulatif des SMS »: some delivered, all that were not."""
    screen.step("6. Récapitulatif des SMS")
    rows: list[Json] = []
    cursor: dict[str, str] = {}
    while True:
        page = await api.get("/v1/recap", limit="500", **cursor)
        rows += page["data"]
        if not page["page"]["next_cursor"]:
            break
        cursor = {"cursor": page["page"]["next_cursor"]}
    delivered = [row for row in rows if row["status"] == "delivered"]
    others = [row for row in rows if row["status"] != "delivered"]
    shown = delivered[:8] + [row for row in delivered[8:] if row["parts"] > 1][:3] + others
    screen.table(
        ("Envoyé le", "Destinataire", "Numéro", "Mode", "État"),
        [
            (_sent(row), row["recipient_label"], national(row["number"]), row["mode"], row["status_label"])
            for row in shown
        ],
    )
    screen.say(f"… {len(delivered)} délivrés, {len(others)} autres.")
    totals = page["totals_by_mode"]
    screen.say("SMS par mode d'envoi : " + " · ".join(f"{mode} {count}" for mode, count in totals.items()))


def _sent(row: Json) -> str:
    return f"{row['sent_at'][8:10]}/{row['sent_at'][5:7]} {row['sent_at'][11:19]}"


async def synthesis(api: Api, screen: Screen, year: int) -> Json:
    """« Synthèse SMS » of the year, by month and action; the annual total."""
    screen.step(f"7. Synthèse {year}")
    answer = await api.get("/v1/synthesis", year=str(year))
    rows: list[tuple[str, ...]] = []
    for month in answer["months"]:
        for row in answer["rows"]:
            if row["month"] == month["month"]:
                rows.append((row["action_short_label"], f"{row['month'][5:]}/{row['month'][:4]}", *_figures(row)))
        rows.append((month["label"], "", *_figures(month)))
    rows.append((answer["annual"]["label"], "", *_figures(answer["annual"])))
    screen.table(("Action", "Date", *FIGURES), rows, numbers=FIGURES)
    annual: Json = answer["annual"]
    return annual


def _figures(row: Json) -> Sequence[str]:
    return str(row["delivered"]), str(row["total"]), str(row["parts"]), euros(row["cost"]["amount"])


@dataclass(frozen=True, slots=True)
class Counted:
    """The (messages, parts) of one morning as each witness counts them; ``differences`` as ``--verify`` finds them."""

    accepted: tuple[int, int]
    smsc: int
    ledger: tuple[int, int]
    synthesis: tuple[int, int]
    differences: int = 0

    @property
    def agree(self) -> bool:
        """Whether all witnesses say the same."""
        return not self.differences and self.accepted == self.ledger == self.synthesis and self.smsc == self.accepted[1]


def check(screen: Screen, counted: Counted, day: date) -> bool:
    """Show the four counts side by side; whether they agree."""
    screen.step(f"8. Les comptes du {day:%d/%m/%Y}")
    witnesses = (
        ("Acceptés par la passerelle", *counted.accepted),
        ("Reçus par le SMSC", None, counted.smsc),
        ("Lignes du registre", *counted.ledger),
        ("Synthèse", *counted.synthesis),
    )
    rows = [(who, "" if messages is None else str(messages), str(parts)) for who, messages, parts in witnesses]
    screen.table(("Témoin", "Messages", "SMS"), rows, numbers=("Messages", "SMS"))
    screen.say("Tous les comptes sont égaux." if counted.agree else "LES COMPTES DIFFÈRENT.")
    return counted.agree
