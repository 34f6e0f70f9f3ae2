"""Who asks: an application with a key, or a person in the console; and the idempotency key it may bring."""

from dataclasses import dataclass
from enum import StrEnum

from gateway.problem import Problem


class Scope(StrEnum):
    """What a key may do (contract section 3)."""

    SEND = "send"
    READ = "read"
    NUMBERS = "numbers"
    RELEASE = "release"
    CONSENTS = "consents"
    ACCOUNTS = "accounts"
    OPERATE = "operate"
    ADMIN = "admin"
    COMPAT = "compat"


#: The ``app`` of everything that people do in the console.
CONSOLE = "console"


@dataclass(frozen=True, slots=True)
class Caller:
    """An application behind a key, or a person. ``schools`` are UAIs; ``admin`` holds every scope."""

    app: str
    key: str  # its id or hint: for the audit, never the key; a person's login
    schools: frozenset[str]
    scopes: frozenset[Scope]
    own_only: bool = False  # a person who sees only what they sent themselves

    @property
    def actor(self) -> str:
        """Who changes something, for the audit: ``application/key``."""
        return f"{self.app}/{self.key}"

    @property
    def person(self) -> str | None:
        """The login of a person; None for an application."""
        return self.key if self.app == CONSOLE else None

    def may(self, scope: Scope) -> bool:
        """Whether the key has this scope."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def sees(self, school: str, user: str | None) -> bool:
        """Whether a message of this school, sent by this user, is this caller's to see."""
        return school in self.schools and (not self.own_only or user == self.person)

    def school(self, asked: str | None) -> str:
        """The school of a request: the one named, or the only one of the key.

        Raises ``school_forbidden`` or ``school_required``.
        """
        if asked is not None:
            if asked not in self.schools:
                raise Problem("school_forbidden", f"La clé n'est pas celle de l'établissement {asked}.")
            return asked
        if len(self.schools) != 1:
            raise Problem("school_required", "Indiquez « school » : la clé sert à plusieurs établissements.")
        return next(iter(self.schools))


@dataclass(frozen=True, slots=True)
class Claim:
    """An ``Idempotency-Key`` being used: stored with the answer in the transaction of what it protects."""

    app: str
    key: str
    body_sha256: str
