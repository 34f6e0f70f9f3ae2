"""What telephones wrote."""

from typing import Any

from pydantic import Field

from gateway.states import Status
from gateway.web.answers.base import Answer, Page


class InboundView(Answer):
    """Un SMS reçu."""

    id: str = Field(description="identifiant public", examples=["in_01JDBZ5M3V9K5T7Q8W2X4Y6ZAB"])
    received_at: str = Field(description="reçu par la passerelle : sa première partie")
    account: str = Field(description="le compte fournisseur qui l'a apporté")
    number: str | None = Field(
        description="le téléphone, en E.164 s'il a pu être lu ; masqué sans le droit numbers ; null : effacé"
    )
    to: str = Field(description="notre numéro ou numéro court")
    text: str | None = Field(
        description="le texte ; […] à la place des parties manquantes ; en hexadécimal s'il est binaire ; null : effacé"
    )
    encoding: str = Field(description="gsm7, latin1, ucs2, ou binary : ce qui n'est pas un texte")
    parts: int = Field(description="SMS dont il est fait")
    missing: list[int] = Field(description="rangs des parties qui ne sont pas arrivées, à partir de 1")
    kind: str = Field(description="reply, stop, start, message (d'un établissement, sans répondre) ou unattached")
    school: str | None = Field(description="UAI ; null : nul ne peut le dire")
    message: str | None = Field(description="le message auquel il répond")
    event: str | None = Field(description="l'évènement de ce message")
    action: str | None = Field(description="l'action de ce message")


class InboundList(Answer):
    """Une page de SMS reçus."""

    data: list[InboundView] = Field(description="les SMS reçus, le plus récent d'abord")
    page: Page = Field(description="où l'on est dans la liste")


class AnsweredView(Answer):
    """La réponse à un évènement."""

    event: str = Field(description="identifiant de l'évènement")
    school: str = Field(description="UAI de l'établissement")
    answered_at: str = Field(description="quand il a été répondu")
    how: str = Field(description="reply : par SMS ; api : noté par une application")
    by: str | None = Field(description="qui a répondu : le libellé du destinataire, ou ce qui a été noté")
    actor: str | None = Field(description="qui l'a noté : application/clé")


class OverdueMessage(Answer):
    """Un message resté sans réponse."""

    id: str = Field(description="identifiant public", examples=["msg_01JDBZ5M3V9K5T7Q8W2X4Y6ZAB"])
    recipient_label: str | None = Field(description="libellé du destinataire ; null : effacé")
    to: str | None = Field(description="numéro E.164 ; masqué sans le droit numbers ; null : effacé")
    status: Status = Field(description="état")
    sent_at: str = Field(description="remis au fournisseur")


class Overdue(Answer):
    """Un évènement resté sans réponse dans le délai de l'action."""

    event: str | None = Field(description="identifiant de l'évènement ; null : le message n'en a pas")
    event_label: str | None = Field(description="l'évènement en français")
    subject: dict[str, Any] | None = Field(description="l'élève, tel que l'application l'a donné")
    sent_at: str = Field(description="premier message remis au fournisseur")
    due_at: str = Field(description="en retard depuis")
    messages: list[OverdueMessage] = Field(description="ses messages, un par destinataire")


class OverdueList(Answer):
    """Une page d'évènements sans réponse."""

    data: list[Overdue] = Field(description="les évènements, celui qui attend depuis le plus longtemps d'abord")
    page: Page = Field(description="où l'on est dans la liste")
