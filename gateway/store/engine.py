"""How a database is opened: SQLite in WAL with ``synchronous=FULL``, migrated by Alembic."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from gateway.french import label_fits, order
from gateway.store.direct import BUSY_MS
from gateway.store.sealed import check_keys, prepare

if TYPE_CHECKING:
    from gateway.sealing import Sealer

MIGRATIONS = Path(__file__).parent / "migrations"

#: Statements kept ready a connection: each number of rows in a group is one of its own, for each table.
STATEMENTS = 1024


def make_engine(url: str, *, pool: int, readonly: bool = False, sealer: "Sealer | None" = None) -> AsyncEngine:
    """An engine whose connections are set up for durability, and to open what is sealed; readers refuse to write."""
    engine = create_async_engine(
        _parse(url).set(drivername="sqlite+aiosqlite"),
        pool_size=pool,
        max_overflow=0,
        pool_reset_on_return=None,
        connect_args={"cached_statements": STATEMENTS, "check_same_thread": False},
    )
    _prepare(engine.sync_engine, "BEGIN" if readonly else "BEGIN IMMEDIATE", readonly)
    if sealer is not None:
        _open_seals(engine.sync_engine, sealer)
    return engine


def _open_seals(engine: Any, sealer: "Sealer") -> None:
    engine.dialect.sealer = sealer

    @event.listens_for(engine, "connect")
    def connected(raw: Any, record: Any) -> None:
        record.info["sealer"] = sealer
        prepare(raw.driver_connection._conn, sealer)


def upgrade(url: str, sealer: "Sealer | None" = None) -> None:
    """Bring the schema to this version's. Runs in its own thread: Alembic waits.

    Raises KeyMissing, and changes nothing, when rows are sealed by a key that is not there.
    """
    engine = create_engine(_parse(url).set(drivername="sqlite"))
    _prepare(engine, "BEGIN IMMEDIATE", readonly=False)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with engine.begin() as conn:
            config.attributes["connection"] = conn
            command.upgrade(config, "head")
            check_keys(conn, sealer)
    finally:
        engine.dispose()


def database_path(url: str) -> Path:
    """The file behind a SQLite URL."""
    return Path(_parse(url).database or "")


def _parse(url: str) -> URL:
    return make_url(url)


def _prepare(engine: Any, begin: str, readonly: bool) -> None:
    @event.listens_for(engine, "connect")
    def connected(raw: Any, _record: Any) -> None:
        # The driver's own transaction control is switched off: BEGIN is ours, so that a write takes its lock at once.
        raw.isolation_level = None
        raw.create_function("french_order", 1, order, deterministic=True)
        raw.create_function("label_fits", 2, label_fits, deterministic=True)
        cursor = raw.cursor()
        for pragma in (
            f"busy_timeout={BUSY_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "temp_store=MEMORY",
            "secure_delete=ON",  # a wiped value does not stay in a freed page; some builds of SQLite leave it
            "cache_size=-32768",
            "journal_size_limit=67108864",
            "wal_autocheckpoint=4000",
            f"query_only={'ON' if readonly else 'OFF'}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begun(conn: Any) -> None:
        conn.exec_driver_sql(begin)


def database_size(url: str) -> int:
    """Bytes of the database and its write-ahead log."""
    path = database_path(url)
    return sum(file.stat().st_size for file in (path, path.with_name(f"{path.name}-wal")) if file.exists())
