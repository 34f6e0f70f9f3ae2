"""What a page says once something was done: a closed set of sentences, named in the address by their code."""

NOTES = {
    "connecte": "Vous êtes connecté.",
    "deconnecte": "Vous êtes déconnecté.",
    "expire": "Votre session est terminée : connectez-vous de nouveau.",
    "mot-de-passe": "Votre mot de passe est changé.",
    "enregistre": "C'est enregistré.",
    "supprime": "C'est supprimé.",
}
