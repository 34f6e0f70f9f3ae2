"""Which modes an account may serve now, and what it may go on with. Pure.

Rules: the first account of a mode that can send takes its messages; the next ones only once every account before
them has been unable to send for its ``failover_after``. A paused account is unable like any other. What has
begun to leave goes on by another account only where the phone joins the parts.
"""

from collections.abc import Mapping, Sequence
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
