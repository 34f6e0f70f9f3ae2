"""Which modes an account may serve now, and what it may go on with. Pure.

Rules: the first account of a mode that can send takes its messages; the next ones only once every account before
them has been unable to send for its ``failover_after``. A paused account is unable like any other. What has
begun to leave goes on by another account only where the phone joins the parts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.model import AccountSettings


class Link(Protocol):
    """An account as routing sees it."""

    @property
    def down_since(self) -> float | None:
        """Since when (seconds) it cannot send; None while it can."""

    @property
    def failover_after(self) -> float:
        """Seconds of that after which the next account takes over."""


@dataclass(frozen=True, slots=True)
class Means:
    """The accounts of a mode, first choice first, and what a message needs that any of them may come to send."""

    accounts: tuple[AccountSettings, ...]
    narrow: bool  # one of them has less room for the text of a part
    lacks: str  # characters of the GSM alphabet that one of them cannot carry
    ahead: int  # milliseconds before its time that all of them may have a message
    short_codes: frozenset[str]  # senders that all of them list


def means(accounts: Sequence[AccountSettings]) -> Means:
    """What these accounts have in common."""
    listed = [frozenset(account.senders) for account in accounts]
    return Means(
        tuple(accounts),
        any(account.narrow for account in accounts),
        "".join(sorted({char for account in accounts for char in account.lacks})),
        min((account.ahead for account in accounts), default=0),
        frozenset[str].intersection(*listed) if listed else frozenset(),
    )


class Declared(Protocol):
    """An account with what is declared of it."""

    @property
    def settings(self) -> AccountSettings:
        """Its settings."""


def may_continue(own: AccountSettings, links: Mapping[str, Declared], begun_by: str) -> bool:
    """Whether the rest of a message that another account began may go by this one: by any, if that one is no more."""
    other = links.get(begun_by)
    return other is None or own.continues(other.settings)


def modes_for(
    account: str, modes: Mapping[str, Sequence[str]], links: Mapping[str, Link], now: float
) -> tuple[str, ...]:
    """The modes whose messages this account may take at ``now``."""
    return tuple(mode for mode, order in modes.items() if account in order and _first(account, order, links, now))


def _first(account: str, order: Sequence[str], links: Mapping[str, Link], now: float) -> bool:
    return all(_given_up(links.get(before), now) for before in order[: order.index(account)])


def _given_up(link: Link | None, now: float) -> bool:
    if link is None or link.down_since is None:
        return link is None
    return now - link.down_since >= link.failover_after
