"""What the pages of actions, templates and people share: a form for one of them, empty or filled, saved, deleted."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from gateway.problem import Problem, field_problem
from gateway.web.console.visit import Visit

Form = Callable[[Visit, Mapping[str, Any], Problem | None], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing that the API puts under its name, and the pages where that is done."""

    api: str  # its address there: /v1/actions/{code}
    page: str  # its list: /actions
    name: str  # the field that holds its name
    new: str  # what stands in the address of a page for a new one
    form: Form
    body: Callable[[Visit], Mapping[str, Any]]  # what the form says, as the API takes it; raises Problem
    taken: str  # what to say when there is one of this name
    spelled: Callable[[str], str] = str.upper
    said: Callable[[Visit], Mapping[str, Any]] = lambda visit: visit.form  # the values of a form that is refused

    @property
    def path(self) -> str:
        """The page of one."""
        return f"{self.page}/{{{self.name}}}"

    def of_address(self, visit: Visit) -> str:
        """The name in the address of the page."""
        return visit.request.match_info[self.name]

    def is_new(self, visit: Visit) -> bool:
        """Whether the page is of one that is not there yet."""
        return self.of_address(visit) == self.new

    async def save(self, visit: Visit) -> web.StreamResponse:
        """``POST`` of its page: to the list; with what is wrong, back to the form as it was filled."""
        new = self.is_new(visit)
        name = self.spelled(str(visit.form.get(self.name, "")).strip()) if new else self.of_address(visit)
        try:
            if new and await self._there(visit, name):
                raise field_problem("invalid_field", f"/{self.name}", self.taken)
            await visit.ask("PUT", self.api, name, body=self.body(visit), everywhere=True)
        except Problem as problem:
            if problem.status != 422:
                raise
            return await self.form(visit, {**self.said(visit), self.name: name}, problem)
        return visit.go(self.page, "enregistre")

    async def _there(self, visit: Visit, name: str) -> bool:
        try:
            await visit.ask("GET", self.api, name, everywhere=True)
        except Problem as problem:
            if problem.status != 404:
                raise
            return False
        return True

    async def delete(self, visit: Visit) -> web.StreamResponse:
        """``POST`` of its page's ``/supprimer``."""
        await visit.ask("DELETE", self.api, self.of_address(visit), everywhere=True)
        return visit.go(self.page, "supprime")
