"""What many answers have."""

from typing import Literal

from pydantic import BaseModel, Field


class Answer(BaseModel):
    """Base of every answer: its own words describe it in the reference, then those of the glossary."""


class Cost(Answer):
    """Un montant hors taxes."""

    amount: str = Field(description="décimal, hors taxes", examples=["0.0450"])
    currency: str = Field(description="toujours EUR", examples=["EUR"])


class Page(Answer):
    """Où l'on est dans la liste."""

    next_cursor: str | None = Field(description="à donner dans « cursor » pour la suite ; null : c'est la fin")
    limit: int = Field(description="lignes par page")
    total: int | None = Field(description="lignes en tout, avec count=true et pour status=held ; sinon null")


class CountedPage(Page):
    """Où l'on est dans une liste qui peut être très longue."""

    total_is: Literal["exact", "at_least"] | None = Field(
        description="exact, ou at_least : il y en a au moins autant, on n'a pas compté plus loin ; null sans total"
    )


class Deleted(Answer):
    """Ce qui a été supprimé."""

    code: str = Field(description="son code")
    deleted: bool = Field(description="toujours true")
