"""``recap``, ``synthesis`` and ``apikey`` on a real store."""

import argparse
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from gateway import commands_accounts as commands
from gateway.config import Settings
from gateway.exits import Exit
from gateway.store import keys
from gateway.store.database import open_store
from tests.store.rows import METZ, add_line, add_receipt, add_sent, add_tally

Run = Callable[[argparse.Namespace, Settings], Coroutine[Any, Any, int]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate(
        {
            "store": {"url": f"sqlite:///{tmp_path}/gateway.db"},
            "schools": [{"uai": METZ, "name": "Lycée"}],
            "actions": [{"code": "ABSENCE", "short_label": "SMS abs.", "long_label": "SMS d'absence"}],
        }
    )


async def run(add: Callable[[argparse.ArgumentParser], None], command: Run, settings: Settings, words: str) -> int:
    parser = argparse.ArgumentParser()
    add(parser)
    return await command(parser.parse_args(words.split()), settings)


async def recap(settings: Settings, words: str = "") -> int:
    return await run(commands.add_recap_arguments, commands.run_recap, settings, words)


async def synthesis(settings: Settings, words: str = "") -> int:
    return await run(commands.add_synthesis_arguments, commands.run_synthesis, settings, words)


async def apikey(settings: Settings, words: str) -> int:
    return await run(commands.add_apikey_arguments, commands.run_apikey, settings, words)


async def fill(settings: Settings) -> None:
    async with open_store(settings.store.url) as store:
        await add_sent(store, 1, user="cpe")
        await add_line(store, 257)
        await add_receipt(store, 257)
        await add_tally(store, total=1, delivered=1, parts=1, amount=45_000)


async def test_the_recap_hides_numbers_unless_asked(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    await fill(settings)
    assert await recap(settings) == Exit.FINE
    shown = capsys.readouterr().out
    assert "23 novembre à 08:30     Mme ou M. ABAD Christian        +336******78" in shown
    assert "Reçu le 23 nov. à 08:31 (1 SMS)" in shown
    assert "Total                1" in shown
    assert await recap(settings, "--numbers") == Exit.FINE
    assert "+33612345678" in capsys.readouterr().out


async def test_the_recap_is_filtered(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    await fill(settings)
    for words, found in (("--user cpe", True), ("--user autre", False), ("--to 2026-11-22", False)):
        assert await recap(settings, words) == Exit.FINE
        assert ("ABAD" in capsys.readouterr().out) is found


async def test_the_recap_as_a_file(settings: Settings, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    await fill(settings)
    assert await recap(settings, "--csv") == Exit.FINE
    assert capsysbinary.readouterr().out.startswith("\ufeffEnvoyé le;".encode())
    assert await synthesis(settings, "--year 2026 --csv rfc4180") == Exit.FINE
    assert b"ABSENCE,SMS abs.,2026-11,1,1,1,0.0450,\r\n" in capsysbinary.readouterr().out


async def test_the_synthesis_with_its_totals(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    await fill(settings)
    assert await synthesis(settings, "--year 2026") == Exit.FINE
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["Action", "SMS", "Total", "Total", "Non"]
    assert "11/2026" in lines[1]
    assert "0,0450 €" in lines[1]


async def test_a_difference_is_told_and_ends_with_1(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    await fill(settings)
    assert await synthesis(settings, "--verify") == Exit.FINE
    assert capsys.readouterr().out == (
        "1 counters agree with the ledger and the receipts\n3 daily counters agree with the messages\n"
    )
    async with open_store(settings.store.url) as store:
        await add_line(store, 513)
        await add_sent(store, 2)
    assert await synthesis(settings, "--verify") == Exit.NO
    shown = capsys.readouterr().out
    assert f"{METZ} 2026-11 ABSENCE standard operateur-a: total 1 instead of 2, parts 1 instead of 2" in shown
    assert "1 of 1 counters differ from the ledger" in shown


WRONG = ["--from hier", "--to 2026-11-23T08:00:00", "--school 0000000A"]


@pytest.mark.parametrize("words", WRONG)
async def test_wrong_words_are_refused_with_the_cure(
    settings: Settings, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    assert await recap(settings, words) == Exit.USAGE
    assert words.split()[0] in capsys.readouterr().err


async def test_one_of_several_schools_must_be_named(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    schools = [{"uai": METZ, "name": "un"}, {"uai": "9741046A", "name": "deux"}]
    several = Settings.model_validate({**settings.model_dump(), "schools": schools})
    assert await synthesis(several) == Exit.USAGE
    assert f"--school: {METZ}, 9741046A" in capsys.readouterr().err
    assert await synthesis(several, f"--school {METZ}") == Exit.FINE


# ---- keys ----


async def test_a_key_is_shown_once_and_works_until_revoked(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    words = f"create --app vie-scolaire --school {METZ} --scope send,read --expires 365d"
    assert await apikey(settings, words) == Exit.FINE
    said = capsys.readouterr()
    secret = said.out.strip()
    key_id = said.err.partition(":")[0]
    async with open_store(settings.store.url) as store:
        found = await store.read(lambda conn: keys.find_key(conn, keys.digest(secret)))
    assert found is not None
    assert (found.id, found.app, found.schools) == (key_id, "vie-scolaire", frozenset({METZ}))
    assert found.expires_at is not None
    assert found.expires_at - found.created_at == 365 * 86_400_000
    assert await apikey(settings, "list") == Exit.FINE
    listed = capsys.readouterr().out
    assert key_id in listed
    assert "active until" in listed
    assert secret not in listed
    assert await apikey(settings, f"revoke {key_id}") == Exit.FINE
    assert await apikey(settings, "list") == Exit.FINE
    assert "revoked 2" in capsys.readouterr().out
    assert await apikey(settings, "revoke key_none") == Exit.NO


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (f"--app Vie --school {METZ} --scope send", "--app"),
        ("--app vie --school 0000000A --scope send", "--school"),
        (f"--app vie --school {METZ} --scope sned", "--scope"),
        (f"--app vie --school {METZ} --scope ,", "--scope"),
        (f"--app vie --school {METZ} --scope send --expires soon", "--expires"),
        (f"--app vie --school {METZ} --scope send --expires 0s", "--expires"),
    ],
)
async def test_a_key_that_would_not_work_is_refused(
    settings: Settings, capsys: pytest.CaptureFixture[str], words: str, named: str
) -> None:
    assert await apikey(settings, f"create {words}") == Exit.USAGE
    assert named in capsys.readouterr().err
