"""The migrations make the schema that the code speaks of, and bring an older database up to it."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from gateway.store.engine import MIGRATIONS, upgrade
from gateway.store.tables import metadata


def test_the_migrations_make_the_tables(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/gateway.db"
    upgrade(url)
    upgrade(url)
    engine = create_engine(url)
    with engine.connect() as conn:
        assert compare_metadata(MigrationContext.configure(conn), metadata) == []
    engine.dispose()


def test_opt_outs_of_before_are_from_every_sender(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/gateway.db"
    engine, config = create_engine(url), Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, "0006")
        conn.exec_driver_sql("INSERT INTO opt_out VALUES ('0570051W', '+33612345678', 'fiche', 7, 'cpe')")
        command.upgrade(config, "head")
        rows = conn.exec_driver_sql("SELECT school, number, sender, source, at, actor FROM opt_out").all()
    assert [tuple(row) for row in rows] == [("0570051W", "+33612345678", "", "fiche", 7, "cpe")]
    engine.dispose()


def test_what_was_billed_before_is_what_the_ledger_says(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/gateway.db"
    engine, config = create_engine(url), Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, "0019")
        known = [row[1] for row in conn.exec_driver_sql("PRAGMA table_info(message)") if row[3] and row[4] is None]
        for number, month in ((1, "'2026-11'"), (2, "NULL")):
            values = {**dict.fromkeys(known, "0"), "id": str(number), "ulid": f"'{number}'", "month": month}
            conn.exec_driver_sql(f"INSERT INTO message ({','.join(values)}) VALUES ({','.join(values.values())})")
        for amount in (45_000, 60_000, -45_000):
            conn.exec_driver_sql(
                "INSERT INTO ledger (part, message, at, school, month, action, mode, account, kind, parts, amount) "
                f"VALUES (257, 1, 0, 'a', 'b', 'c', 'd', 'e', 'f', 1, {amount})"
            )
        command.upgrade(config, "head")
        assert conn.exec_driver_sql("SELECT id, billed FROM message ORDER BY id").all() == [(1, 60_000), (2, 0)]
    engine.dispose()
