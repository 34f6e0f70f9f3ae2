"""What the gateway says of itself."""

from pydantic import Field

from gateway.web.answers.base import Answer


class Alive(Answer):
    """Le processus vit."""

    status: str = Field(description="toujours ok")


class LaneView(Answer):
    """Un compte fournisseur que ce processus exploite."""

    name: str = Field(description="son nom")
    adapter: str = Field(description="comment on parle à ce fournisseur")
    bound: int = Field(description="liaisons établies")
    ready: bool = Field(description="il peut envoyer maintenant")
    why: str = Field(description="pourquoi il ne peut pas, ou pas par toutes ses liaisons ; en anglais")
    paused: bool = Field(description="suspendu par une personne")
    rate: float = Field(description="SMS par seconde, réglage du compte")
    rate_now: float = Field(description="SMS par seconde au plus en ce moment")
    rate_learned: float | None = Field(description="ce que le fournisseur accepte ; null tant que `rate` lui convient")
    window: int = Field(description="envois sans réponse au plus")
    in_hand: int = Field(description="SMS en main dans ce processus")


class DoorView(Answer):
    """Une porte par laquelle entrent des systèmes amont."""

    name: str = Field(description="son nom")
    kind: str = Field(description="ce qu'on y parle")
    listen: str = Field(description="adresse et port d'écoute")
    encrypted: bool = Field(description="chiffrée par TLS")
    binds: dict[str, int] = Field(description="liaisons de chaque application en ce moment")


class Readiness(Answer):
    """Si ce processus peut faire son travail ; un fournisseur absent ne l'empêche pas."""

    status: str = Field(description="ready, ou unavailable (503)")
    reasons: list[str] = Field(description="pourquoi il ne peut pas, en anglais")
    accounts: list[LaneView] = Field(description="les comptes qu'il exploite")
    doors: list[DoorView] = Field(description="les portes qu'il tient ouvertes")
