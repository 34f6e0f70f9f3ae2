"""Makes the files of the sample school, always the same: ``python -m gateway.demo.make_school``.

Every person is invented. Rules of the file: one stream of chance with a fixed seed; what must occur (a landline in
the mobile column, twins with one number…) stands in ``CASES`` and is dealt out to households, never left to chance.

Numbers: mobiles are 06 00 00 xx xx, landlines 03 53 01 xx xx (kept for fiction). The mobiles kept for fiction,
06 39 98 xx xx, cannot serve: 0639 is Mayotte's prefix, and there they are not assigned.
"""

import csv
import io
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from gateway.demo.names import BOYS, FATHERS, GIRLS, MOTHERS, SURNAMES
from gateway.demo.school import SEED

FOLDER = Path(__file__).parent / "school"
HOUSEHOLDS = 400
ABSENCES = 50
DIVISIONS = tuple(f"{level}e {letter}" for level in (6, 5, 4, 3) for letter in "ABCD")
COURSES = ("français", "mathématiques", "SVT", "chœur", "histoire-géographie", "éducation musicale", "physique")

#: What is out of the ordinary in a household, and in how many of them.
CASES: dict[str, int] = {
    "jumeaux": 6,  # twins; both responsables gave the one number of the household
    "separes": 70,  # Légal 2 lives elsewhere
    "seul": 45,  # one responsable
    "fixe": 9,  # a landline in the mobile column
    "vide": 14,  # no mobile at all
    "faux": 7,  # a digit is missing, or a letter slipped in
    "reunion": 3,
    "guadeloupe": 2,
    "martinique": 1,
    "luxembourg": 5,  # allowed by the school
    "belgique": 2,  # not allowed by the school
    "stop": 6,  # answered STOP
    "refus": 10,  # SMS not accepted on the form
    "ne_pas_envoyer": 8,
}
#: How many of the morning's absences fall on each case; the others are ordinary.
ABSENT: dict[str, int] = {
    "jumeaux": 2, "separes": 8, "fixe": 2, "vide": 2, "faux": 1, "reunion": 1, "guadeloupe": 1, "luxembourg": 2,
    "belgique": 1, "stop": 2, "refus": 2, "ne_pas_envoyer": 1, "seul": 4,
}  # fmt: skip

T = TypeVar("T")


class Chance:
    """Draws that are the same on every machine: built on ``random()`` alone."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def below(self, limit: int) -> int:
        """0 <= n < limit."""
        return int(self._random.random() * limit)

    def pick(self, choices: Sequence[T]) -> T:
        """One of them."""
        return choices[self.below(len(choices))]

    def happens(self, probability: float) -> bool:
        """True that often."""
        return self._random.random() < probability

    def shuffled(self, things: Iterable[T]) -> list[T]:
        """All of them, in another order."""
        return [thing for _, thing in sorted(((self._random.random(), thing) for thing in things), key=lambda x: x[0])]


class Numbers:
    """Telephone numbers that are given out once, as people write them."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._next: dict[str, int] = defaultdict(int)

    def _take(self, prefix: str, digits: int) -> str:
        self._next[prefix] += 1
        return f"{prefix}{self._next[prefix]:0{digits}d}"

    def mobile(self) -> str:
        """A mobile, in one of the ways people write them."""
        pairs = _pairs(self._take("060000", 4))
        draw = self._chance.below(20)
        if draw < 2:
            return f"+33 {pairs[0][1]} {' '.join(pairs[1:])}"
        if draw < 3:
            return "0033" + "".join(pairs)[1:]
        return {3: ".", 4: ".", 5: "", 6: "-"}.get(draw, " ").join(pairs)

    def landline(self) -> str:
        """A landline of the range kept for fiction."""
        return " ".join(_pairs(self._take("035301", 4)))

    def wrong(self) -> str:
        """A mobile with a digit missing, a digit too many, or a letter in it."""
        number = self.mobile()
        return self._chance.pick((number[:-1], number[:-1] + "O", number + "7"))

    def of_case(self, case: str) -> str:
        """The number in the mobile column of a household of this case."""
        prefixes = {"reunion": "069200", "guadeloupe": "069000", "martinique": "069620"}
        if case in prefixes:
            return " ".join(_pairs(self._take(prefixes[case], 4)))
        match case:
            case "luxembourg":
                return "+352 621 " + self._take("000", 3)
            case "belgique":
                return "+32 470 " + " ".join(_pairs(self._take("0000", 2)))
            case "fixe":
                return self.landline()
            case "vide":
                return ""
            case "faux":
                return self.wrong()
        return self.mobile()


def _pairs(digits: str) -> list[str]:
    return [digits[i : i + 2] for i in range(0, len(digits), 2)]


@dataclass
class Adult:
    """One responsable of a household."""

    rank: str
    quality: str
    title: str
    surname: str
    first: str
    home: str
    mobile: str
    do_not_sms: bool = False
    consent: bool | None = True
    stopped: bool = False


@dataclass
class Household:
    """A home: its adults and its children (first name, sex)."""

    case: str
    surname: str
    adults: list[Adult] = field(default_factory=list)
    children: list[tuple[str, str]] = field(default_factory=list)


def _adults(house: Household, chance: Chance, numbers: Numbers) -> list[Adult]:
    home = numbers.landline() if chance.happens(0.55) else ""
    mother_first = chance.happens(0.7)
    people = [("Mme", chance.pick(MOTHERS)), ("M.", chance.pick(FATHERS))]
    if not mother_first:
        people.reverse()
    mobile = numbers.of_case(house.case)
    first = Adult("responsable_1", "Légal 1", people[0][0], house.surname, people[0][1], home, mobile)
    if house.case == "seul":
        return [first]
    if house.case == "separes":
        surname = chance.pick(SURNAMES)
        return [first, Adult("responsable_2", "Légal 2", people[1][0], surname, people[1][1], "", numbers.mobile())]
    shared = house.case == "jumeaux"
    other = first.mobile if shared else numbers.mobile() if chance.happens(0.6) else ""
    return [first, Adult("conjoint", "Conjoint", people[1][0], house.surname, people[1][1], home, other)]


def _consents(house: Household, chance: Chance) -> None:
    for adult in house.adults:
        adult.consent = True if chance.happens(0.9) else None
        adult.do_not_sms = house.case == "ne_pas_envoyer" and adult.rank == "responsable_1"
    first = house.adults[0]
    if house.case == "refus":
        first.consent = False
    first.stopped = house.case == "stop"


def _children(house: Household, chance: Chance) -> list[tuple[str, str]]:
    count = 2 if house.case == "jumeaux" else 1 + chance.happens(0.2) + chance.happens(0.04)
    children: dict[str, str] = {}
    while len(children) < count:
        girl = chance.happens(0.5)
        children[chance.pick(GIRLS if girl else BOYS)] = "F" if girl else "M"
    return list(children.items())


def households() -> list[Household]:
    """All households, each with its case, its adults and its children."""
    chance = Chance(SEED)
    numbers = Numbers(chance)
    cases = [case for case, count in CASES.items() for _ in range(count)]
    houses: list[Household] = []
    for number, case in enumerate(chance.shuffled(cases + ["ordinaire"] * (HOUSEHOLDS - len(cases)))):
        house = Household(case, SURNAMES[number] if number < len(SURNAMES) else chance.pick(SURNAMES))
        house.adults = _adults(house, chance, numbers)
        _consents(house, chance)
        house.children = _children(house, chance)
        houses.append(house)
    return houses


@dataclass(frozen=True)
class Row:
    """A pupil as ``eleves.csv`` says it, with what only the generator knows."""

    id: str
    surname: str
    first: str
    sex: str
    division: str
    regime: str
    house: str
    case: str


def pupils(houses: Sequence[Household]) -> list[Row]:
    """Every child with a class; twins are in the same one."""
    chance = Chance(SEED + 1)
    rows: list[Row] = []
    for index, house in enumerate(houses, 1):
        division = chance.pick(DIVISIONS)
        for first, sex in house.children:
            if house.case != "jumeaux":
                division = chance.pick(DIVISIONS)
            regime = chance.pick(("DP", "DP", "EXT"))
            name = f"E-{len(rows) + 1:03d}"
            rows.append(Row(name, house.surname, first, sex, division, regime, f"F-{index:03d}", house.case))
    return rows


def _absentees(rows: Sequence[Row], chance: Chance) -> list[Row]:
    shuffled = chance.shuffled(rows)
    chosen: list[Row] = []
    for case, count in ABSENT.items():
        houses: list[str] = []
        for row in shuffled:
            if row.case == case and (row.house in houses or len(houses) < count):
                houses.append(row.house)
                chosen.append(row)
    chosen += [row for row in shuffled if row.case == "ordinaire"][: ABSENCES - len(chosen)]
    return sorted(chosen, key=lambda row: (row.division, row.surname, row.first))


def absences(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    """The morning's absences: hours only, for they are those of the day they are shown."""
    chance = Chance(SEED + 2)
    for number, row in enumerate(_absentees(rows, chance), 1):
        begin = chance.pick(("08:00", "08:30", "08:30", "09:25", "10:30"))
        end = chance.pick(("12:00", "12:00", "17:00"))
        yield (f"ABS-{number:02d}", row.id, "absence", begin, end, chance.pick(COURSES))


def _csv(heading: str, rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    writer.writerow(heading.split(";"))
    writer.writerows(rows)
    return out.getvalue()


def _families(houses: Sequence[Household]) -> Iterator[tuple[str, ...]]:
    for index, house in enumerate(houses, 1):
        for adult in house.adults:
            person = (adult.title, adult.surname, adult.first, adult.home, adult.mobile)
            yield (f"F-{index:03d}", adult.rank, adult.quality, *person, "oui" if adult.do_not_sms else "non")


def _answers(houses: Sequence[Household]) -> Iterator[tuple[str, ...]]:
    seen: set[str] = set()
    for adult in (adult for house in houses for adult in house.adults):
        if adult.mobile and adult.consent is not None and adult.mobile not in seen:
            seen.add(adult.mobile)
            yield (adult.mobile, "oui" if adult.consent else "non", "fiche de renseignements")


def files() -> Mapping[str, str]:
    """Name of each file of the school and what is in it."""
    houses = households()
    rows = pupils(houses)
    stopped = [(a.mobile, "oui", "réponse STOP") for house in houses for a in house.adults if a.stopped]
    listed = [(r.id, r.surname, r.first, r.sex, r.division, r.regime, r.house) for r in rows]
    return {
        "eleves.csv": _csv("eleve;nom;prenom;sexe;division;regime;foyer", listed),
        "familles.csv": _csv(
            "foyer;rang;qualite;civilite;nom;prenom;telephone_domicile;telephone_portable;ne_pas_envoyer",
            _families(houses),
        ),
        "consentements.csv": _csv("portable;consentement;source", _answers(houses)),
        "oppositions.csv": _csv("portable;opposition;source", stopped),
        "absences_du_matin.csv": _csv("absence;eleve;type;debut;fin;cours", absences(rows)),
    }


def main() -> None:
    """Write the files beside this module."""
    FOLDER.mkdir(exist_ok=True)
    for name, content in files().items():
        (FOLDER / name).write_text(content, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
