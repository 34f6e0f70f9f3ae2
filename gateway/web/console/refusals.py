"""A refusal as a page tells it to a person: roles instead of rights, and the page to go on from."""

from collections.abc import Mapping

from gateway.caller import Caller, Scope
from gateway.problem import Problem
from gateway.roles import SCOPES
from gateway.web.console.visit import Page, Visit
from gateway.web.endpoint import RETRY_DRAINING

#: Titles of problems that speak of keys, for who has none.
_TITLES: Mapping[str, str] = {
    "forbidden_scope": "Votre rôle ne le permet pas",
    "school_forbidden": "Cet établissement n'est pas le vôtre",
}

#: What to do about the others' faults.
_CURES: Mapping[str, str] = {
    "store_unavailable": "Rien n'a été enregistré. Attendez quelques secondes, puis recommencez.",
    "internal_error": "Rien à corriger de votre côté : donnez à l'exploitant le numéro de la demande, ci-dessous.",
}


def let_in(caller: Caller, page: Page) -> None:
    """Raises ``forbidden_scope``, with the roles that may open the page, for who may not."""
    if not page.needs or any(caller.may(scope) for scope in page.needs):
        return
    roles = [role.label.partition(" :")[0] for role, scopes in SCOPES.items() if scopes & page.needs]
    names = ", ".join(roles or [role.label.partition(" :")[0] for role, has in SCOPES.items() if Scope.ADMIN in has])
    cure = f"Cette page est pour : {names}. Un administrateur peut vous donner ce rôle."
    raise Problem("forbidden_scope", cure)


def draining() -> Problem:
    """The gateway is about to stop: whoever tries again finds the next one."""
    cure = "Le service redémarre : attendez quelques secondes, puis recommencez."
    return Problem("draining", cure, (), RETRY_DRAINING)


def nowhere() -> Problem:
    """No page has this address."""
    return Problem("not_found", "Aucune page n'a cette adresse : passez par le menu.")


def told(visit: Visit, problem: Problem) -> Mapping[str, str]:
    """The words of a page about a problem: its title, what to do, and the page of the menu to go back to."""
    known = {page.path: page.menu for _, pages in visit.menu for page in pages}
    back = visit.page.belongs if visit.page.belongs in known else ""
    return {
        "title": _TITLES.get(problem.code, problem.title),
        "cure": _CURES.get(problem.code, problem.detail),
        "back": back,
        "back_words": known.get(back, "Accueil"),
    }
