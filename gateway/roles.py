"""What a person may do in the console: roles, and the scopes that each gives. Pure.

Rules: a person may have several roles; scopes add up. Whole telephone numbers are for those who write to families
or release what was written; the others see them masked.
"""

from collections.abc import Iterable
from enum import StrEnum

from gateway.caller import Scope


class Role(StrEnum):
    """What a person is to the gateway."""

    ENVOI = "envoi"
    DIFFUSEUR = "diffuseur"
    COMPTABLE = "comptable"
    EXPLOITANT = "exploitant"
    ADMINISTRATEUR = "administrateur"

    @property
    def label(self) -> str:
        """In French, with what it is for."""
        return LABELS[self]


LABELS = {
    Role.ENVOI: "Envoi : écrire aux familles",
    Role.DIFFUSEUR: "Diffuseur : diffuser ou supprimer ce qui attend",
    Role.COMPTABLE: "Comptable : synthèse, mois, rapprochement",
    Role.EXPLOITANT: "Exploitant : comptes fournisseurs, actions, modèles",
    Role.ADMINISTRATEUR: "Administrateur : tout, avec les utilisateurs et le journal",
}

SCOPES: dict[Role, frozenset[Scope]] = {
    Role.ENVOI: frozenset({Scope.SEND, Scope.READ, Scope.NUMBERS, Scope.CONSENTS}),
    Role.DIFFUSEUR: frozenset({Scope.READ, Scope.NUMBERS, Scope.RELEASE}),
    Role.COMPTABLE: frozenset({Scope.READ, Scope.ACCOUNTS}),
    Role.EXPLOITANT: frozenset({Scope.READ, Scope.OPERATE}),
    Role.ADMINISTRATEUR: frozenset({Scope.ADMIN}),
}


def scopes(roles: Iterable[Role]) -> frozenset[Scope]:
    """Everything that these roles may do."""
    return frozenset(scope for role in roles for scope in SCOPES[role])
