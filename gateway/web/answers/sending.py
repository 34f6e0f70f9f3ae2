"""What intake answers: a message or a batch accepted, resolved, previewed."""

from pydantic import Field

from gateway.states import Status
from gateway.web.answers.base import Answer, Cost


class Replacement(Answer):
    """Un caractère remplacé pour que le texte tienne dans l'alphabet GSM."""

    from_: str = Field(alias="from", description="le caractère de départ")
    to: str = Field(description="ce que le téléphone montrera")
    count: int = Field(description="combien de fois")


class MessageAccepted(Answer):
    """Un message enregistré sur disque : il ne se perdra plus."""

    id: str = Field(description="identifiant public", examples=["msg_01JDBZ5M3V9K5T7Q8W2X4Y6ZAB"])
    serial: int = Field(description="numéro dans l'établissement, à partir de 1")
    status: Status = Field(description="état")
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


class IgnoredRow(Answer):
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


class Resolved(Answer):
    """Tous les contacts, dans l'ordre."""

    data: list[ResolvedContact] = Field(description="les contacts")


class BatchAccepted(Answer):
    """Un envoi groupé, enregistré d'un seul tenant (ou essayé à blanc : id est alors null)."""

    id: str | None = Field(description="identifiant public", examples=["bat_01JDBZ5M3V9K5T7Q8W2X4Y6ZAB"])
    accepted: int = Field(description="messages acceptés")
    ignored: int = Field(description="destinataires écartés")
    parts: int = Field(description="SMS facturés")
    cost: Cost = Field(description="leur coût")
    ignored_rows: list[IgnoredRow] = Field(description="les écartés, avec la raison")


class Culprit(Answer):
    """Un caractère qui n'est pas dans l'alphabet GSM."""

    char: str = Field(description="le caractère")
    position: int = Field(description="à partir de 0, dans le texte avant remplacement")
    replaceable: bool = Field(description="il a un remplaçant dans l'alphabet GSM")


class UnicodeCost(Answer):
    """Ce que coûterait le texte sans remplacement."""

    parts: int = Field(description="SMS par message")


class RecipientsTotal(Answer):
    """Ce que donnerait l'envoi groupé."""

    accepted: int = Field(description="messages acceptés")
    ignored: int = Field(description="destinataires écartés")
    min_parts: int = Field(description="SMS du message le plus court")
    max_parts: int = Field(description="SMS du message le plus long")
    total_parts: int = Field(description="SMS en tout")


class Preview(Answer):
    """Ce qui serait envoyé ; rien n'est enregistré. D'un envoi groupé, le premier texte qui partirait."""

    encoding: str = Field(description="gsm7 ou ucs2")
    units: int = Field(description="septets, ou unités UTF-16")
    characters: int = Field(description="caractères")
    parts: int = Field(description="SMS par message")
    remaining: int = Field(description="unités libres dans le dernier SMS")
    text: str = Field(description="ce que le téléphone montrera")
    replacements: list[Replacement] = Field(description="caractères remplacés")
    culprits: list[Culprit] = Field(description="caractères qui ne sont pas dans l'alphabet GSM")
    unicode: UnicodeCost = Field(description="ce que coûterait le texte sans remplacement")
    cost: Cost = Field(description="coût de tout l'envoi")
    recipients: RecipientsTotal = Field(description="ce que donnerait l'envoi groupé")
    ignored_rows: list[IgnoredRow] = Field(description="les écartés, avec la raison")
