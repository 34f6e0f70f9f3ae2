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
