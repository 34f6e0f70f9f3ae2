"""The sample school, read from its files and put into the words of the HTTP API."""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from importlib import resources
from zoneinfo import ZoneInfo

UAI = "0579901C"
NAME = "Collège Louise-Michel"
SENDER = "CLGLMICHEL"
PHONE = "03 53 01 00 00"
SEED = 1871  # of everything that is left to chance
ZONE = ZoneInfo("Europe/Paris")

Row = Mapping[str, str]
Json = dict[str, object]


def text(name: str) -> str:
    """One of the school's files."""
    return resources.files("gateway.demo").joinpath("school", name).read_text(encoding="utf-8")


def rows(name: str) -> list[Row]:
    """The lines of one of the school's files."""
    return list(csv.DictReader(text(name).splitlines(), delimiter=";"))


@dataclass(frozen=True, slots=True)
class Absence:
    """A pupil who is not there this morning, and the adults of the household."""

    row: Row
    pupil: Row
    adults: Sequence[Row]

    @property
    def name(self) -> str:
        """``FORÊT Saül``, as lists show it."""
        return f"{self.pupil['nom'].upper()} {self.pupil['prenom']}"

    def recipient(self, day: date) -> Json:
        """As one recipient of a batch: the family's contacts, the pupil, the event, the variables."""
        begin, end = (_instant(day, self.row[key]) for key in ("debut", "fin"))
        return {
            "kind": "responsable",
            "contacts": [_contact(adult) for adult in self.adults],
            "subject": {"id": self.pupil["eleve"], "name": self.name, "division": self.pupil["division"]},
            "event": {"id": self.row["absence"], "type": self.row["type"], "from": begin, "to": end},
            "reference": self.row["absence"],
            "variables": {
                "ELEVE": self.name,
                "DIVISION": self.pupil["division"],
                "HEURE": self.row["debut"],
                "COURS": self.row["cours"],
                "ABSENT": "absente" if self.pupil["sexe"] == "F" else "absent",
            },
        }


def _instant(day: date, hour: str) -> str:
    return datetime.combine(day, time.fromisoformat(hour), ZONE).isoformat()


def _contact(adult: Row) -> Json:
    return {
        "rank": adult["rang"],
        "to": adult["telephone_portable"],
        "label": label(adult),
        "do_not_sms": adult["ne_pas_envoyer"] == "oui",
    }


def label(adult: Row) -> str:
    """``Mme FORÊT (Légal 1)``."""
    return f"{adult['civilite']} {adult['nom'].upper()} ({adult['qualite']})"


def absences() -> list[Absence]:
    """The morning's absences, in the order of the file."""
    pupils = {pupil["eleve"]: pupil for pupil in rows("eleves.csv")}
    families: dict[str, list[Row]] = defaultdict(list)
    for adult in rows("familles.csv"):
        families[adult["foyer"]].append(adult)
    return [
        Absence(row, pupils[row["eleve"]], families[pupils[row["eleve"]]["foyer"]])
        for row in rows("absences_du_matin.csv")
    ]
