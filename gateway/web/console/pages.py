"""Every page, in the order of the menu."""

from gateway.web.console import followup, home, journal, people, release, sending, signin
from gateway.web.console.visit import Page

PAGES: tuple[Page, ...] = (
    *home.PAGES,
    *sending.PAGES,
    *release.PAGES,
    *followup.PAGES,
    *people.PAGES,
    *journal.PAGES,
    *signin.PAGES,
)
