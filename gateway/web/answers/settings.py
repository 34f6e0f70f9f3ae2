"""Actions, templates, consents and opt-outs."""

from pydantic import Field

from gateway.model import Action, Condition, Mode
from gateway.web.answers.base import Answer, Page


class ActionView(Action):
    """Une action, telle qu'elle est en service."""

    mode: Mode
    usable: bool
    why_not: str | None = Field(description="pourquoi elle ne peut pas servir : treatment_not_sms, unknown_template…")
    why_not_label: str | None = Field(description="pourquoi, en français")
    declared_in_configuration: bool


class ActionList(Answer):
    """Toutes les actions."""

    data: list[ActionView] = Field(description="les actions, par code")
    page: Page = Field(description="la liste est toujours entière")


class TemplateView(Answer):
    """Un modèle."""

    code: str = Field(description="son code")
    label: str = Field(description="son libellé")
    text: str = Field(description="le texte, avec ses mots-clés")
    school: str | None = Field(description="UAI ; null : pour tous les établissements")
    sensitive: list[str] = Field(description="mots-clés dont la valeur est confidentielle")
    requires: list[Condition] = Field(description="conditions qui peuvent choisir ses destinataires")
    keywords: list[str] = Field(description="les mots-clés du texte")
    declared_in_configuration: bool


class TemplateList(Answer):
    """Tous les modèles."""

    data: list[TemplateView] = Field(description="les modèles, par code")
    page: Page = Field(description="la liste est toujours entière")


class Keyword(Answer):
    """Un mot-clé."""

    keyword: str = Field(description="tel qu'on l'écrit", examples=["#ELEVE"])
    templates: list[str] = Field(description="codes des modèles qui s'en servent")


class KeywordList(Answer):
    """Tous les mots-clés."""

    data: list[Keyword] = Field(description="les mots-clés")
    page: Page = Field(description="la liste est toujours entière")


class ConsentChange(Answer):
    """Un changement."""

    at: str = Field(description="quand")
    change: str = Field(description="consent, refusal, forgotten, opt_out ou opt_in")
    source: str = Field(description="d'où vient l'information")
    by: str = Field(description="qui l'a noté : application/clé")


class SenderOptOut(Answer):
    """Une opposition aux SMS d'un émetteur."""

    sender: str | None = Field(description="l'émetteur, en capitales ; null : tous")
    source: str = Field(description="d'où vient l'opposition ; mo_stop : le STOP du téléphone")
    at: str = Field(description="quand elle a été notée")


class ConsentView(Answer):
    """Ce qui est connu d'un numéro dans un établissement."""

    number: str = Field(description="numéro E.164 ; masqué sans le droit numbers")
    consent: bool | None = Field(description="accord de la famille ; null : inconnu")
    consent_source: str | None = Field(description="d'où vient l'accord ou le refus")
    consent_at: str | None = Field(description="quand il a été noté")
    opted_out: bool = Field(description="s'est opposé aux SMS, de tous les émetteurs ou d'un seul")
    opted_out_source: str | None = Field(description="d'où vient l'opposition la plus large")
    opted_out_at: str | None = Field(description="quand elle a été notée")
    opt_outs: list[SenderOptOut] = Field(description="chaque opposition, la plus large d'abord")
    school: str = Field(description="UAI de l'établissement")
    history: list[ConsentChange] = Field(description="tous les changements, le plus ancien d'abord")


class ImportLine(Answer):
    """Ce qu'une ligne est devenue."""

    row: int = Field(description="ligne du fichier, ou rang dans la liste à partir de 1")
    number: str = Field(description="numéro, lu ou tel qu'envoyé ; masqué sans le droit numbers")
    outcome: str = Field(description="changed, unchanged ou refused")
    reason: str | None = Field(description="pourquoi elle est refusée")
    reason_label: str | None = Field(description="pourquoi, en français")


class Imported(Answer):
    """Ce qu'un import a fait."""

    rows: int = Field(description="lignes lues")
    changed: int = Field(description="lignes qui ont changé quelque chose")
    unchanged: int = Field(description="lignes déjà connues")
    refused: int = Field(description="lignes refusées")
    ignored_columns: list[str] = Field(description="colonnes dont le titre n'est pas prévu")
    report: list[ImportLine] = Field(description="chaque ligne")


class OptOut(SenderOptOut):
    """Un numéro opposé aux SMS."""

    number: str = Field(description="numéro E.164 ; masqué sans le droit numbers")


class OptOutList(Answer):
    """Une page de numéros opposés aux SMS."""

    data: list[OptOut] = Field(description="les numéros, le plus ancien d'abord")
    page: Page = Field(description="où l'on est dans la liste")
