"""Every page, in the order of the menu."""

from gateway.web.console import home, journal, people, signin
from gateway.web.console.visit import Page

PAGES: tuple[Page, ...] = (
    *home.PAGES,
    *people.PAGES,
    *journal.PAGES,
    *signin.PAGES,
)
