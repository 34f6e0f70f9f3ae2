"""Provider accounts put through the API: one with its options, put, deleted. A password goes in and never out."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from gateway import contracts
from gateway.config.secrets import Keys, keys_of
from gateway.contracts import Contract
from gateway.model import MODES, AccountSettings, Mode
from gateway.problem import FieldError, Problem, field_problem
from gateway.registry import Registry
from gateway.requests import Short
from gateway.store import contracts as stored
from gateway.store.audit import noted
from gateway.vault import Vault
from gateway.web.answers.accounts import ContractView, DeletedAccount
from gateway.web.api.accounts import unknown
from gateway.web.api.actions import OPERATE
from gateway.web.problems import body_problem
from gateway.web.route import Call, Reply, Route


class ContractBody(BaseModel):
    """An account; the other options are those of its adapter, under the names of the configuration."""

    model_config = ConfigDict(extra="allow", frozen=True)

    adapter: str = Field("smpp", description="which adapter speaks to this provider")
    provider: str | None = Field(None, description="whose contract it is, as GET /v1/providers names it; null: none")
    key_id: Short | None = Field(None, description="clé d'identification: the login, for smpp its system_id")
    password: SecretStr | None = Field(None, description="left out or null: stays what it was")
    option1: Short = Field("", description="what the provider's papers call option 1; other options name it {option1}")
    option2: Short = Field("", description="what the provider's papers call option 2; other options name it {option2}")
    service_code: Short | None = Field(None, description="code de service, for smpp its service_type")
    modes: tuple[Mode, ...] = Field((), description="the modes it serves, after the accounts of the configuration")


async def show_account(call: Call) -> Reply:
    """``GET /v1/accounts/{name}``: its options, as a PUT takes them, without secrets."""
    registry, name = call.parts.registry, call.path["name"]
    account = registry.account(name)
    if account is None:
        raise unknown()
    return Reply(_view(registry, account))


def _view(registry: Registry, account: AccountSettings) -> dict[str, Any]:
    outside = {key: word for word, key in account.words.items()}
    options = _without(account.model_dump(mode="json", by_alias=True), keys_of([type(account)]).secrets)
    contract = registry.contract(account.name)
    modes = contract.modes if contract else [mode for mode in MODES if account in registry.accounts_of(mode)]
    return {
        "name": account.name,
        "declared_in_configuration": registry.declared_account(account.name),
        "options": {outside.get(key, key): value for key, value in options.items() if key != "name"},
        "modes": list(modes),
        "option_uses": {option: list(keys) for option, keys in account.uses.items()},
    }


def _without(value: Any, secrets: frozenset[str]) -> Any:
    """The same without the keys that hold secrets, at any depth."""
    if isinstance(value, dict):
        return {key: _without(inner, secrets) for key, inner in value.items() if key not in secrets}
    return [_without(inner, secrets) for inner in value] if isinstance(value, list) else value


async def put_account(call: Call) -> Reply:
    """``PUT /v1/accounts/{name}``: create or replace one; it is taken within a second, by every process."""
    registry, name = call.parts.registry, call.path["name"]
    _refuse_declared(registry, name)
    contract = _read(registry, name, call.body)
    sealed = contracts.seal(contract, _vault(registry))
    entry = call.act("account_put", name)
    new = await call.parts.store.write(noted(lambda conn: stored.put(conn, name, sealed, entry.at), entry))
    await registry.load(call.parts.store)
    return Reply(_view(registry, contract.settings), 201 if new else 200)


def _vault(registry: Registry) -> Vault:
    if registry.vault is None:
        cure = "Donnez une clé au réglage secrets.sealing_key de la configuration : sans elle, rien n'est gardé."
        raise Problem("no_sealing_key", cure)
    return registry.vault


def _read(registry: Registry, name: str, body: ContractBody) -> Contract:
    """What a body says of an account. Raises ``invalid_field``, with pointers, and ``no_sealing_key``."""
    _vault(registry)
    model = registry.adapters.get(body.adapter)
    if model is None:
        known = ", ".join(sorted(registry.adapters))
        raise field_problem("invalid_field", "/adapter", f"Cet adaptateur n'existe pas : {known}.")
    options = _options(registry, name, body, model)
    _check(registry, options, keys_of([model]))
    try:
        settings = model.model_validate(options)
    except ValidationError as error:
        # Not "from error": pydantic's own words repeat the values, and no log may have a password.
        raise _in_words(body_problem(error, model), model.words) from None
    return Contract(settings, options, tuple(mode for mode in MODES if mode in body.modes))


def _options(registry: Registry, name: str, body: ContractBody, model: type[AccountSettings]) -> dict[str, Any]:
    """The options under the adapter's own names; secrets that are left out stay."""
    said = {**body.model_dump(exclude={"modes", "password"}, exclude_none=True), "name": name}
    options = {model.words.get(word, word): value for word, value in said.items()}
    if body.password is not None:
        options["password"] = body.password.get_secret_value()
    before = registry.contract(name)
    if before is None:
        return options
    if before.options.get("password") and "password" not in options and _moved(options, before.options):
        cure = "L'adresse du fournisseur change : redonnez le mot de passe, qui n'ira pas ailleurs sans cela."
        raise field_problem("invalid_field", "/password", cure)
    return _kept(options, before.options, keys_of([model]).secrets)


def _moved(options: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    return options.get("host") != before.get("host")


def _kept(said: Mapping[str, Any], before: Mapping[str, Any], secrets: frozenset[str]) -> dict[str, Any]:
    """What is said, with the secrets of before that it leaves out, at any depth."""
    left_out = {key: before[key] for key in secrets & before.keys() - said.keys()}
    inner = {
        key: _kept(value, before[key], secrets)
        for key, value in said.items()
        if isinstance(value, dict) and isinstance(before.get(key), dict)
    }
    return {**said, **left_out, **inner}


def _check(registry: Registry, options: Mapping[str, Any], keys: Keys) -> None:
    """What the configuration's own rules say of an account; files of the server are not to be named from outside."""
    if options.get("provider") is not None and not any(
        one.name == options["provider"] for one in registry.settings.providers
    ):
        raise field_problem("invalid_field", "/provider", "Ce fournisseur n'est pas déclaré : voir GET /v1/providers.")
    if options.get("price") is not None and options.get("prices"):
        raise field_problem("invalid_field", "/prices", "« price » est donné aussi : gardez l'un des deux.")
    for key, value in options.items():
        if _names(value, keys.files):
            cure = "Un fichier du serveur ne se nomme que dans la configuration : déclarez-y ce compte."
            raise field_problem("invalid_field", f"/{key}", cure)


def _names(value: Any, files: frozenset[str]) -> bool:
    if isinstance(value, dict):
        return not files.isdisjoint(value) or any(_names(inner, files) for inner in value.values())
    return isinstance(value, list) and any(_names(inner, files) for inner in value)


def _in_words(problem: Problem, words: Mapping[str, str]) -> Problem:
    """The pointers as the body has them: ``/key_id``, not ``/system_id``."""
    outside = {f"/{key}": f"/{word}" for word, key in words.items()}
    errors = [FieldError(outside.get(one.pointer, one.pointer), one.code, one.message) for one in problem.errors]
    detail = f"{errors[0].pointer} : {errors[0].message}" if len(errors) == 1 else problem.detail
    return Problem(problem.code, detail, errors)


async def delete_account(call: Call) -> Reply:
    """``DELETE /v1/accounts/{name}``: nothing more leaves by it; what it carried stays in the accounts."""
    registry, name = call.parts.registry, call.path["name"]
    _refuse_declared(registry, name)
    if not await call.parts.store.write(
        noted(lambda conn: stored.remove(conn, name), call.act("account_deleted", name))
    ):
        raise unknown()
    await registry.load(call.parts.store)
    return Reply({"name": name, "deleted": True})


def _refuse_declared(registry: Registry, name: str) -> None:
    if registry.declared_account(name):
        raise Problem("declared_in_configuration", f"Le compte {name} est dans le fichier de configuration.")


ROUTES: tuple[Route, ...] = (
    Route(
        *("GET", "/v1/accounts/{name}", show_account, OPERATE, "Un compte fournisseur et ses options, sans secret"),
        answer=ContractView,
        tag="accounts",
        problems=("not_found",),
    ),
    Route(
        *("PUT", "/v1/accounts/{name}", put_account, OPERATE, "Créer ou remplacer un compte fournisseur"),
        body=ContractBody,
        answer=ContractView,
        also=(201,),
        tag="accounts",
        problems=("declared_in_configuration", "no_sealing_key"),
    ),
    Route(
        *("DELETE", "/v1/accounts/{name}", delete_account, OPERATE, "Supprimer un compte fournisseur"),
        answer=DeletedAccount,
        tag="accounts",
        problems=("declared_in_configuration", "not_found"),
    ),
)
