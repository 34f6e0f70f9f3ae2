"""What staff read, in French: states, reasons, events and totals. Pure.

Rules of this file: datetimes come in the school's zone. Short months are the table of the contract, long ones
Babel's. The wording of ``status_label``, ``followup_label`` and ``event_label`` is fixed to the letter.
"""

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal

from babel.dates import get_month_names
from babel.numbers import format_decimal

from gateway.states import FINAL, FRENCH, Status

#: What stands where a text, a number or a name was.
ERASED = "effacé"

TOTAL_YEAR = "Total Annuel"

#: Quality of sending -> its word, as S1 writes it.
MODE_WORDS = {"ancien": "Ancien", "economique": "Economique", "standard": "Standard", "premium": "Premium"}

#: January first.
SHORT_MONTHS = ("jan.", "fév.", "mars", "avr.", "mai", "juin", "juil.", "août", "sep.", "oct.", "nov.", "déc.")

#: Why a recipient is ignored: each verdict of intake.
_REASONS = {
    "empty_mobile": "Portable vide",
    "invalid_number": "Numéro incorrect",
    "not_mobile": "Ce n'est pas un portable",
    "foreign_not_allowed": "Numéro étranger : pas autorisé par l'établissement",
    "opted_out": "A refusé les SMS (STOP)",
    "do_not_sms": "Ne pas envoyer de SMS à ce contact",
    "no_consent": "Pas de consentement aux SMS",
    "credentials_changed": "A déjà changé ses identifiants",
    "already_connected": "S'est déjà connecté",
    "duplicate": "Doublon : déjà destinataire de ce message",
}
#: Why a message ended without a provider's word.
_ENDINGS = {
    "held_too_long": "N'a pas été diffusé à temps",
    "validity_over": "Durée de validité dépassée",
    "no_receipt": "Aucun accusé dans le délai",
}
#: What a provider's refusal is about; its code follows.
_REFUSALS = {
    "destination": "Numéro refusé par le fournisseur",
    "sender": "Émetteur refusé par le fournisseur",
    "configuration": "Refusé par le fournisseur, à signaler à l'exploitant",
    "other": "Refusé par le fournisseur",
}
#: What is known besides.
_DETAILS = {
    ("invalid_number", "characters"): "Numéro incorrect : des caractères ne sont pas des chiffres",
    ("invalid_number", "country"): "Numéro incorrect : indicatif de pays inconnu",
    ("invalid_number", "short"): "Numéro incorrect : trop court",
    ("invalid_number", "too_long"): "Numéro incorrect : trop long",
    ("invalid_number", "unassigned"): "Numéro incorrect : cette tranche n'est pas attribuée",
    ("not_mobile", "landline"): "Numéro fixe : pas de SMS",
    ("not_mobile", "premium"): "Numéro surtaxé : pas de SMS",
    ("not_mobile", "toll_free"): "Numéro vert : pas de SMS",
    ("not_mobile", "voip"): "Numéro de téléphonie par internet : pas de SMS",
    ("not_mobile", "m2m"): "Numéro de machine (0700) : pas de SMS",
}


def reason_label(reason: str, detail: str = "") -> str:
    """Why a message is ignored or ended; a provider's own words are shown as they are."""
    known = _DETAILS.get((reason, detail)) or _REASONS.get(reason) or _ENDINGS.get(reason)
    if known is None and detail in _REFUSALS:
        return f"{_REFUSALS[detail]} ({reason})"
    return known or reason


def status_label(status: Status, at: datetime, parts: int, final_parts: int, reason: str = "", detail: str = "") -> str:
    """``Reçu le 20 sep. à 10:59 (1 SMS)``; others their word and date; held and ignored have no date.

    ``at`` is the last change. ``parts`` are the SMS counted; while some of several are not final, ``(2/3)``.
    """
    if status is Status.HELD:
        return FRENCH[status]
    if status is Status.IGNORED:
        return f"{FRENCH[status]} : {reason_label(reason, detail)}" if reason else FRENCH[status]
    word = "Reçu" if status is Status.DELIVERED else FRENCH[status]
    label = f"{word} le {at.day} {SHORT_MONTHS[at.month - 1]} à {at:%H:%M}"
    if status is Status.DELIVERED:
        return f"{label} ({parts} SMS)"
    progress = _progress(status, parts, final_parts)
    return f"{label} ({progress})" if progress else label


def followup_label(serial: int, status: Status, at: datetime, parts: int, final_parts: int) -> str:
    """``Msg 11188 - en transit - 15/02/2008 à 14:40``, with ``2/3`` after the state while some parts are not final."""
    word = FRENCH[status]
    state = f"{word[:1].lower()}{word[1:]} {_progress(status, parts, final_parts)}".rstrip()
    return f"Msg {serial} - {state} - {at:%d/%m/%Y} à {at:%H:%M}"


def event_label(kind: str, begin: datetime | None, end: datetime | None) -> str:
    """``Absence du 15/02/08 08:30 au 15/02/08 18:00``; with one of the instants ``le …`` or ``jusqu'au …``."""
    name = kind[:1].upper() + kind[1:]
    if begin and end:
        return f"{name} du {begin:%d/%m/%y %H:%M} au {end:%d/%m/%y %H:%M}"
    if begin:
        return f"{name} le {begin:%d/%m/%y %H:%M}"
    return f"{name} jusqu'au {end:%d/%m/%y %H:%M}" if end else name


def order(name: str) -> str:
    """What names are compared by: É stands with E, œ with oe, capitals with small letters, hyphens with spaces."""
    folded = unicodedata.normalize("NFKD", name.casefold().translate(_LIGATURES))
    return "".join(char for char in folded if not unicodedata.combining(char))


def words(text: str) -> list[str]:
    """The words of a name, as ``order`` compares them: ``Mme d'Été`` has mme, d, ete."""
    return _WORD.findall(order(text))


def label_fits(label: str, asked: str) -> bool:
    """Whether each of the words ``asked`` for, as ``words`` gives them, begins one of the label's."""
    mine = words(label)
    return all(any(word.startswith(one) for word in mine) for one in asked.split())


_WORD = re.compile(r"[^\W_]+")
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "-": " ", "’": "'"})


def sent_on(at: datetime) -> str:
    """``20 septembre à 10:59``."""
    return f"{at.day} {_month_name(at.month)} à {at:%H:%M}"


def month_total(month: str) -> str:
    """``Total février``, of ``2026-02``."""
    return f"Total {_month_name(int(month[5:]))}"


def month_label(month: str) -> str:
    """``février 2026``, of ``2026-02``."""
    return f"{_month_name(int(month[5:]))} {month[:4]}"


def regularisation_label(month: str) -> str:
    """``Régularisation 02/2026``."""
    return f"Régularisation {month[5:]}/{month[:4]}"


def forecast_label(level: str, day: date | None) -> str:
    """``épuisé vers le 12 mars``; empty when it will last."""
    if level == "exhausted":
        return "épuisé"
    return f"épuisé vers le {day.day} {_month_name(day.month)}" if day is not None else ""


def euros(amount: Decimal, *, sign: bool = False) -> str:
    """``1 234,0450 €``, to four decimals; with its sign where it is a difference."""
    shown = format_decimal(abs(amount), format="#,##0.0000", locale="fr_FR")
    mark = "−" if amount < 0 else "+" if sign and amount else ""
    return f"{mark}{shown} €"


def _month_name(month: int) -> str:
    name: str = get_month_names("wide", locale="fr")[month]
    return name


def _progress(status: Status, parts: int, final_parts: int) -> str:
    return f"{final_parts}/{parts}" if parts > 1 and status not in FINAL else ""


#: What the journal says of each act.
ACTS = {
    "login": "Connexion",
    "login_failed": "Mot de passe refusé",
    "logout": "Déconnexion",
    "password": "Mot de passe changé",
    "user_put": "Utilisateur enregistré",
    "release": "SMS diffusés",
    "cancel": "SMS supprimés",
    "resend": "SMS incertains renvoyés",
    "receipt_matched": "Accusé attribué à la main",
    "override": "« Ne pas envoyer de SMS » levé une fois",
    "account_put": "Compte fournisseur enregistré",
    "account_deleted": "Compte fournisseur supprimé",
    "account_paused": "Compte fournisseur suspendu",
    "account_resumed": "Compte fournisseur repris",
    "action_put": "Action enregistrée",
    "action_deleted": "Action supprimée",
    "template_put": "Modèle enregistré",
    "template_deleted": "Modèle supprimé",
    "consent": "Accord ou opposition noté",
    "consents_imported": "Accords importés",
    "export": "Fichier exporté",
    "month_closed": "Mois clos",
    "reconciliation": "Facture rapprochée",
    "reconciliation_signed": "Rapprochement validé",
    "invoice_columns": "Colonnes de facture enregistrées",
    "budget_put": "Budget fixé",
    "budget_deleted": "Budget levé",
    "answered": "Réponse à un évènement notée",
    "answer_taken_back": "Réponse à un évènement reprise",
    "purged": "Textes et numéros effacés à la fin de leur durée de conservation",
    "person_erased": "Numéro effacé à la demande de la personne",
}


def act_label(act: str) -> str:
    """An act of the journal; one that is no longer known as it was written."""
    return ACTS.get(act, act)
