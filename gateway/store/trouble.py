"""What goes wrong with the database itself, told without the statement or its values."""

from sqlalchemy.exc import DBAPIError


def is_of_the_store(error: Exception) -> bool:
    """Whether it is the database's trouble, not that of one piece of work."""
    return isinstance(error, DBAPIError) and _code(error) in _STORE_TROUBLE


_STORE_TROUBLE = frozenset(
    {"SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN"}
    | {"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_PERM", "SQLITE_NOLFS"}
)


def _code(error: DBAPIError) -> str:
    """SQLite's primary code name: SQLITE_IOERR_WRITE is SQLITE_IOERR."""
    name = getattr(error.orig, "sqlite_errorname", "") or ""
    return "_".join(name.split("_")[:2])


def reason(error: Exception) -> str:
    """In words, without the statement or its parameters: those hold people's data."""
    name = _code(error) if isinstance(error, DBAPIError) else type(error).__name__
    return _WORDS.get(name, f"database error {name or type(error).__name__}")


_WORDS = {
    "SQLITE_FULL": "disk full",
    "SQLITE_READONLY": "database is read-only",
    "SQLITE_IOERR": "disk input/output error",
    "SQLITE_BUSY": "database is locked by another process",
    "SQLITE_CANTOPEN": "database cannot be opened",
}
