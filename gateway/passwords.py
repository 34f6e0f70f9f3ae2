"""Passwords of people: argon2id, with a rule on length only. Each call takes some 50 ms of one processor."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

#: Characters.
SHORTEST, LONGEST = 12, 200

_hasher = PasswordHasher()

#: Compared with when nobody has the login, so that the answer takes as long.
NOBODY = _hasher.hash("personne")


def fault(password: str) -> str:
    """What is wrong with a new password, in French; empty when nothing is."""
    if len(password) < SHORTEST:
        return f"Un mot de passe a {SHORTEST} caractères au moins : une phrase se retient bien."
    if len(password) > LONGEST:
        return f"Un mot de passe a {LONGEST} caractères au plus."
    return ""


def hashed(password: str) -> str:
    """What is stored of a password."""
    return _hasher.hash(password)


def matches(stored: str, password: str) -> bool:
    """Whether this is the password that was hashed."""
    try:
        return _hasher.verify(stored, password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
