"""Months, their statements, and budgets."""

from typing import Literal

from pydantic import Field

from gateway.budgets import Period
from gateway.web.answers.base import Answer, Page


class MonthView(Answer):
    """Un mois."""

    month: str = Field(description="mois", examples=["2026-02"])
    label: str = Field(description="en français", examples=["février 2026"])
    state: Literal["closed", "over", "current", "to_come"] = Field(description="clos, fini, en cours ou à venir")
    closed_at: str | None = Field(description="quand il a été clos")
    closed_by: str | None = Field(description="par qui : application/clé, ou console/identifiant")


class MonthList(Answer):
    """Les mois d'une année."""

    data: list[MonthView] = Field(description="les mois")
    page: Page = Field(description="la liste est toujours entière")


class StatementAction(Answer):
    """Une action dans un mois."""

    action: str = Field(description="code de l'action")
    action_short_label: str = Field(description="libellé court de l'action")
    regularises: str | None = Field(description="le mois clos que cette ligne régularise")
    delivered: int = Field(description="messages délivrés")
    total: int = Field(description="messages remis au fournisseur")
    parts: int = Field(description="SMS facturés")
    ht_exact: str = Field(description="montant hors taxes, à quatre décimales")


class StatementAccount(Answer):
    """Un compte fournisseur dans un mois."""

    account: str = Field(description="le compte")
    delivered: int = Field(description="messages délivrés")
    total: int = Field(description="messages remis au fournisseur")
    parts: int = Field(description="SMS facturés")
    ht_exact: str = Field(description="total hors taxes, à quatre décimales")
    ht: str = Field(description="total hors taxes, au centime")
    vat_rate: str = Field(description="taux de TVA, en pour cent")
    vat: str = Field(description="TVA, calculée une fois sur le total du mois")
    ttc: str = Field(description="total toutes taxes comprises")


class StatementTotal(Answer):
    """Le total d'un mois."""

    delivered: int = Field(description="messages délivrés")
    total: int = Field(description="messages remis au fournisseur")
    parts: int = Field(description="SMS facturés")
    ht: str = Field(description="hors taxes, au centime")
    vat: str = Field(description="TVA")
    ttc: str = Field(description="toutes taxes comprises")


class MonthStatement(Answer):
    """Le relevé d'un mois, tel qu'il est, ou tel qu'il a été clos."""

    school: str = Field(description="UAI de l'établissement")
    month: str = Field(description="mois", examples=["2026-02"])
    label: str = Field(description="en français", examples=["février 2026"])
    actions: list[StatementAction] = Field(description="par action, puis les régularisations")
    accounts: list[StatementAccount] = Field(description="par compte fournisseur, comme ses factures")
    total: StatementTotal = Field(description="tous les comptes")
    not_submitted: int = Field(description="messages jamais remis à un fournisseur")
    closed_at: str | None = Field(description="quand il a été clos")
    closed_by: str | None = Field(description="par qui")


class BudgetView(Answer):
    """Un budget."""

    action: str = Field(description="code de l'action ; * : tout l'établissement")
    action_label: str = Field(description="son libellé")
    period: Period = Field(description="mois, année civile ou année scolaire")
    from_: str = Field(alias="from", description="premier jour de la période en cours")
    amount: str = Field(description="montant hors taxes")
    spent: str = Field(description="dépensé, d'après le registre")
    committed: str = Field(description="engagé : messages acceptés, pas encore remis")
    share: int = Field(description="part utilisée, en pour cent")
    level: Literal["fine", "warning", "exhausted"] = Field(description="warning à partir de 80 %")
    stop: bool = Field(description="true : arrête les envois, alertes exceptées")
    exhausted_on: str | None = Field(description="jour où il sera épuisé au rythme actuel ; null : il suffira")
    forecast_label: str = Field(description="la prévision en français", examples=["épuisé vers le 12 mars"])


class BudgetList(Answer):
    """Les budgets d'un établissement."""

    data: list[BudgetView] = Field(description="les budgets, l'établissement d'abord")
    page: Page = Field(description="la liste est toujours entière")
