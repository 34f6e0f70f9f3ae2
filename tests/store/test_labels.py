"""A name finds its messages: by the beginnings of its words, indexed or not yet, few or many."""

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.french import label_fits, words
from gateway.store import erasing, labels, recap, reports
from gateway.store.selection import After, Order, Selection, Sort
from tests.heart import METZ, REUNION, Heart
from tests.store.rows import MORNING, add_sent
from tests.store.test_recap import PARIS

NAMES = ["Mme ou M. ABAD Christian", "M. d'Été Noël", "ABADIE Chloé", "Mme MARTIN-ROY Christine", "Œuvrard"]


async def found(heart: Heart, label: str, school: str = METZ) -> list[int]:
    async def question(conn: AsyncConnection) -> list[int]:
        wanted = await labels.resolved(conn, Selection(school, submitted=True, label=label))
        rows = await recap.page(conn, wanted, Order(Sort.SENT), None, 50, PARIS)
        totals = await recap.totals(conn, wanted, PARIS)
        assert totals.messages == len(rows)
        return [row.id for row in rows]

    return await heart.store.read(question)


async def indexed(heart: Heart) -> None:
    while await heart.store.write(labels.index):
        pass
    assert not await heart.store.read(labels.behind)


def test_words_are_compared_without_capitals_and_accents() -> None:
    assert words("Mme d'Été-Noël, œuvre") == ["mme", "d", "ete", "noel", "oeuvre"]
    assert label_fits("ABAD Christian", "chr aba")
    assert not label_fits("ABAD Christian", "chr rist")
    assert label_fits("ABAD", "")


@pytest.mark.parametrize("after", [0, 2, 5])
async def test_a_name_is_found_before_and_after_it_is_indexed(heart: Heart, after: int) -> None:
    for number, name in enumerate(NAMES, 1):
        if number == after:
            await indexed(heart)
        await add_sent(heart.store, number, label=name)
    await add_sent(heart.store, 9, label=NAMES[0], school=REUNION)
    assert await found(heart, "abad") == [1, 3]
    assert await found(heart, "CHRIST") == [1, 4]
    assert await found(heart, "ABAD christ") == [1]
    assert await found(heart, "ete") == [2]
    assert await found(heart, "noël d") == [2]
    assert await found(heart, "oeuv") == [5]
    assert await found(heart, "roy") == [4]
    assert await found(heart, "personne") == []
    assert await found(heart, "abad", REUNION) == [9]
    assert len(await found(heart, "…")) == 5  # no word at all filters nothing


async def test_names_of_many_messages(heart: Heart, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("selection", "labels", "recap"):
        monkeypatch.setattr(f"gateway.store.{module}.MOST", 3)
    for number in range(1, 13):
        await add_sent(
            heart.store, number, label="ABAD Zoé" if number % 2 else "ROY Zoé", sent_at=MORNING + 1_000 * (20 - number)
        )
    await indexed(heart)

    async def question(conn: AsyncConnection) -> tuple[list[int], recap.Totals]:
        wanted = await labels.resolved(conn, Selection(METZ, submitted=True, label="abad"))
        rows: list[reports.AnyRow] = []
        while some := await recap.page(conn, wanted, Order(Sort.SENT), After(rows[-1].id) if rows else None, 2, PARIS):
            rows += some
        return [row.id for row in rows], await recap.totals(conn, wanted, PARIS)

    ids, totals = await heart.store.read(question)
    assert ids == [11, 9, 7, 5, 3, 1]
    assert (totals.messages, totals.at_least) == (3, True)


async def test_lists_are_filtered_by_name_too(heart: Heart) -> None:
    ids = [await heart.accept(f"06000000{place:02}", recipient={"label": name}) for place, name in enumerate(NAMES)]

    async def question(conn: AsyncConnection) -> list[int]:
        wanted = await labels.resolved(conn, Selection(METZ, label="abad"))
        assert await reports.count(conn, wanted) == (2, False)
        return [row.id for row in await reports.page(conn, wanted, Order(), None, 9)]

    assert await heart.store.read(question) == [ids[0], ids[2]]
    await indexed(heart)
    assert await heart.store.read(question) == [ids[0], ids[2]]


async def test_what_is_erased_is_found_no_more(heart: Heart) -> None:
    for number, name in enumerate(NAMES, 1):
        await add_sent(heart.store, number, label=name)
    await indexed(heart)
    await heart.store.write(lambda conn: erasing.message_people(conn, [1, 5], heart.now))
    assert await found(heart, "abad") == [3]
    assert await found(heart, "oeuvrard") == []
    kept = {row[0] for row in await heart.rows("SELECT word FROM word")}
    assert "oeuvrard" not in kept
    assert {"abadie", "christine", "mme"} <= kept
    assert not await heart.rows("SELECT 1 FROM label_word WHERE message IN (1, 5)")
