"""Every page, in the order of the menu."""

from gateway.web.console import (
    accounts,
    actions,
    budgets,
    consents,
    contracts,
    erasure,
    followup,
    home,
    journal,
    models,
    people,
    recap,
    reconciling,
    release,
    replies,
    sending,
    signin,
    synthesis,
)
from gateway.web.console.visit import Page

PAGES: tuple[Page, ...] = (
    *home.PAGES,
    *sending.PAGES,
    *release.PAGES,
    *followup.PAGES,
    *replies.PAGES,
    *consents.PAGES,
    *recap.PAGES,
    *synthesis.PAGES,
    *budgets.PAGES,
    *reconciling.PAGES,
    *accounts.PAGES,
    *contracts.PAGES,
    *actions.PAGES,
    *models.PAGES,
    *people.PAGES,
    *erasure.PAGES,
    *journal.PAGES,
    *signin.PAGES,
)
