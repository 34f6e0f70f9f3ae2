"""The names the sample school is made from: every accent of French, particles, hyphens and apostrophes."""

GIRLS = (
    "Zoë", "Chloé", "Anaïs", "Maëlys", "Noémie", "Inès", "Éléonore", "Cécile", "Océane", "Élise", "Lætitia", "Ève",
    "Hélène", "Françoise", "Gaëlle", "Léa", "Manon", "Pauline", "Jeanne", "Louise", "Camille", "Sarah", "Fatoumata",
    "Yasmine", "Marie-Lou", "Anne-Cécile", "Aïcha", "Loïse", "Aurélie", "Mélissandre", "Thaïs", "Rose", "Agnès",
    "Maï-Linh", "Coraline", "Sünje", "Garance", "Apolline", "Salomé", "Bérénice",
)  # fmt: skip
BOYS = (
    "Théo", "François", "Jérôme", "Gaël", "Noël", "Côme", "Benoît", "Loïc", "Raphaël", "Timothée", "Émile", "Étienne",
    "Maël", "Saül", "Ghjesù", "Hugo", "Lucas", "Nathan", "Jules", "Arthur", "Malo", "Adrien", "Mehdi", "Ibrahim",
    "Jean-Noël", "Pierre-Yves", "Rémi", "Clément", "Grégoire", "Joël", "Aurélien", "Jean-Baptiste", "Moïse", "Günther",
    "Élie", "Anatole", "Noé", "Tristan", "Yaël", "Çetin",
)  # fmt: skip
MOTHERS = (
    "Nathalie", "Céline", "Stéphanie", "Aurélie", "Émilie", "Valérie", "Gaëlle", "Hélène", "Laëtitia", "Fatima",
    "Anne-Laure", "Marie-Thérèse", "Delphine", "Karine", "Béatrice", "Noëlle", "Élodie", "Sandrine", "Ève", "Françoise",
)  # fmt: skip
FATHERS = (
    "Frédéric", "Jérôme", "Sébastien", "Cédric", "François", "Benoît", "Mickaël", "Loïc", "Jean-François", "Grégory",
    "Karim", "Olivier", "Stéphane", "Raphaël", "Hervé", "André", "Joël", "Thierry", "Régis", "Émilien",
)  # fmt: skip
SURNAMES = (
    "Reiter", "Forêt", "Müller", "Lœuillet", "Çelik", "L'Haÿ", "de Croÿ", "Bœspflug", "Château", "Brûlé", "Delacôte",
    "Noël", "Français", "Maçon", "Lefèvre", "Gérard", "Hébrard", "Étienne", "Émond", "Crêpin", "Saint-Maître",
    "d'Aboville", "Le Goff", "Le Bihan", "Ó Briain", "Casalà", "Orsù", "Schœnauer", "Kœnig", "Thiébaut", "Vaïsse",
    "Naëgelen", "Élan", "Èbre", "N'Guessan", "N'Diaye", "Ait-Saïd", "Ben Saïd", "Nguyễn", "Da Conceição", "Peña",
    "Martin", "Bernard", "Thomas", "Petit", "Robert", "Richard", "Durand", "Dubois", "Moreau", "Laurent", "Simon",
    "Michel", "Garcia", "David", "Bertrand", "Roux", "Vincent", "Fournier", "Morel", "Girard", "André", "Mercier",
    "Dupont", "Lambert", "Bonnet", "Rousseau", "Faure", "Blanc", "Guérin", "Henry", "Garnier", "Chevalier",
    "Gauthier", "Perrin", "Clément", "Nicolas", "Mathieu", "Masson", "Marchand", "Rivière", "Bâcle", "Æbischer",
    "de La Tour d'Œuilly", "Hénaux", "Güneş", "Weiß", "Kieffer", "Schmitt", "Becker", "Humbert", "Colin", "Aubertin",
)  # fmt: skip
