"""Consents, opt-outs and their history, on a real store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store import people
from gateway.store.bulk import fetch
from gateway.store.database import Store, open_store
from gateway.store.people import ConsentWish, OptOut, OptOutsAfter, Person, Wish, judge

SCHOOL = "0570051W"
A, B = "+33612345678", "+262692123456"


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(f"sqlite:///{tmp_path}/gateway.db") as store:
        yield store


async def wish(store: Store, *wishes: Wish, school: str = SCHOOL, now: int = 1000) -> list[bool]:
    async def verb(conn: AsyncConnection) -> list[bool]:
        return list(await people.apply(conn, school, wishes, "test", now))

    return await store.write(verb)


async def verdict(
    store: Store, *numbers: str, school: str = SCHOOL, sender: str = "36111"
) -> dict[str, tuple[bool | None, bool]]:
    return dict(await store.read(lambda conn: people.verdicts(conn, school, sender, numbers)))


async def changes(store: Store, number: str) -> list[str]:
    return [line.change for line in await store.read(lambda conn: people.history(conn, SCHOOL, number))]


async def test_nothing_is_known_of_a_stranger(store: Store) -> None:
    assert await verdict(store, A, B) == {A: (None, False), B: (None, False)}
    assert await verdict(store) == {}


@pytest.mark.parametrize(("said", "known"), [("yes", True), ("no", False)])
async def test_a_consent_and_an_opt_out_are_both_told(store: Store, said: ConsentWish, known: bool) -> None:
    assert await wish(store, Wish(A, said), Wish(B, opted_out=True)) == [True, True]
    assert await verdict(store, A, B) == {A: (known, False), B: (None, True)}


async def test_a_number_may_have_both(store: Store) -> None:
    await wish(store, Wish(A, "yes", True))
    assert await verdict(store, A) == {A: (True, True)}


async def test_each_school_has_its_own_list(store: Store) -> None:
    await wish(store, Wish(A, "no", True))
    assert await verdict(store, A, school="9740001A") == {A: (None, False)}


async def test_history_keeps_every_change_and_only_changes(store: Store) -> None:
    for said in (Wish(A, "yes"), Wish(A, "yes"), Wish(A, "no"), Wish(A, "unknown"), Wish(A, opted_out=True)):
        await wish(store, said)
    assert await wish(store, Wish(A, opted_out=False)) == [True]
    assert await changes(store, A) == ["consent", "refusal", "forgotten", "opt_out", "opt_in"]
    assert await verdict(store, A) == {A: (None, False)}


async def test_the_same_number_twice_in_one_import_is_taken_in_order(store: Store) -> None:
    assert await wish(store, Wish(A, "yes"), Wish(A, "no"), Wish(A, "no")) == [True, True, False]
    assert await verdict(store, A) == {A: (False, False)}
    assert await changes(store, A) == ["consent", "refusal"]


async def test_who_said_what_and_when_survives_a_change_of_the_other(store: Store) -> None:
    await wish(store, Wish(A, "yes", source="fiche"), now=1000)
    await wish(store, Wish(A, opted_out=True, source="STOP"), now=2000)
    known = await store.read(lambda conn: people.people(conn, SCHOOL, [A]))
    assert known[A] == Person(A, True, "fiche", 1000, (OptOut(A, "", "STOP", 2000),))


async def test_an_opt_out_from_one_sender_is_of_that_sender(store: Store) -> None:
    await wish(store, Wish(A, opted_out=True, sender="LycCurie"))
    assert await verdict(store, A, sender="LYCCURIE") == {A: (None, True)}
    assert await verdict(store, A, sender="lyccurie") == {A: (None, True)}
    assert await verdict(store, A, sender="36111") == {A: (None, False)}


async def test_opt_outs_of_several_senders(store: Store) -> None:
    await wish(store, Wish(A, opted_out=True, source="mo_stop", sender="36111"), now=1000)
    await wish(store, Wish(A, opted_out=True, source="fiche"), now=2000)
    await wish(store, Wish(A, opted_out=True, source="mo_stop", sender="38000"), now=3000)
    assert await wish(store, Wish(A, opted_out=True, sender="36111"), now=4000) == [False]
    known = await store.read(lambda conn: people.people(conn, SCHOOL, [A]))
    assert [(one.sender, one.at) for one in known[A].opt_outs] == [("", 2000), ("38000", 3000), ("36111", 1000)]
    assert await wish(store, Wish(A, opted_out=False, sender="38000"), Wish(A, opted_out=False, sender="x")) == [
        *(True, False)
    ]
    assert await store.read(lambda conn: people.count_opt_outs(conn, SCHOOL)) == 2
    await wish(store, Wish(A, opted_out=False))
    assert await verdict(store, A) == {A: (None, False)}
    assert await changes(store, A) == ["opt_out", "opt_out", "opt_out", "opt_in", "opt_in"]


async def test_who_noted_an_opt_out_stays_when_another_comes(store: Store) -> None:
    async def noted(sender: str, actor: str) -> None:
        said = [Wish(A, opted_out=True, source="s", sender=sender)]
        await store.write(lambda conn: people.apply(conn, SCHOOL, said, actor, 1))

    await noted("36111", "one")
    await noted("", "other")
    rows = await store.read(lambda conn: fetch(conn, "SELECT sender, actor FROM opt_out ORDER BY sender"))
    assert rows == [("", "other"), ("36111", "one")]


async def test_opt_outs_are_listed_in_pages(store: Store) -> None:
    numbers = [f"+3361234567{digit}" for digit in range(5)]
    await wish(store, Wish(numbers[4], opted_out=True), now=500)
    await wish(store, *(Wish(number, opted_out=True) for number in numbers[:4]))
    first = await store.read(lambda conn: people.opt_outs(conn, SCHOOL, OptOutsAfter(), 3))
    rest = await store.read(lambda conn: people.opt_outs(conn, SCHOOL, OptOutsAfter(1000, 2), 3))
    found = [person.number for person in (*first, *rest)]
    assert (found[0], sorted(found[1:])) == (numbers[4], numbers[:4])
    assert await store.read(lambda conn: people.count_opt_outs(conn, SCHOOL)) == 5


async def test_ten_thousand_rows_are_one_import(store: Store) -> None:
    numbers = [f"+336{number:08}" for number in range(10_000)]
    assert all(await wish(store, *(Wish(number, "yes") for number in numbers)))
    assert set((await verdict(store, *numbers)).values()) == {(True, False)}


def test_a_wish_that_says_nothing_changes_nothing() -> None:
    person = Person(A, True, "fiche", 1, (OptOut(A, "", "STOP", 2),))
    assert judge(person, Wish(A), 3) == (person, [])
