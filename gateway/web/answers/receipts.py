"""Receipts that nobody knows."""

from pydantic import Field

from gateway.states import Status
from gateway.web.answers.base import Answer, Page


class CandidateView(Answer):
    """Une partie de message dont ce pourrait être l'accusé."""

    message: str = Field(description="identifiant public du message", examples=["msg_01JDBZ5M3V9K5T7Q8W2X4Y6ZAB"])
    part: int = Field(description="rang de la partie, à partir de 1")
    school: str = Field(description="UAI de l'établissement")
    account: str = Field(description="compte fournisseur par lequel elle est partie")
    provider_id: str | None = Field(description="identifiant donné par le fournisseur ; null : sans réponse de lui")
    status: Status = Field(description="état de la partie")
    sent_at: str | None = Field(description="remise au fournisseur")
    why: str = Field(description="pourquoi l'accusé ne lui est pas appliqué", examples=["other_id"])
    why_label: str = Field(description="pourquoi, en français")


class UnmatchedReceipt(Answer):
    """Un accusé dont la partie n'est pas connue."""

    id: str = Field(description="identifiant public", examples=["rec_421"])
    account: str = Field(description="compte fournisseur qui l'a apporté")
    received_at: str = Field(description="reçu par la passerelle")
    provider_id: str = Field(description="identifiant que dit l'accusé, tel quel")
    state: str = Field(description="le mot du fournisseur", examples=["DELIVRD"])
    status: Status | None = Field(description="ce qu'il veut dire ; null : mot inconnu")
    error: str = Field(description="code d'erreur du fournisseur, tel quel")
    number: str | None = Field(
        description="tel que l'accusé l'écrit ; masqué sans le droit numbers ou s'il est d'autrui ; null : effacé"
    )
    sender: str | None = Field(description="émetteur ; null s'il peut être celui d'un autre établissement")
    submitted: str | None = Field(description="date d'envoi, à l'horloge du fournisseur, sans fuseau")
    done: str | None = Field(description="date de l'état, à l'horloge du fournisseur, sans fuseau")
    intermediate: bool = Field(description="avis intermédiaire : il ne termine rien")
    waits: bool = Field(description="il peut être celui de plusieurs parties, et sera appliqué quand on saura laquelle")
    candidates: list[CandidateView] = Field(description="parties les plus proches, de vos établissements seulement")


class UnmatchedList(Answer):
    """Une page d'accusés dont la partie n'est pas connue."""

    data: list[UnmatchedReceipt] = Field(description="les accusés, le plus récent d'abord")
    page: Page = Field(description="où l'on est dans la liste")


class ReceiptMatched(Answer):
    """Un accusé attribué à la main."""

    id: str = Field(description="identifiant public de l'accusé")
    message: str = Field(description="identifiant public du message")
    part: int = Field(description="rang de la partie")
