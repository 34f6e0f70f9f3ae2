"""The answers, as the reference shows them. Handlers write them by hand; a test compares both."""

from pydantic import BaseModel, Field


class Cost(BaseModel):
    """Un montant hors taxes."""

    amount: str = Field(description="décimal, hors taxes", examples=["0.0450"])
    currency: str = Field(description="toujours EUR", examples=["EUR"])


class Replacement(BaseModel):
    """Un caractère remplacé pour que le texte tienne dans l'alphabet GSM."""

    from_: str = Field(alias="from", description="le caractère de départ")
    to: str = Field(description="ce que le téléphone montrera")
    count: int = Field(description="combien de fois")


class MessageAccepted(BaseModel):
    """Un message enregistré sur disque : il ne se perdra plus."""

    id: str = Field(description="identifiant public", examples=["msg_01JDBZ5M3V9K5T7Q8W2X4Y6ZAB"])
    serial: int = Field(description="numéro dans l'établissement, à partir de 1")
    status: str = Field(description="état")
    status_label: str = Field(description="état en français")
    to: str | None = Field(description="numéro E.164 ; null s'il n'a pas pu être lu")
    text: str = Field(description="le texte tel qu'envoyé ; les valeurs confidentielles y sont •••")
    encoding: str = Field(description="gsm7 ou ucs2")
    characters: int = Field(description="caractères")
    units: int = Field(description="septets, ou unités UTF-16")
    parts: int = Field(description="SMS facturés")
    cost: Cost = Field(description="au prix du premier compte du mode")
    replacements: list[Replacement] = Field(description="caractères remplacés")
    batch: str | None = Field(description="l'envoi groupé dont il fait partie")
    reference: str | None = Field(description="la référence de l'application")
    reason: str | None = Field(None, description="pourquoi il est ignoré")
    reason_detail: str | None = Field(None, description="précision : landline, premium…")
    reason_label: str | None = Field(None, description="pourquoi, en français")


class IgnoredRow(BaseModel):
    """Un destinataire écarté."""

    row: int = Field(description="son rang, à partir de 1")
    rank: str | None = Field(description="de quel contact de la famille il s'agit")
    label: str = Field(description="son libellé")
    to: str | None = Field(description="son numéro, lu ou tel qu'envoyé")
    reason: str | None = Field(description="pourquoi : empty_mobile, opted_out, duplicate…")
    reason_detail: str | None = Field(description="précision : landline, premium…")
    reason_label: str | None = Field(description="pourquoi, en français")


class ResolvedContact(IgnoredRow):
    """Un contact d'un envoi groupé, retenu ou non."""

    checked: bool = Field(description="il recevrait le message")


class Resolved(BaseModel):
    """Tous les contacts, dans l'ordre."""

    data: list[ResolvedContact]


class BatchAccepted(BaseModel):
    """Un envoi groupé, enregistré d'un seul tenant (ou essayé à blanc : id est alors null)."""

    id: str | None = Field(description="identifiant public", examples=["bat_01JDBZ5M3V9K5T7Q8W2X4Y6ZAB"])
    accepted: int = Field(description="messages acceptés")
    ignored: int = Field(description="destinataires écartés")
    parts: int = Field(description="SMS facturés")
    cost: Cost = Field(description="leur coût")
    ignored_rows: list[IgnoredRow] = Field(description="les écartés, avec la raison")


class Culprit(BaseModel):
    """Un caractère qui n'est pas dans l'alphabet GSM."""

    char: str
    position: int = Field(description="à partir de 0, dans le texte avant remplacement")
    replaceable: bool


class UnicodeCost(BaseModel):
    """Ce que coûterait le texte sans remplacement."""

    parts: int


class RecipientsTotal(BaseModel):
    """Ce que donnerait l'envoi groupé."""

    accepted: int
    ignored: int
    min_parts: int
    max_parts: int
    total_parts: int


class Preview(BaseModel):
    """Ce qui serait envoyé ; rien n'est enregistré."""

    encoding: str
    units: int
    characters: int
    parts: int
    remaining: int = Field(description="unités libres dans le dernier SMS")
    text: str = Field(description="ce que le téléphone montrera")
    replacements: list[Replacement]
    culprits: list[Culprit]
    unicode: UnicodeCost
    cost: Cost
    recipients: RecipientsTotal
    ignored_rows: list[IgnoredRow]
