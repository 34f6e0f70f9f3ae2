"""The rows, and the tests that prove each: those that say so with ``@pytest.mark.row("S1 12")``.

A row is proved by the API (G), by the pages of the console (C), or by both. Rows that stay in the calling application
are not here.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

#: Row -> how it is served, and what it is.
ROWS: Mapping[str, tuple[str, str]] = {
    "S1 1": ("C", "Fenêtre « Envoi de messages », cadre « Configuration »"),
    "S1 2": ("GC", "Liste des destinataires, colonnes Téléphone et Destinataire ; ajouter, retirer une ligne"),
    "S1 3": ("G", "Numéros gardés sous la forme +33…"),
    "S1 4": ("GC", "Familles, élèves, adultes, préinscrits"),
    "S1 5": ("GC", "Numéro de portable saisi à la main"),
    "S1 6": ("G", "Coche « Conjoints » : le responsable et son conjoint, si les deux ont un téléphone"),
    "S1 7": ("G", "… sauf ceux cochés « Ne pas envoyer de SMS »"),
    "S1 8": ("GC", "Messages prédéfinis"),
    "S1 9": ("GC", "Ou saisis directement sur l'image du téléphone"),
    "S1 10": ("GC", "Les deux : un message prédéfini, puis modifié"),
    "S1 11": ("G", "Mots-clés #SITE, #LOGIN, #PASS ; les valeurs confidentielles ne se voient plus"),
    "S1 12": ("G", "Sauts de ligne dans le message"),
    "S1 13": ("GC", "Compteur n/160"),
    "S1 14": ("GC", "Destinataires ignorés"),
    "S1 15": ("G", "« portable ou e-mail » : la raison empty_email est réservée"),
    "S1 16": ("G", "Bouton aux clés : seulement qui n'a pas modifié ses identifiants"),
    "S1 17": ("C", "Moins coûteux que le courrier"),
    "S1 18": ("GC", "Lancer l'envoi : maintenant, ou différé"),
    "S1 19": ("GC", "Depuis la fiche d'une famille, d'un adulte ou d'un élève"),
    "S1 20": ("G", "Les destinataires possibles sont affichés"),
    "S1 21": ("G", "Responsable « Ne pas envoyer de SMS » : décoché"),
    "S1 22": ("G", "… et coché exceptionnellement"),
    "S1 23": ("GC", "Message prédéfini ou saisi, pour une personne"),
    "S1 24": ("GC", "Mots-clés offerts pendant la saisie"),
    "S1 25": ("G", "Lancer l'envoi à une personne"),
    "S1 26": ("GC", "Relancer les familles jamais connectées"),
    "S1 27": ("GC", "Envoi différé"),
    "S1 28": ("G", "Sélection simple des élèves et des familles : ses critères restent avec l'envoi"),
    "S1 29": ("G", "Critères de l'année : classe, régime"),
    "S1 30": ("G", "Critères de l'année précédente : niveau, classe"),
    "S1 31": ("G", "Critère de l'année prochaine : classe"),
    "S1 32": ("G", "Date de présence ; présents, sortis"),
    "S1 33": ("G", "Mode de règlement : chèque, prélèvement, tous"),
    "S1 34": ("G", "Code postal"),
    "S1 35": ("G", "Âge"),
    "S1 36": ("G", "Étape 1 : l'ensemble des responsables"),
    "S1 37": ("G", "Étape 2 : « Responsable 2 », pour des parents séparés"),
    "S1 38": ("GC", "Étape 3 : les numéros retenus s'affichent"),
    "S1 39": ("GC", "Étape 4 : les ignorés, sans portable dans leur fiche"),
    "S1 40": ("C", "Étape 5 : choisir le message prédéfini active un bouton"),
    "S1 41": ("GC", "Étape 7 : « EcoleDirecte » ne garde que les jamais connectés"),
    "S1 42": ("GC", "« Récapitulatif des SMS envoyés »"),
    "S1 43": ("GC", "Date début, date fin"),
    "S1 44": ("GC", "Nom Utilisateur <Tous>"),
    "S1 45": ("GC", "Nom Poste <Tous>"),
    "S1 46": ("GC", "Colonnes Envoyé le, Destinataire, N° de téléphone, État"),
    "S1 47": ("GC", "Le destinataire tel qu'il a été donné"),
    "S1 48": ("GC", "Une part du numéro est cachée"),
    "S1 49": ("GC", "« Reçu le 20 sep. à 10:59 (1 SMS) »"),
    "S1 50": ("GC", "Nombre de SMS comptés par envoi ; 1 : 160 caractères ou moins"),
    "S1 51": ("GC", "Totaux par mode d'envoi : Ancien, Economique, Standard, Premium, Total"),
    "S1 52": ("GC", "Double-clic : le rapport d'envoi"),
    "S1 53": ("GC", "Choisir un nom d'utilisateur ou de poste"),
    "S1 54": ("GC", "Décocher « Récapitulatif des SMS pour tous les utilisateurs »"),
    "S1 55": ("GC", "« Bloquer l'envoi de SMS pour cet utilisateur »"),
    "S4 116": ("G", "SMS d'absence et de retard"),
    "S4 117": ("GC", "Sans l'accord de la famille, rien ne part"),
    "S4 118": ("G", "Sans abonnement à un fournisseur, rien ne part"),
    "S4 119": ("GC", "La personne habilitée saisit les paramètres"),
    "S4 120": ("GC", "Fournisseur de service (AUCUN), clé d'identification, mot de passe, options 1 et 2 ; Modifier…"),
    "S4 121": ("GC", "Fournisseurs : contact courriel, téléphonique, www"),
    "S4 123": ("GC", "Créer une action : libellé court"),
    "S4 124": ("GC", "Libellé long"),
    "S4 125": ("GC", "Délai de réponse du responsable avant alerte, en jours"),
    "S4 126": ("GC", "Traitement : « Envoi de SMS » dans une liste"),
    "S4 127": ("GC", "Modèle de document"),
    "S4 128": ("GC", "Émetteur"),
    "S4 129": ("GC", "Code fournisseur de service : 0 sauf s'il en a donné un"),
    "S4 130": ("GC", "Champs obligatoires"),
    "S4 131": ("G", "Vérifier trois points : l'accord, le mobile, « accepte les SMS »"),
    "S4 134": ("GC", "Évènement saisi ; historique de ses actions"),
    "S4 135": ("G", "Destinataires Légal 1 - Financier, Légal 2, Élève"),
    "S4 136": ("GC", "Une action n'est offerte qu'entièrement réglée"),
    "S4 138": ("GC", "Les SMS attendent ; leur envoi se provoque"),
    "S4 139": ("GC", "« Il y a actuellement 1 SMS en attente de diffusion »"),
    "S4 140": ("GC", "Tout sélectionner ; colonnes Action, Nom élève, Division, Évènement, Destinataire"),
    "S4 141": ("GC", "« Absence du 15/02/08 08:30 au 15/02/08 18:00 »"),
    "S4 142": ("GC", "« Enregistrement(s) 1 à 1, sur 1 trouvé(s) », « Page(s) 1 »"),
    "S4 143": ("GC", "« Diffuser les SMS sélectionnés »"),
    "S4 144": ("GC", "« Supprimer »"),
    "S4 145": ("C", "Menu « Envoi aux familles » : SMS à diffuser, Suivi des SMS"),
    "S4 146": ("GC", "Onglet « Suivi des SMS » : combien sont à suivre"),
    "S4 147": ("GC", "Onglet « SMS délivrés »"),
    "S4 148": ("GC", "Onglet « SMS invalides ou non remis »"),
    "S4 149": ("C", "Onglet « Synthèse »"),
    "S4 150": ("GC", "« Msg 11188 - en transit - 15/02/2008 à 14:40 » ; Mettre à jour, Imprimer"),
    "S4 151": ("GC", "Tri ▲▼ sur chaque colonne"),
    "S4 152": ("GC", "Synthèse : Action, Date, Nb délivré, Nb total, Total février, Total Annuel"),
    "S4 153": ("C", "Statistiques"),
}


class Proof(NamedTuple):
    """A test that says which row it proves, and by what: G or C."""

    row: str
    file: str
    test: str
    by: str


def proofs() -> Iterator[Proof]:
    """Every proof that a test claims."""
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        name = file.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                by = _by(name, {one.arg for one in node.args.args})
                yield from (Proof(row, name, node.name, by) for row in _rows(node))
    for file in sorted((ROOT / "tests" / "browser" / "stories").glob("*.js")):
        said = re.search(r"^// Rows: (.*)\.$", file.read_text("utf-8"), re.MULTILINE)
        for row in said[1].split(", ") if said else ():
            yield Proof(row, file.relative_to(ROOT).as_posix(), "", "C")


def _rows(test: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for one in test.decorator_list:
        if isinstance(one, ast.Call) and ast.unparse(one.func) == "pytest.mark.row":
            yield from (ast.literal_eval(argument) for argument in one.args)


def _by(file: str, arguments: set[str]) -> str:
    pages = "browser" in arguments or "console" in file
    return "C" if pages else "G"
