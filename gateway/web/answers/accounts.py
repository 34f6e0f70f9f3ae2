"""The accounts: the recap, the synthesis, and the accounts of providers."""

from typing import Any, Literal

from pydantic import Field

from gateway.model import Mode
from gateway.provider import Form
from gateway.states import Status
from gateway.web.answers.base import Answer, Cost, CountedPage, Page


class RecapRow(Answer):
    """Une ligne du récapitulatif."""

    id: str = Field(description="identifiant public du message")
    serial: int = Field(description="numéro dans l'établissement")
    sent_at: str = Field(description="remis au fournisseur")
    sent_on: str = Field(description="remis au fournisseur, en français", examples=["20 septembre à 10:59"])
    recipient_label: str | None = Field(description="libellé du destinataire ; null : effacé")
    number: str | None = Field(description="numéro ; masqué sans le droit numbers ; null : effacé")
    user: str | None = Field(description="utilisateur de l'application")
    workstation: str | None = Field(description="poste de l'utilisateur")
    action: str = Field(description="code de l'action")
    action_long_label: str = Field(description="libellé long de l'action")
    mode: str = Field(description="qualité d'envoi")
    parts: int = Field(description="SMS facturés")
    status: Status = Field(description="état")
    status_label: str = Field(description="état en français", examples=["Reçu le 20 sep. à 10:59 (1 SMS)"])


class ModeTotals(Answer):
    """SMS par qualité d'envoi, pour toute la sélection."""

    ancien: int = Field(description="importés")
    economique: int = Field(description="mode economique")
    standard: int = Field(description="mode standard")
    premium: int = Field(description="mode premium")
    total: int = Field(description="tous")


class ByPost(Answer):
    """Les mêmes envois par courrier, au prix d'une lettre de la configuration."""

    letters: int = Field(description="une par message")
    cost: Cost = Field(description="ce qu'elles auraient coûté")
    saved: Cost = Field(description="l'économie : ce coût moins celui des SMS")


class Recap(Answer):
    """Une page du récapitulatif."""

    data: list[RecapRow] = Field(description="les lignes")
    totals_by_mode: ModeTotals = Field(description="SMS par qualité d'envoi, pour toute la sélection")
    totals_are: Literal["exact", "at_least"] = Field(
        description="at_least : plus de 10 000 SMS répondent à la recherche, les totaux sont des minimums"
    )
    cost: Cost = Field(description="ce que coûte la sélection, au registre")
    by_post: ByPost | None = Field(description="la comparaison avec le courrier ; null : defaults.letter_price est nul")
    page: CountedPage = Field(description="où l'on est dans la liste")


class Origins(Answer):
    """Qui a envoyé, et d'où : ce que le récapitulatif peut filtrer."""

    users: list[str] = Field(description="noms des utilisateurs, par ordre alphabétique")
    workstations: list[str] = Field(description="noms des postes, par ordre alphabétique")


class Figures(Answer):
    """Des nombres de messages et de SMS."""

    delivered: int = Field(description="messages délivrés (« Nb délivré »)")
    total: int = Field(description="messages remis au fournisseur (« Nb total »)")
    parts: int = Field(description="SMS facturés (« SMS »)")
    cost: Cost = Field(description="leur coût")


class SynthesisRow(Figures):
    """Une action, un mois."""

    action: str = Field(description="code de l'action")
    action_short_label: str = Field(description="libellé court de l'action")
    month: str = Field(description="mois", examples=["2026-02"])
    regularises: str | None = Field(description="le mois clos que cette ligne régularise ; null : du mois même")


class MonthTotal(Figures):
    """Le total d'un mois."""

    month: str = Field(description="mois", examples=["2026-02"])
    label: str = Field(description="en français", examples=["Total février"])
    closed: bool = Field(description="clos par le comptable : ne bouge plus")


class YearTotal(Figures):
    """Le total de l'année."""

    label: str = Field(description="« Total Annuel »")


class Synthesis(Answer):
    """La synthèse d'une année."""

    school: str = Field(description="UAI de l'établissement")
    year: int = Field(description="année civile, ou première année scolaire")
    school_year: bool = Field(description="du 1er septembre au 31 août")
    rows: list[SynthesisRow] = Field(description="par mois et par action")
    months: list[MonthTotal] = Field(description="le total de chaque mois")
    annual: YearTotal = Field(description="le total de l'année")
    not_submitted: int = Field(description="messages finis sans avoir été remis à un fournisseur")


class AccountView(Answer):
    """Un compte fournisseur. Null où ce processus ne l'exploite pas."""

    name: str = Field(description="son nom")
    adapter: str = Field(description="comment on parle à ce fournisseur")
    provider: str | None = Field(description="le fournisseur, tel que GET /v1/providers le nomme")
    declared_in_configuration: bool
    modes: list[Mode] = Field(description="les qualités d'envoi qui s'en servent")
    bound: int | None = Field(description="liaisons établies")
    ready: bool | None = Field(description="il peut envoyer maintenant")
    why: str | None = Field(description="pourquoi il ne peut pas, ou pas par toutes ses liaisons ; en anglais")
    paused: bool = Field(description="suspendu par une personne")
    paused_at: str | None = Field(description="depuis quand")
    paused_by: str | None = Field(description="par qui : application/clé")
    paused_reason: str | None = Field(description="pourquoi")
    rate: float = Field(description="SMS par seconde, réglage du compte")
    rate_now: float | None = Field(description="SMS par seconde au plus en ce moment")
    rate_learned: float | None = Field(description="ce que le fournisseur accepte ; null tant que `rate` lui convient")
    window: int = Field(description="envois sans réponse au plus")
    credit: Cost | None = Field(description="ce qu'il reste chez le fournisseur ; null : inconnu ; en SMPP, toujours")
    queue: int = Field(description="SMS en file pour ses qualités d'envoi")
    sending: int = Field(description="SMS en cours d'envoi")
    uncertain: int = Field(description="SMS dont on ne sait pas s'ils sont partis")
    message_id: str | None = Field(description="réglage de la forme des identifiants ; null : sans objet")
    message_id_learned: Form | None = Field(
        description="forme apprise des accusés ; null : pas encore, ou ils en changent"
    )
    message_id_learned_at: str | None = Field(description="depuis quand elle est connue")
    message_id_mixed: bool = Field(description="les accusés écrivent leurs identifiants sous plusieurs formes")


class ContractView(Answer):
    """Un compte fournisseur et ses options, comme PUT les prend ; les secrets n'y sont jamais."""

    name: str = Field(description="son nom")
    declared_in_configuration: bool
    options: dict[str, Any] = Field(description="ses options")
    modes: list[Mode] = Field(description="les qualités d'envoi qui s'en servent")
    option_uses: dict[str, list[str]] = Field(
        description="les réglages qui nomment option1 et option2, et les disent ainsi au fournisseur ; aucun : gardées"
    )


class DeletedAccount(Answer):
    """Un compte fournisseur supprimé."""

    name: str = Field(description="son nom")
    deleted: bool = Field(description="toujours true")


class ProviderView(Answer):
    """Un fournisseur."""

    name: str = Field(description="son nom")
    email: str | None = Field(description="contact courriel")
    telephone: str | None = Field(description="téléphone")
    www: str | None = Field(description="son site")
    accounts: list[str] = Field(description="ses comptes")


class ProviderList(Answer):
    """Tous les fournisseurs."""

    data: list[ProviderView] = Field(description="les fournisseurs, tels que la configuration les déclare")
    page: Page = Field(description="la liste est toujours entière")


class AccountList(Answer):
    """Tous les comptes fournisseurs."""

    data: list[AccountView] = Field(description="les comptes")
    page: Page = Field(description="la liste est toujours entière")


class Paused(Answer):
    """Un compte fournisseur, suspendu ou non."""

    name: str = Field(description="son nom")
    paused: bool = Field(description="suspendu")
