"""People who use the console, and the journal of what was done."""

from pydantic import Field

from gateway.roles import Role
from gateway.web.answers.base import Answer, Page


class UserView(Answer):
    """Un utilisateur de la console."""

    login: str = Field(description="son identifiant")
    name: str = Field(description="son nom")
    schools: list[str] = Field(description="UAI de ses établissements")
    roles: list[Role] = Field(description="ses rôles")
    recap_all: bool = Field(description="« Récapitulatif des SMS pour tous les utilisateurs »")
    blocked: str | None = Field(description="« Bloquer l'envoi de SMS » : la raison ; null : il peut envoyer")
    disabled_at: str | None = Field(description="désactivé depuis")
    locked_until: str | None = Field(description="bloqué jusque-là après des mots de passe refusés")
    created_at: str | None = Field(description="créé")
    updated_at: str | None = Field(description="changé")


class UserList(Answer):
    """Les utilisateurs de ses établissements."""

    data: list[UserView] = Field(description="les utilisateurs, par identifiant")
    page: Page = Field(description="la liste est toujours entière")


class Act(Answer):
    """Un acte du journal."""

    id: int = Field(description="son numéro")
    at: str = Field(description="quand")
    actor: str = Field(description="qui : application/clé, ou console/identifiant")
    act: str = Field(description="quoi")
    act_label: str = Field(description="quoi, en français")
    subject: str = Field(description="sur quoi")
    detail: str = Field(description="précision")
    school: str | None = Field(description="UAI ; null : d'aucun établissement")
    address: str = Field(description="depuis quelle adresse")


class Journal(Answer):
    """Une page du journal."""

    data: list[Act] = Field(description="les actes, le dernier d'abord")
    page: Page = Field(description="où l'on est dans la liste")
