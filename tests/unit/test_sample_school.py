"""The sample school: its files are what the generator makes, and hold what the demonstration needs."""

from collections import Counter
from datetime import date

import pytest

from gateway import numbers
from gateway.demo import make_school, school

FRENCH_LETTERS = "éèêëàâçîïôûùüÿœæÉÇÈ"


@pytest.mark.parametrize("name", sorted(make_school.files()))
def test_the_files_are_what_the_generator_makes(name: str) -> None:
    assert (make_school.FOLDER / name).read_bytes().decode() == make_school.files()[name], "make_school was not run"


def test_some_five_hundred_pupils_in_every_division() -> None:
    divisions = Counter(pupil["division"] for pupil in school.rows("eleves.csv"))
    assert set(divisions) == set(make_school.DIVISIONS)
    assert 480 <= sum(divisions.values()) <= 520
    assert all(18 <= count <= 45 for count in divisions.values())


def test_every_french_letter_is_in_a_name() -> None:
    people = school.rows("eleves.csv") + school.rows("familles.csv")
    names = "".join(person["nom"] + person["prenom"] for person in people)
    assert [letter for letter in FRENCH_LETTERS if letter not in names] == []
    assert {"'", "-"} <= set(names)
    assert any(person["nom"].startswith("de ") for person in people)


def test_the_uai_has_the_right_letter() -> None:
    assert school.UAI[-1] == "ABCDEFGHJKLMNPRSTUVWXYZ"[int(school.UAI[:-1]) % 23]


def test_every_case_is_there_and_some_of_each_are_absent_this_morning() -> None:
    houses = make_school.households()
    counts = Counter(house.case for house in houses)
    assert {case: counts[case] for case in make_school.CASES} == make_school.CASES
    case_of = {row.id: row.case for row in make_school.pupils(houses)}
    absent = Counter(case_of[absence.row["eleve"]] for absence in school.absences())
    assert {case for case in make_school.ABSENT if not absent[case]} == set()
    assert absent["ordinaire"] > 10


def test_mobiles_of_the_files_read_as_their_case_says() -> None:
    kinds = Counter(_kind(adult["telephone_portable"]) for adult in school.rows("familles.csv"))
    expected = {kind: make_school.CASES[case] for kind, case in CASE_OF_KIND.items()}
    assert {kind: kinds[kind] for kind in expected} == expected
    assert kinds["empty_mobile"] >= make_school.CASES["vide"]
    assert kinds["FR"] > 400
    assert set(kinds) == {*expected, "empty_mobile", "FR"}


CASE_OF_KIND = {
    "not_mobile": "fixe",
    "invalid_number": "faux",
    "foreign_not_allowed": "belgique",
    "LU": "luxembourg",
    "RE": "reunion",
    "GP": "guadeloupe",
    "MQ": "martinique",
}


def _kind(number: str) -> str:
    """The country of a number that may be written to, else why it may not."""
    read = numbers.read(number, "FR", ("LU",))
    return read.reason if isinstance(read, numbers.Unusable) else read.region


def test_twins_share_one_household_number() -> None:
    for house in make_school.households():
        if house.case == "jumeaux":
            assert len(house.children) == 2
            assert len({adult.mobile for adult in house.adults}) == 1


def test_an_absence_becomes_a_recipient_of_the_day() -> None:
    absence = next(a for a in school.absences() if len(a.adults) == 2)
    recipient = absence.recipient(date(2026, 11, 23))
    assert recipient["event"] == {
        "id": absence.row["absence"],
        "type": "absence",
        "from": f"2026-11-23T{absence.row['debut']}:00+01:00",
        "to": f"2026-11-23T{absence.row['fin']}:00+01:00",
    }
    contacts = recipient["contacts"]
    assert isinstance(contacts, list)
    variables = recipient["variables"]
    assert isinstance(variables, dict)
    assert [contact["rank"] for contact in contacts] == [adult["rang"] for adult in absence.adults]
    assert contacts[0]["rank"] == "responsable_1"
    assert variables["HEURE"] == absence.row["debut"]
