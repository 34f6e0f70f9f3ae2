"""Provider accounts that the configuration does not declare: read, sealed for the store, and opened again.

A contract is the options of an account, as its adapter's model reads them, and the modes that it serves.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from gateway.model import MODES, AccountSettings, Mode
from gateway.vault import Vault

log = logging.getLogger(__name__)

#: By the word that names the adapter: the model of its accounts.
Adapters = Mapping[str, type[AccountSettings]]


@dataclass(frozen=True, slots=True)
class Contract:
    """One account put through the API. ``options``: what its model read, secrets included."""

    settings: AccountSettings
    options: Mapping[str, Any]
    modes: tuple[Mode, ...]


def seal(contract: Contract, vault: Vault) -> bytes:
    """A contract for the store."""
    return vault.seal(orjson.dumps({"options": dict(contract.options), "modes": contract.modes}))


def opened(sealed: Sequence[tuple[str, bytes]], vault: Vault | None, adapters: Adapters) -> dict[str, Contract]:
    """The contracts that can be opened, by name; the log names the others."""
    found, closed = parted(sealed, vault, adapters)
    for name, why in closed.items():
        log.error("a stored provider account cannot be opened", extra={"account": name, "why": why})
    return found


def parted(
    sealed: Sequence[tuple[str, bytes]], vault: Vault | None, adapters: Adapters
) -> tuple[dict[str, Contract], dict[str, str]]:
    """The contracts that can be opened, by name, and why the others cannot."""
    found, closed = dict[str, Contract](), dict[str, str]()
    for name, data in sealed:
        plain = vault.open(data) if vault is not None else None
        contract = _read(plain, adapters) if plain is not None else None
        if contract is None:
            why = "not a contract that is understood" if plain is not None else "secrets.sealing_key is not its key"
            closed[name] = why
        else:
            found[name] = contract
    return found, closed


def _read(plain: bytes, adapters: Adapters) -> Contract | None:
    stored = orjson.loads(plain)
    options = stored["options"]
    model = adapters.get(options["adapter"])
    try:
        settings = model.model_validate(options) if model is not None else None
    except ValidationError:
        return None
    modes = tuple(mode for mode in MODES if mode in stored["modes"])
    return Contract(settings, options, modes) if settings is not None else None
