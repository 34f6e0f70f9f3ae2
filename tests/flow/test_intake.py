"""Looking without storing: a dry run, a preview and a resolution say what the real thing would, and leave nothing."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.requests import BatchIn, PreviewIn
from gateway.store import people
from gateway.store.people import Wish
from tests.heart import METZ, MORNING, Heart, everybody, opened


@pytest.fixture
async def heart(tmp_path: Path) -> AsyncIterator[Heart]:
    async with opened(tmp_path) as one:
        yield one


def group(**said: Any) -> BatchIn:
    recipients = [
        {"to": "0611111111", "label": "A", "variables": {"NOM": "Léa"}},
        {"to": "", "label": "B", "variables": {"NOM": "Léo"}},
        {"to": "0622222222", "label": "C", "variables": {"NOM": "x" * 200}},
        {"to": "0633333333", "label": "D", "variables": {"NOM": "Zoé"}},
    ]
    body = {"action": "INFO", "text": "Bonjour #NOM", "school": METZ, "recipients": recipients, **said}
    return BatchIn.model_validate(body)


async def opt_out(heart: Heart) -> None:
    wish = Wish("+33633333333", opted_out=True, source="console")
    await heart.store.write(lambda conn: people.apply(conn, METZ, [wish], "mme.reiter", MORNING))


async def stored(heart: Heart) -> int:
    counters = "(SELECT COUNT(*) FROM counter WHERE name <> 'probe')"
    sql = f"SELECT (SELECT COUNT(*) FROM message) + (SELECT COUNT(*) FROM batch) + {counters}"
    return int((await heart.rows(sql))[0][0])


async def test_a_dry_run_says_what_the_real_one_will(heart: Heart) -> None:
    await opt_out(heart)
    caller = everybody(heart.settings)
    public, dry = await heart.intake.batch(group(), caller, None, dry_run=True)
    assert public is None
    assert await stored(heart) == 0
    public, real = await heart.intake.batch(group(), caller, None, dry_run=False)
    answers = [orjson.loads(answer) for answer in (dry, real)]
    assert [answer.pop("id") for answer in answers] == [None, public]
    assert answers[0] == answers[1]
    assert (answers[0]["accepted"], answers[0]["ignored"], answers[0]["parts"]) == (2, 2, 3)
    assert answers[0]["cost"]["amount"] == "0.1350"
    assert [(row["row"], row["reason"]) for row in answers[0]["ignored_rows"]] == [
        (2, "empty_mobile"),
        (4, "opted_out"),
    ]
    await heart.is_sound()


async def test_a_preview_counts_and_stores_nothing(heart: Heart) -> None:
    await opt_out(heart)
    seen = await heart.intake.preview(group(), everybody(heart.settings))
    assert seen["recipients"] == {"accepted": 2, "ignored": 2, "min_parts": 1, "max_parts": 2, "total_parts": 3}
    assert seen["text"] == "Bonjour Léa"
    one = PreviewIn.model_validate({"action": "INFO", "text": "Ça va ?", "school": METZ})
    seen = await heart.intake.preview(one, everybody(heart.settings))
    assert (seen["parts"], seen["recipients"]) == (
        1,
        {"accepted": 1, "ignored": 0, "min_parts": 1, "max_parts": 1, "total_parts": 1},
    )
    assert await stored(heart) == 0


async def test_resolving_names_each_contact_and_why(heart: Heart) -> None:
    family = {
        "contacts": [
            {"rank": "responsable_1", "to": "0611111111"},
            {"rank": "conjoint", "to": "0644444444"},
            {"rank": "eleve", "to": "0633333333"},
        ]
    }
    await opt_out(heart)
    answer = await heart.intake.resolve(group(text="Bonjour", recipients=[family]), everybody(heart.settings))
    assert isinstance(answer["data"], list)
    assert [(row["rank"], row["checked"], row["reason"]) for row in answer["data"]] == [
        ("responsable_1", True, None),
        ("conjoint", False, None),
        ("eleve", False, "opted_out"),
    ]
    assert await stored(heart) == 0
