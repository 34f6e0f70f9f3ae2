"""What goes wrong in a request, as values: a stable code, its HTTP status and its French title.

Any service raises ``Problem``; only ``web`` knows how it is written (RFC 9457). The catalogue below is closed:
a code that is not in it cannot be raised, and the reference is generated from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

#: code -> (HTTP status, French title)
CATALOGUE: dict[str, tuple[int, str]] = {
    "malformed_request": (400, "Ce n'est pas une demande HTTP valide"),
    "malformed_json": (400, "Le corps n'est pas du JSON valide"),
    "malformed_body": (400, "Le corps ne peut pas être lu"),
    "malformed_query": (400, "Un paramètre de l'adresse est incorrect"),
    "invalid_cursor": (400, "Le curseur est inconnu ou appartient à une autre liste"),
    "unauthorized": (401, "Clé absente, inconnue, expirée ou révoquée"),
    "forged_form": (403, "Ce formulaire ne vient pas de cette page, ou n'est plus valable"),
    "forbidden_scope": (403, "Cette clé n'a pas le droit nécessaire"),
    "school_forbidden": (403, "Cette clé n'est pas celle de cet établissement"),
    "release_required": (403, "Diffuser sans attente demande le droit « release »"),
    "user_blocked": (403, "L'envoi de SMS est bloqué pour cet utilisateur"),
    "not_found": (404, "Introuvable"),
    "method_not_allowed": (405, "Méthode non prévue à cette adresse"),
    "idempotency_in_progress": (409, "La même demande est en cours"),
    "selection_changed": (409, "La sélection a changé depuis qu'elle a été affichée"),
    "declared_in_configuration": (409, "Déclaré dans la configuration : à modifier là"),
    "no_sealing_key": (409, "Aucune clé ne permet de garder un secret"),
    "no_provider": (409, "Aucun compte fournisseur pour ce mode d'envoi"),
    "body_too_large": (413, "Le corps est trop grand"),
    "too_many_recipients": (413, "Trop de destinataires en un envoi"),
    "too_many_rows": (413, "Trop de lignes pour un classeur"),
    "unsupported_media_type": (415, "Type de contenu non prévu"),
    "invalid_field": (422, "Un champ est incorrect"),
    "unknown_action": (422, "Action inconnue"),
    "unknown_template": (422, "Modèle inconnu"),
    "unknown_school": (422, "Établissement inconnu"),
    "school_required": (422, "Il faut dire pour quel établissement"),
    "treatment_not_sms": (422, "Cette action n'est pas traitée par SMS"),
    "missing_text": (422, "Il faut un texte ou un modèle"),
    "missing_variable": (422, "Un mot-clé n'a pas de valeur"),
    "text_too_long": (422, "Le texte est trop long"),
    "text_not_gsm7": (422, "Le texte ne tient pas dans l'alphabet GSM"),
    "text_not_ucs2": (422, "Le texte contient un caractère qui ne peut pas être envoyé"),
    "sensitive_not_gsm7": (422, "Une valeur confidentielle ne tient pas dans l'alphabet GSM"),
    "empty_text": (422, "Le texte est vide"),
    "invalid_sender": (422, "Émetteur refusé"),
    "flash_not_allowed": (422, "Ce mode d'envoi ne prend pas de message flash"),
    "invalid_number": (422, "Numéro de téléphone incorrect"),
    "invalid_time": (422, "Date ou heure impossible"),
    "dedupe_would_lose_texts": (422, "Dédoublonner par numéro perdrait des textes"),
    "idempotency_key_reused": (422, "Cette clé d'idempotence a servi à une autre demande"),
    "invalid_idempotency_key": (422, "Clé d'idempotence incorrecte"),
    "not_available": (422, "Pas encore disponible"),
    "override_not_allowed": (422, "Cette levée n'est pas possible"),
    "month_not_over": (422, "Ce mois n'est pas fini"),
    "unknown_account": (422, "Compte fournisseur inconnu"),
    "unknown_columns": (422, "Les colonnes de ce fichier ne sont pas connues"),
    "budget_exhausted": (422, "Le budget est épuisé"),
    "internal_error": (500, "Erreur interne"),
    "store_unavailable": (503, "L'enregistrement est impossible pour le moment"),
    "draining": (503, "Le service s'arrête"),
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong in a body: where (JSON pointer), which code, and what to do, in French."""

    pointer: str
    code: str
    message: str


class Problem(Exception):
    """A request that cannot be served, with its code from the catalogue.

    ``detail`` is a French sentence naming the place and the cure; it never holds a number, a name or a text.
    """

    def __init__(
        self, code: str, detail: str, errors: Sequence[FieldError] = (), retry_after: int | None = None
    ) -> None:
        super().__init__(code)
        self.status, self.title = CATALOGUE[code]
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.retry_after = retry_after


def field_problem(code: str, pointer: str, message: str) -> Problem:
    """A problem of one field, which is both the detail and the only error."""
    return Problem(code, message, [FieldError(pointer, code, message)])
