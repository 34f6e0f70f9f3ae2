"""Every page, in the order of the menu."""

from gateway.web.console import budgets, followup, home, journal, people, recap, release, sending, signin, synthesis
from gateway.web.console.visit import Page

PAGES: tuple[Page, ...] = (
    *home.PAGES,
    *sending.PAGES,
    *release.PAGES,
    *followup.PAGES,
    *recap.PAGES,
    *synthesis.PAGES,
    *budgets.PAGES,
    *people.PAGES,
    *journal.PAGES,
    *signin.PAGES,
)
