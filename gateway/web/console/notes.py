"""What a page says once something was done: a closed set of sentences, named in the address by their code."""

NOTES = {
    "connecte": "Vous êtes connecté.",
    "deconnecte": "Vous êtes déconnecté.",
    "expire": "Votre session est terminée : connectez-vous de nouveau.",
    "mot-de-passe": "Votre mot de passe est changé.",
    "enregistre": "C'est enregistré.",
    "supprime": "C'est supprimé.",
    "diffuses": "SMS diffusés : {n}.",
    "supprimes": "SMS supprimés : {n}.",
    "accepte": "Envoi enregistré : {n} message(s).",
    "exception": "Le SMS est enregistré ; la levée est notée au journal.",
    "aucun-choisi": "Cochez d'abord les SMS voulus.",
    "renvoyes": "Le SMS est renvoyé : le destinataire peut le recevoir deux fois.",
    "mois-clos": "Le mois est clos : ses chiffres ne bougeront plus.",
    "a-confirmer": "Cochez la case qui dit ce que clore veut dire, puis recommencez.",
    "budget-fixe": "Le budget est fixé.",
    "budget-leve": "Le budget est levé.",
    "suspendu": "Le compte est suspendu : plus rien ne part par lui.",
    "repris": "Le compte a repris ses envois.",
    "repondu": "La réponse est notée.",
    "rien-renvoye": "Rien n'a été renvoyé : le SMS n'est plus incertain.",
}
