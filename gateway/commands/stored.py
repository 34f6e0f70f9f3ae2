"""Provider accounts that were put through the API, for commands that need no running gateway."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.config import Settings
from gateway.contracts import Contract, parted
from gateway.store.contracts import glance
from gateway.store.database import StoreUnavailable
from gateway.store.engine import database_path
from gateway.vault import Vault


@dataclass(frozen=True, slots=True)
class Stored:
    """Those that the gateway uses, by name, and what a person should know of them, in English."""

    accounts: Mapping[str, Contract]
    warnings: Sequence[str]


def stored(settings: Settings) -> Stored:
    """Read them from the store, which is left as it is."""
    from gateway.app import OPTIONS

    try:
        sealed = glance(database_path(settings.store.url))
    except StoreUnavailable as error:
        return Stored({}, [f"accounts put through the API are not looked at: {error}"])
    key = settings.secrets.sealing_key
    found, closed = parted(sealed, Vault(key.get_secret_value()) if key is not None else None, OPTIONS)
    declared = {account.name for account in settings.accounts}
    used = {name: contract for name, contract in found.items() if name not in declared}
    hidden = [
        f"{_of(name)} is hidden by the one of the configuration: rename that one, or delete this one's account there"
        for name in sorted(declared.intersection((*found, *closed)))
    ]
    shut = [
        f"{_of(name)} cannot be opened, {why}: give its key again, or put the account anew"
        for name, why in closed.items()
        if name not in declared
    ]
    return Stored(used, [*shut, *hidden, *_cautions(settings, used)])


def _of(name: str) -> str:
    return f"account {name}, put through the API,"


def _cautions(settings: Settings, accounts: Mapping[str, Contract]) -> Iterator[str]:
    known = {provider.name for provider in settings.providers}
    for name, contract in accounts.items():
        for key, words in contract.settings.cautions():
            yield f"{_of(name)} {key}: {words}"
        provider = contract.settings.provider
        if provider is not None and provider not in known:
            yield f"{_of(name)} provider: {provider} is not declared under providers"
        if not contract.modes:
            yield f"{_of(name)} serves no mode: nothing leaves by it"
