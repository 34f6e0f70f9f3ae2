"""What is declared: schools, actions, templates, accounts, modes; from the configuration and from the store.

Rules: the configuration wins over the store; what a school leaves open is filled from ``defaults`` once, here.
Every question is answered from memory, so that no message waits for one. Another process's change is seen
when ``refresh`` is next called.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gateway.contracts import Adapters, Contract, opened
from gateway.model import MODES, AccountSettings, Action, Mode, School, Template
from gateway.periods import local
from gateway.routing import Means, means
from gateway.store import catalogue, contracts, months, users
from gateway.store.months import Budget
from gateway.vault import Vault

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.store.database import Store


#: Of a process that opens no stored account.
NO_ADAPTERS: Adapters = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class KnownSchool:
    """A school with everything filled in: what it says, else ``defaults``."""

    uai: str
    name: str
    sender: str
    region: str
    timezone: str
    foreign: tuple[str, ...]
    zone: ZoneInfo


class Registry:
    """The declared things, ready to be asked."""

    def __init__(self, settings: "Settings", adapters: Adapters = NO_ADAPTERS) -> None:
        self.adapters = adapters
        self._sealed: Sequence[tuple[str, bytes]] = ()
        self._stored_actions: Mapping[str, Action] = {}
        self._stored_templates: Mapping[str, Template] = {}
        self._blocked: Mapping[tuple[str, str], str] = {}
        self._budgets: Sequence[Budget] = ()
        self._stamp: catalogue.Stamp | None = None
        self.replace(settings)

    # ---- where it comes from ----

    def replace(self, settings: "Settings") -> None:
        """Take another configuration; what the store holds is kept."""
        self._settings = settings
        sealing_key = settings.secrets.sealing_key
        self.vault = Vault(sealing_key.get_secret_value()) if sealing_key is not None else None
        self._schools = {school.uai: _known(school, settings) for school in settings.schools}
        self._declared_accounts = {account.name: account for account in settings.accounts}
        self._declared_actions = {action.code: action for action in settings.actions}
        self._declared_templates = {template.code: template for template in settings.templates}
        self._merge()

    async def load(self, store: "Store") -> None:
        """Read the stored actions and templates, and who may not send. Raises StoreUnavailable."""
        self._stamp, actions, templates = await store.read(catalogue.read_all)
        self._blocked = await store.read(users.blocked)
        self._budgets = [one for one in await store.read(months.budgets) if one.stop]
        self._sealed = await store.read(contracts.read_all)
        self._stored_actions = {action.code: action for action in actions}
        self._stored_templates = {template.code: template for template in templates}
        self._merge()

    async def refresh(self, store: "Store") -> None:
        """``load`` if anything changed since: cheap enough to be called every second. Raises StoreUnavailable."""
        if await store.read(catalogue.stamp) != self._stamp:
            await self.load(store)

    def _merge(self) -> None:
        self._actions = {**self._stored_actions, **self._declared_actions}
        self._templates = {**self._stored_templates, **self._declared_templates}
        sealed = [(name, data) for name, data in self._sealed if name not in self._declared_accounts]
        self._contracts = opened(sealed, self.vault, self.adapters)
        stored = {name: contract.settings for name, contract in self._contracts.items()}
        self._accounts: Mapping[str, AccountSettings] = {**self._declared_accounts, **stored}
        self._modes: Mapping[str, tuple[str, ...]] = {mode: self._names_of(mode) for mode in MODES}
        self._means: dict[str, Means] = {}

    def _names_of(self, mode: Mode) -> tuple[str, ...]:
        """The accounts of a mode: those of the configuration in its order, then those put through the API."""
        put = (name for name, contract in self._contracts.items() if mode in contract.modes)
        return (*self._settings.modes.get(mode, ()), *put)

    @property
    def settings(self) -> "Settings":
        """The configuration in force."""
        return self._settings

    # ---- schools ----

    def school(self, uai: str) -> KnownSchool | None:
        """The school of a UAI, or None."""
        return self._schools.get(uai)

    def schools(self) -> tuple[KnownSchool, ...]:
        """All schools, as declared."""
        return tuple(self._schools.values())

    def whole(self, schools: Collection[str]) -> bool:
        """Whether these are all the schools there are: who has them may see what is of several, or nobody's."""
        return all(uai in schools for uai in self._schools)

    def zone(self, uai: str) -> ZoneInfo:
        """Where the school's days and months are; ``defaults.timezone`` for a school no longer declared."""
        known = self._schools.get(uai)
        return known.zone if known else self.home

    def day(self, uai: str, at: int) -> date:
        """The day of an instant in the school's zone."""
        return local(at, self.zone(uai)).date()

    @property
    def home(self) -> ZoneInfo:
        """``defaults.timezone``: for what is of no school."""
        return ZoneInfo(self._settings.defaults.timezone)

    def limits(self, school: str, action: str) -> list[Budget]:
        """The budgets that stop messages of this action."""
        return [one for one in self._budgets if one.school == school and one.action in ("", action)]

    def blocked(self, school: str, user: str | None) -> str | None:
        """Why this user may not send for this school; None when they may."""
        return self._blocked.get((school, user)) if user is not None and self._blocked else None

    # ---- actions and templates ----

    def action(self, code: str) -> Action | None:
        """The action of a code, or None."""
        return self._actions.get(code)

    def response_days(self, code: str) -> int:
        """The « délai de réponse » of an action, in days; 0: none."""
        action = self._actions.get(code)
        return action.response_delay_days if action is not None else 0

    def actions(self) -> tuple[Action, ...]:
        """All actions, by code."""
        return tuple(sorted(self._actions.values(), key=lambda action: action.code))

    def declared(self, code: str) -> bool:
        """Whether the configuration declares this action, which makes it read-only."""
        return code in self._declared_actions

    def usable(self, action: Action) -> bool:
        """Whether it is fully set up."""
        return self.obstacle(action) is None

    def obstacle(self, action: Action) -> str | None:
        """Why no message can be sent for it, by the code of the problem that one would be refused with."""
        if action.treatment != "sms":
            return "treatment_not_sms"
        if action.template is not None and action.template not in self._templates:
            return "unknown_template"
        return None if self.accounts_of(self.mode(action)) else "no_provider"

    def template(self, code: str, school: str) -> Template | None:
        """The template of a code if that school may use it."""
        found = self._templates.get(code)
        return found if found is not None and found.school in (None, school) else None

    def templates(self) -> tuple[Template, ...]:
        """All templates of all schools, by code."""
        return tuple(sorted(self._templates.values(), key=lambda template: template.code))

    def templates_of(self, schools: Collection[str]) -> tuple[Template, ...]:
        """Those for every school, and those of these schools, by code."""
        return tuple(one for one in self.templates() if one.school is None or one.school in schools)

    def declared_template(self, code: str) -> bool:
        """Whether the configuration declares this template, which makes it read-only."""
        return code in self._declared_templates

    # ---- accounts and modes ----

    def account(self, name: str) -> AccountSettings | None:
        """The account of a name, or None."""
        return self._accounts.get(name)

    def accounts(self) -> tuple[AccountSettings, ...]:
        """All accounts: as declared, then those put through the API."""
        return tuple(self._accounts.values())

    def declared_account(self, name: str) -> bool:
        """Whether the configuration declares this account, which makes it read-only."""
        return name in self._declared_accounts

    def contract(self, name: str) -> Contract | None:
        """The account of a name if it was put through the API and can be opened."""
        return self._contracts.get(name)

    def accounts_of(self, mode: Mode) -> tuple[AccountSettings, ...]:
        """The accounts of a mode, first choice first; empty when it has none."""
        return self.means(mode).accounts

    def means(self, mode: Mode) -> Means:
        """The accounts of a mode, and what they have in common; empty when it has none."""
        if (known := self._means.get(mode)) is None:
            known = self._means[mode] = means([self._accounts[name] for name in self._modes.get(mode, ())])
        return known

    def modes(self) -> Mapping[str, tuple[str, ...]]:
        """The accounts of each mode, by name, first choice first."""
        return self._modes

    def mode(self, action: Action) -> Mode:
        """The mode of an action that a message does not overrule."""
        return action.mode or self._settings.defaults.mode


def _known(school: School, settings: "Settings") -> KnownSchool:
    defaults = settings.defaults
    timezone = school.timezone or defaults.timezone
    return KnownSchool(
        uai=school.uai,
        name=school.name,
        sender=school.sender or defaults.sender,
        region=school.region or defaults.region,
        timezone=timezone,
        foreign=tuple(school.foreign if school.foreign is not None else defaults.foreign),
        zone=ZoneInfo(timezone),
    )
