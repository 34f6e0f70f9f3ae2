"""What was erased of a person."""

from pydantic import Field

from gateway.web.answers.base import Answer


class Erasure(Answer):
    """Ce qui est effacé d'un numéro, dans un établissement."""

    school: str = Field(description="UAI de l'établissement")
    messages: int = Field(description="messages terminés : texte, numéro et noms effacés, comptes gardés")
    pending: int = Field(description="messages en cours : effacés dès qu'ils sont terminés")
    inbound: int = Field(description="SMS reçus de ce téléphone")
    agreement: bool = Field(description="son accord est effacé aussi ; un refus ou une opposition reste")


class Erasures(Answer):
    """Ce qui est effacé d'un numéro."""

    dry_run: bool = Field(description="true : rien n'est effacé, seulement compté")
    data: list[Erasure] = Field(description="par établissement où il y a quelque chose")
