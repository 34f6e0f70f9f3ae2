"""Reconciliations: a provider's invoice beside the ledger."""

from typing import Literal

from pydantic import Field

from gateway.piles import Pile, Why
from gateway.web.answers.base import Answer, Page

_AMOUNT = "montant hors taxes"


class Theirs(Answer):
    """Ce que le fournisseur facture."""

    lines: int = Field(description="lignes de son fichier")
    parts: int = Field(description="SMS")
    amount: str = Field(description=f"{_AMOUNT} : le sien, sinon notre prix de ces SMS")


class Ours(Answer):
    """Ce que dit le registre."""

    messages: int = Field(description="messages")
    parts: int = Field(description="SMS")
    amount: str = Field(description=_AMOUNT)


class PileView(Answer):
    """Une des cinq piles."""

    rows: int = Field(description="lignes de la pile")
    theirs: Theirs = Field(description="chez le fournisseur")
    ours: Ours = Field(description="au registre")
    gap: str = Field(description="écart hors taxes : le fournisseur moins le registre")


class Piles(Answer):
    """Les cinq piles."""

    identical: PileView = Field(description="le même nombre de SMS")
    parts_differ: PileView = Field(description="un autre nombre de SMS")
    only_theirs: PileView = Field(description="sur la facture seulement")
    only_ours: PileView = Field(description="au registre seulement")
    other_month: PileView = Field(description="d'un autre mois, chez l'un ou chez l'autre")


class StatementShare(Answer):
    """Ce que dit le relevé du mois pour ce compte."""

    parts: int = Field(description="SMS facturés")
    ht_exact: str = Field(description="total hors taxes, à quatre décimales")
    ht: str = Field(description="total hors taxes, au centime, par établissement")


class ReconciliationView(PileView):
    """Un rapprochement."""

    id: str = Field(description="identifiant", examples=["rap_01J…"])
    account: str = Field(description="le compte fournisseur")
    month: str = Field(description="mois", examples=["2026-02"])
    month_label: str = Field(description="mois en français", examples=["février 2026"])
    schools: list[str] = Field(description="UAI des établissements rapprochés")
    format: str = Field(description="ovhcloud, generic, ou mapping : des colonnes indiquées")
    sha256: str = Field(description="empreinte du fichier")
    created_at: str = Field(description="quand")
    created_by: str = Field(description="par qui : application/clé, ou console/identifiant")
    signed_at: str | None = Field(description="validé quand ; il ne change plus jamais")
    signed_by: str | None = Field(description="validé par qui")
    note: str | None = Field(description="remarque de qui l'a validé")
    piles: Piles = Field(description="les cinq piles")
    set_aside: Theirs = Field(description="lignes d'établissements qui ne sont pas les vôtres, mises de côté")
    other_schools: bool = Field(description="true : le compte a servi à d'autres établissements ce mois-là")
    other_prices: int = Field(description="messages au même nombre de SMS, mais à un autre prix")
    not_billed: int = Field(description="lignes sans SMS ni montant, ignorées")
    total_rows: int = Field(description="lignes de total, ignorées")
    their_prices: bool = Field(description="false : le fichier n'a pas de montants, les nôtres sont comptés")
    statement: StatementShare = Field(description="le relevé du mois pour ce compte")
    explained: list[str] = Field(description="l'écart en français")


class ReconciliationList(Answer):
    """Les rapprochements, le plus récent d'abord."""

    data: list[ReconciliationView] = Field(description="les rapprochements")
    page: Page = Field(description="où l'on est")


class ReconciliationLine(Answer):
    """Une ligne d'un rapprochement."""

    place: int = Field(description="sa place")
    pile: Pile = Field(description="sa pile")
    why: Why = Field(description="comment elle a été trouvée, ou pourquoi non")
    why_label: str = Field(description="le même en français")
    lines: str = Field(description="ses lignes dans le fichier", examples=["12, 13"])
    provider_id: str = Field(description="identifiant du fournisseur")
    number: str = Field(description="numéro, toujours masqué")
    their_at: str | None = Field(description="date de la facture")
    their_parts: int | None = Field(description="SMS facturés ; null : pas sur la facture")
    their_amount: str | None = Field(description=f"{_AMOUNT} facturé")
    message: str | None = Field(description="notre message", examples=["msg_01J…"])
    serial: int | None = Field(description="son numéro")
    school: str | None = Field(description="son établissement")
    our_at: str | None = Field(description="date au registre")
    our_parts: int | None = Field(description="SMS au registre de ce mois ; null : aucun")
    our_amount: str | None = Field(description=f"{_AMOUNT} au registre")
    gap: str = Field(description="écart hors taxes")
    month: str | None = Field(description="l'autre mois")


class ReconciliationLines(Answer):
    """Les lignes d'un rapprochement, dans l'ordre du fichier, puis nos messages qu'il n'a pas."""

    data: list[ReconciliationLine] = Field(description="les lignes")
    page: Page = Field(description="où l'on est")


class ColumnsView(Answer):
    """Quelle colonne du fichier est quoi ; null : il n'y en a pas."""

    id: str | None = Field(description="identifiant du fournisseur")
    id2: str | None = Field(description="second identifiant")
    number: str | None = Field(description="numéro du destinataire")
    at: str | None = Field(description="date, ou date et heure")
    time: str | None = Field(description="heure, si elle est à part")
    parts: str | None = Field(description="nombre de SMS ; sans lui, une ligne en vaut un")
    amount: str | None = Field(description=_AMOUNT)
    credits: str | None = Field(description="crédits ; 0 : la ligne n'est pas facturée")
    timezone: str | None = Field(description="fuseau de ses heures", examples=["UTC"])


class KeptColumns(Answer):
    """Les colonnes des factures d'un compte."""

    account: str = Field(description="le compte fournisseur")
    mapping: ColumnsView = Field(description="quelle colonne est quoi")
    updated_at: str | None = Field(description="enregistré quand")
    updated_by: str | None = Field(description="enregistré par qui")


class FileColumns(Answer):
    """Ce qu'un fichier a comme colonnes, et ce qu'on en devine."""

    headings: list[str] = Field(description="ses titres")
    rows: list[list[str]] = Field(description="ses premières lignes")
    format: Literal["ovhcloud", "generic", "mapping"] | None = Field(description="le format reconnu ; null : aucun")
    mapping: ColumnsView = Field(description="les colonnes proposées")
    complete: bool = Field(description="true : il y a de quoi rapprocher")
