"""What the pages with a list of messages share: columns that sort, places in the list, labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from gateway.web.console.visit import Visit

#: Messages shown at once.
SHOWN = 100

#: Column -> the API's sort.
SORTS: Mapping[str, str] = {
    "Action": "action",
    "Nom élève": "name",
    "Division": "division",
    "Évènement": "event",
    "Destinataire": "recipient",
}


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of messages, and how it was asked for."""

    rows: list[Any]
    total: int | None
    next_cursor: str | None
    first: int  # 1-based place of the first row, as far as it is known from the address
    sort: str
    kept: Mapping[str, str]  # what links keep of the address
    whole: Mapping[str, Any]  # the API's answer

    @property
    def at_least(self) -> bool:
        """Whether there are more than ``total``, which were not counted."""
        return bool(self.whole["page"]["total_is"] == "at_least")

    @property
    def last(self) -> int:
        """The place of the last row."""
        return self.first + len(self.rows) - 1

    @property
    def page(self) -> int:
        """The page that is shown, from 1."""
        return (self.first - 1) // SHOWN + 1

    @property
    def pages(self) -> int:
        """How many there are, as far as they were counted."""
        return -(-(self.total or 0) // SHOWN)

    def sorted_by(self, sort: str) -> str:
        """The address's words that sort by this column, the other way round when it is sorted so already."""
        descending = "-" if self.sort == sort else ""
        return urlencode({**self.kept, "sort": f"{descending}{sort}"})

    def arrow(self, sort: str) -> str:
        """▲ or ▼ on the column that sorts."""
        return {sort: " ▲", f"-{sort}": " ▼"}.get(self.sort, "")

    def aria(self, sort: str) -> str:
        """The same for who does not see it."""
        return {sort: "ascending", f"-{sort}": "descending"}.get(self.sort, "none")

    def start(self) -> str:
        """The address's words of the first page."""
        return urlencode({**self.kept, "sort": self.sort} if self.sort else self.kept)

    def next_page(self) -> str:
        """The address's words of the next page."""
        words = {**self.kept, "cursor": self.next_cursor or "", "first": str(self.last + 1)}
        return urlencode({**words, "sort": self.sort} if self.sort else words)


async def listing(visit: Visit, path: str, query: Mapping[str, str], kept: Mapping[str, str]) -> Listing:
    """A page of the API's list ``path``; sort, cursor and place come from the address. Raises Problem."""
    asked = visit.request.query
    sort, cursor = asked.get("sort", ""), asked.get("cursor", "")
    place = asked.get("first", "1")
    wanted = {**query, "limit": str(SHOWN), "count": "true"}
    wanted |= {name: value for name, value in (("sort", sort), ("cursor", cursor)) if value}
    found = await visit.ask("GET", path, query=wanted)
    first = int(place) if cursor and place.isdigit() and len(place) < 9 else 1
    page = found["page"]
    return Listing(found["data"], page["total"], page["next_cursor"], first, sort, kept, found)
