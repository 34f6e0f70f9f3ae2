"""Messages that are stored: lists, the report, batches, and what was released, cancelled or resent."""

from typing import Any

from pydantic import Field

from gateway.model import Kind, Priority
from gateway.states import Status
from gateway.web.answers.base import Answer, Cost, CountedPage
from gateway.web.answers.sending import Replacement


class RecipientView(Answer):
    """Le destinataire, tel que l'application l'a donné."""

    label: str | None = Field(description="son libellé ; null : effacé")
    kind: Kind = Field(description="qui il est pour l'établissement")
    rank: str | None = Field(description="de quel contact de la famille il s'agit")


class OriginView(Answer):
    """Qui a envoyé, d'où."""

    user: str | None = Field(description="utilisateur de l'application")
    workstation: str | None = Field(description="poste de l'utilisateur")


class OverrideView(Answer):
    """Pourquoi « ne pas envoyer de SMS » a été levé."""

    reason: str = Field(description="le motif donné")


class MessageView(Answer):
    """Un message, tel qu'il est maintenant."""

    id: str = Field(description="identifiant public", examples=["msg_01JDBZ5M3V9K5T7Q8W2X4Y6ZAB"])
    serial: int = Field(description="numéro dans l'établissement, à partir de 1")
    school: str = Field(description="UAI de l'établissement")
    status: Status = Field(description="état")
    status_label: str = Field(description="état en français", examples=["Reçu le 20 sep. à 10:59 (1 SMS)"])
    followup_label: str = Field(description="ligne de suivi", examples=["Msg 11188 - en transit - 15/02/2008 à 14:40"])
    reason: str | None = Field(description="pourquoi il est ignoré ou a fini ainsi")
    reason_detail: str | None = Field(description="précision : landline, premium…")
    reason_label: str | None = Field(description="pourquoi, en français")
    possibly_double: bool = Field(description="renvoyé sans savoir si le premier envoi est parti")
    to: str | None = Field(
        description="numéro E.164, ou tel qu'envoyé s'il n'a pu être lu ; masqué sans le droit numbers ; null : effacé"
    )
    sender: str = Field(description="émetteur")
    text: str | None = Field(
        description="le texte tel qu'envoyé ; les valeurs confidentielles y sont ••• ; null : effacé"
    )
    template: str | None = Field(description="code du modèle")
    encoding: str = Field(description="gsm7 ou ucs2")
    characters: int = Field(description="caractères")
    units: int = Field(description="septets, ou unités UTF-16")
    parts: int = Field(description="SMS facturés")
    cost: Cost = Field(description="montré à l'acceptation, au prix du premier compte du mode")
    replacements: list[Replacement] = Field(description="caractères remplacés")
    flash: bool = Field(description="affiché aussitôt par le téléphone, sans être gardé")
    tlvs: dict[str, int | str] = Field(description="champs destinés au seul fournisseur")
    action: str = Field(description="code de l'action")
    mode: str = Field(description="qualité d'envoi")
    priority: Priority = Field(description="alert passe avant normal, normal avant bulk")
    batch: str | None = Field(description="l'envoi groupé dont il fait partie")
    reference: str | None = Field(description="la référence de l'application")
    recipient: RecipientView = Field(description="le destinataire")
    subject: dict[str, Any] | None = Field(description="l'élève, tel que l'application l'a donné")
    event: dict[str, Any] | None = Field(description="l'évènement, tel que l'application l'a donné")
    event_label: str | None = Field(description="l'évènement en français")
    origin: OriginView = Field(description="qui a envoyé, d'où")
    metadata: dict[str, str] | None = Field(description="couples libres de l'application")
    override: OverrideView | None = Field(description="la levée exceptionnelle, s'il y en a eu une")
    created_at: str = Field(description="enregistré")
    released_at: str | None = Field(description="diffusé")
    send_at: str | None = Field(description="à ne pas envoyer avant")
    sent_at: str | None = Field(description="remis au fournisseur")
    status_at: str = Field(description="dernier changement d'état")
    valid_until: str | None = Field(description="à ne plus envoyer après")
    text_erased_at: str | None = Field(description="texte effacé : durée de conservation, ou demande de la personne")
    people_erased_at: str | None = Field(description="numéro, noms et évènement effacés, de même")
    answered_at: str | None = Field(description="réponse à son évènement, par l'un des destinataires ou notée")
    answer_due_at: str | None = Field(description="sans réponse, en retard à partir de là ; null : sans délai")
    answered_late: bool = Field(description="répondu, mais après ce délai")


class MessageList(Answer):
    """Une page de messages."""

    data: list[MessageView] = Field(description="les messages")
    page: CountedPage = Field(description="où l'on est dans la liste")


class Step(Answer):
    """Une étape d'un message."""

    at: str = Field(description="quand")
    kind: str = Field(description="nature de l'étape : accepted, released, submitted, receipt…")
    label: str = Field(description="l'étape en français")
    part: int | None = Field(description="de quelle partie ; null : du message entier")
    status: Status | None = Field(description="l'état atteint")
    detail: str | None = Field(description="précision : compte, identifiant du fournisseur, code d'erreur")
    actor: str | None = Field(description="qui l'a demandée : application/clé")


class ReceiptView(Answer):
    """Un accusé du fournisseur."""

    received_at: str = Field(description="reçu par la passerelle")
    state: str = Field(description="le mot du fournisseur : DELIVRD…")
    status: Status | None = Field(description="l'état correspondant")
    error: str = Field(description="le code d'erreur du fournisseur")
    submitted: str | None = Field(description="heure d'envoi, à l'horloge du fournisseur")
    done: str | None = Field(description="heure de fin, à l'horloge du fournisseur")
    intermediate: bool = Field(description="accusé intermédiaire : il ne termine rien")
    matched_by: str | None = Field(description="id, ou number s'il a été reconnu par le numéro")


class PartView(Answer):
    """Une partie : ce que le fournisseur facture."""

    number: int = Field(description="son rang, à partir de 1")
    status: Status = Field(description="état")
    status_label: str = Field(description="état en français")
    status_at: str = Field(description="dernier changement d'état")
    account: str | None = Field(description="le compte qui l'a prise")
    joined: bool = Field(description="partie d'un seul tenant avec les autres : une réponse et un accusé pour toutes")
    tries: int = Field(description="envois tentés")
    resends: int = Field(description="renvois après un envoi sans réponse")
    due_at: str = Field(description="pas avant")
    submitted_at: str | None = Field(description="remise au fournisseur")
    answered_at: str | None = Field(description="réponse du fournisseur")
    provider_id: str | None = Field(description="identifiant du fournisseur")
    error: str | None = Field(description="code d'erreur du fournisseur")
    uncertain_at: str | None = Field(description="depuis quand on ne sait pas si elle est partie")
    receipts: list[ReceiptView] = Field(description="ses accusés")
    content: str | None = Field(description="son texte ; null s'il a une valeur confidentielle, ou s'il est effacé")


class Report(Answer):
    """Le rapport d'envoi."""

    message: MessageView = Field(description="le message")
    steps: list[Step] = Field(description="chaque étape, dans l'ordre")
    parts: list[PartView] = Field(description="chaque partie")


class BatchView(Answer):
    """Un envoi groupé."""

    id: str = Field(description="identifiant public", examples=["bat_01JDBZ5M3V9K5T7Q8W2X4Y6ZAB"])
    school: str = Field(description="UAI de l'établissement")
    action: str = Field(description="code de l'action")
    created_at: str = Field(description="enregistré")
    recipients: int = Field(description="destinataires de la demande")
    accepted: int = Field(description="messages acceptés")
    ignored: int = Field(description="destinataires écartés")
    parts: int = Field(description="SMS facturés")
    cost: Cost = Field(description="leur coût")
    counts: dict[Status, int] = Field(description="messages par état ; sans les états qui n'en ont pas")
    pending: int = Field(description="messages dont l'état n'est pas final")
    selection: dict[str, Any] | None = Field(description="les critères choisis dans l'application, tels quels")


class IgnoredView(Answer):
    """Un destinataire ignoré d'un envoi groupé."""

    row: int | None = Field(description="son rang dans la demande, à partir de 1")
    id: str = Field(description="son identifiant public")
    label: str | None = Field(description="son libellé ; null : effacé")
    to: str | None = Field(description="son numéro, lu ou tel qu'envoyé ; masqué sans le droit numbers ; null : effacé")
    reason: str | None = Field(description="pourquoi : empty_mobile, opted_out, duplicate…")
    reason_label: str = Field(description="pourquoi, en français")


class IgnoredList(Answer):
    """Une page de destinataires ignorés."""

    data: list[IgnoredView] = Field(description="les destinataires ignorés")
    page: CountedPage = Field(description="où l'on est dans la liste")


class Skipped(Answer):
    """Un message choisi qui n'a pas bougé."""

    id: str = Field(description="son identifiant public")
    status: Status = Field(description="son état")
    code: str = Field(description="pourquoi")


class Done(Answer):
    """Ce qui a été diffusé, supprimé ou renvoyé."""

    done: int = Field(description="messages qui ont bougé")
    skipped: list[Skipped] = Field(description="les autres")
