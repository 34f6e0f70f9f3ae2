"""What many answers have."""

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


class Deleted(Answer):
    """Ce qui a été supprimé."""

    code: str = Field(description="son code")
    deleted: bool = Field(description="toujours true")
