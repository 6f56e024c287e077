"""French in the English that the grammar reads."""

from __future__ import annotations

import re

from genas.interpreters._language import WORD, Language
from genas.interpreters._numerals import Numerals, counted

FRENCH = Language(
    re.compile(
        r"\b(?:avec|réseaux?|paramètres|poids|chiffres|précision|moins (?:de|que)|"
        r"plus (?:de|que)|au plus|au moins|sur|pour|essais|dans|des|modèle|perplexité|espace|"
        r"(?:mini|maxi|opti)mis(?:er|ez|ant)|vitesse|rapide\w*|compromis|données|colonnes|priorité|léger|légère|"
        r"inférieure?|supérieure?|entre|mille|puis|d'abord|énergie|latence|erreur|heures?|recherche|possible pour|je|"
        r"[0-9]+ ?[kmg]o|textes|jetons|catégories|noir|aussi|petite?|pas|jamais|quelques|plusieurs|une|aux?|si "
        r"possible|idéalement|millisecondes?|\w+aines? (?:de|d')|taille|"
        r"maximale?|minimale?|"
        r"dépass\w+|reconna\w+|d'au|qu'\w+|n'\w+|j'\w+|c'est|merci|bonjour|classer|doit|ne|en|et|mémoire|"
        r"classifieur)\b",
        re.I,
    ),
    (
        (r"(?:1|une) demi-douzaine (?:de |d')", "6 "),
        (r"(?:1|une) douzaine (?:de |d')", "12 "),
        (r"(?:2|deux) douzaines (?:de |d')", "24 "),
        (
            r"(?:une |quelques |des )?(?:dizaine|quinzaine|vingtaine|trentaine|quarantaine|cinquantaine|soixantaine|"
            r"centaine|"
            r"millier)s? (?:de |d')",
            "a few ",
        ),
        (r"une demi-heure", "30 minutes"),
        (r"un quart d'heure", "15 minutes"),
        (r"trois quarts d'heure", "45 minutes"),
        (r"(?:un )?demi[- ]million", "0.5 million"),
        (r"(?:un )?quart de million", "0.25 million"),
        (r"(?:un )?demi[- ](?:mégaoctet|mo)", "0.5 Mo"),
        (r"(?:une )?demi-seconde", "0.5 seconde"),
        (r"(?:une )?demi-milliseconde", "0.5 milliseconde"),
        (r"(?:une )?demi-minute", "0.5 minute"),
        (r"une (heure|seconde|milliseconde) et demie", r"1.5 \1s"),
    ),
    (
        (r"quelques|plusieurs", "a few"),
        (
            r"si (?:c'est )?possible|idéalement|de préférence|dans l'idéal|dans la mesure du possible|autant que "
            r"possible",
            "ideally",
        ),
        (r"mémoire flash", "flash"),
        (r"en noir et blanc", "grayscale"),
        (r"(?<=[0-9]) (?:sur|par) (?=[0-9])", " x "),
        (r"(?:le )?plus petit nombre (?:possible )?de (\w+)", r"lowest \1"),
        (
            r"(latence|mémoire|énergie|consommation|taille) (?:minimale|(?:la plus|aussi) (?:faible|basse|petite|"
            r"courte)"
            r"(?: que)?(?: possible)?)(?! ?(?:de |: ?)?[0-9])",
            r"lowest \1",
        ),
        (r"précision maximale(?! ?(?:de |: ?)?[0-9])", "highest accuracy"),
        (r"précision (?:minimale|minimum)", "accuracy at least"),
        (r"(?:(?:l')?objectif|critère|but) (?:principal|premier)|priorité (?:absolue|numéro 1)", "main goal"),
        (r"(?:l')?objectif secondaire|secondairement", "secondary goal"),
        (r"ce qui (?:compte|importe)(?: le plus| avant tout)?,? c'est", "what matters is"),
        (
            r"(?:qui )?(?:compte|importe|prime)(?:nt)?(?: le plus| avant tout)?|passe(?:nt)? avant tout|est "
            r"(?:prioritaire|"
            r"essentielle?|primordiale?)",
            "matters most",
        ),
        (r"(?:en second|en deuxième)(?: lieu)?", "second"),
        (r"plafonnée?s? à|(?:un )?plafond (?:de|à)|(?:la )?limite (?:est |fixée )?(?:de|à)", "at most"),
        (r"faibles?|basses?|réduite?s?", "low"),
        (r"peu (?:de |d')", "few "),
        (r"tout ce qui (?:dépasse|excède)", "anything over"),
        (r"tout ce qui (?:est|prend|fait) ", "anything "),
        (r"est (?:inutile|inutilisable|inacceptable|exclue?|rejetée?)", "is useless"),
        (r"est (?:bien |beaucoup )?trop (?:lent|gros|grand|lourd|peu)e?", "is useless"),
        (r"(mini|maxi|opti)mis(?:er|ez|ant|e)", r"\1mise"),
        (r"le moins (?:de |d')(\w+) possible", r"lowest \1"),
        (r"compromis (?:entre|de)", "trade-off between"),
        (r"plus importante?s? que|avant(?= (?:la |le |les |l'))", "before"),
        (r"priorité(?: est)?(?: à| au)?", "priority:"),
        (r"(?:inférieure?s?|plus petite?s?) ou égale?s?(?: à)?", "at most"),
        (r"(?:supérieure?s?|plus grande?s?) ou égale?s?(?: à)?", "at least"),
        (
            rf"(?:pas|jamais|non|aucun\w*)(?: {WORD}){{0,2}}? plus (?:(?:grand|gros|lent|lourd|long)\w* )?(?:de|que)",
            "no more than",
        ),
        (rf"(?:pas|jamais|non|aucun\w*)(?: {WORD}){{0,2}}? moins (?:(?:bon|précis)\w* )?(?:de|que)", "no less than"),
        (
            r"(?:sans|ne (?:doit |doivent )?(?:pas|jamais)|n') ?(?:dépasser|excéder)|ne (?:dépasse|excède)(?:nt)? pas",
            "no more than",
        ),
        (r"(?:le|la) réseau le plus rapide|(?:le|la) plus rapide(?: possible)?", "fastest"),
        (r"(?:le|la) plus (?:petit|léger|compact)\w*(?: possible)?", "smallest"),
        (r"(?:le|la) plus (?:précis|exact)\w*(?: possible)?", "most accurate"),
        (r"(?:le|la) plus (?:économe|sobre)(?: possible)?", "lowest energy"),
        (r"modèles? de (?:langue|langage)", "language model"),
        (r"perplexité", "perplexity"),
        (r"espaces?(?= )", "space"),
        (
            r"environ|à peu près|autour de|(?:aux|dans les) alentours de|grosso modo|de l'ordre de|près de|"
            r"presque",
            "about",
        ),
        (r"(?:la )?moitié (?:des?|du)|moitié moins (?:de|que)", "half as"),
        (r"(?:deux|trois|quatre|dix) fois (?:plus|moins)(?: de| que)?", "twice as"),
        (r"vitesse|rapidité", "speed"),
        (r"(?:le )?processeur", "the CPU"),
        (r"(?:la )?carte graphique", "the GPU"),
        (
            r"(?:de )?(?:taux de (?:réussite|reconnaissance)|bonnes réponses|réponses (?:correctes|justes|exactes)|"
            r"réussite)",
            "accuracy",
        ),
        (r"peu importe|n'(?:a|ont) (?:pas|aucune) d'?importance|(?:est |sont )?sans importance", "does not matter"),
        (r"(?:aussi|le plus) rapide que possible", "as fast as possible"),
        (r"aussi (?:petit|léger|compact)e? que possible", "as small as possible"),
        (r"aussi précise? que possible", "as accurate as possible"),
        (r"(?:d')?au (?:moins|minimum)|minimum de", "at least"),
        (r"(?:tout )?(?:d')?au (?:plus|maximum)|jusqu'à|maximum de|limitée?s? à|maxi(?!\w)", "at most"),
        (r"ou moins", "or less"),
        (r"ou (?:plus|mieux)", "or more"),
        (
            r"(?:moins|plus (?:petite?|rapide|légère?)) (?:de|que|d')|inférieure?s? à|sous|en dessous de",
            "under",
        ),
        (r"plus (?:de|que|d')|supérieure?s? à|dépassant|au-dessus de", "over"),
        (r"entre", "between"),
        (r"(?<=[0-9]) à (?=[0-9])", " to "),
        (r"d'abord|en premier", "first"),
        (r"avant tout|(?:est )?le plus important", "matters most"),
        (r"aussi (?:faible|bas)\w* que possible|(?:le|la) plus (?:faible|bas)\w* possible", "as low as possible"),
        (r"puis|ensuite", "then"),
        (r"sans", "without"),
        (r"et", "and"),
        (r"avec", "with"),
        (r"sur", "on"),
        (r"pour", "for"),
        (r"par", "per"),
        (r"une?", "a"),
        (r"(?:de )?(?:temps de )?(?:recherche|calcul)", "of search"),
        (r"(?:de |d'|des |les )?(?:paramètres|poids)", "parameters"),
        (r"(?:de |d'|la |l')?(?:précision|exactitude|justesse)", "accuracy"),
        (r"(?:de |d'|l'|une |un )?(?:taux d')?erreurs?", "error rate"),
        (r"(?:la |de |une )?(?:latence|temps de (?:réponse|calcul par image)|temps d'inférence)", "latency"),
        (r"(?:consommation )?(?:l'|d')?(?:énergie|énergétique)", "energy"),
        (r"(?:de |la )?mémoire(?: vive)?", "memory"),
        (r"(?:la )?taille du fichier", "file size"),
        (r"(?:la )?taille(?: du (?:modèle|réseau))?", "model size"),
        (r"kio(?!\w)", "KiB"),
        (r"mio(?!\w)", "MiB"),
        (r"ko(?!\w)", "KB"),
        (r"mo(?!\w)", "MB"),
        (r"go(?!\w)", "GB"),
        (r"mégaoctets?", "megabytes"),
        (r"kilooctets?", "kilobytes"),
        (r"millions?(?: de| d')?", "million"),
        (r"milliards?(?: de| d')?", "billion"),
        (r"mille", "thousand"),
        (r"pour ?cents?", "percent"),
        (r"millisecondes?", "milliseconds"),
        (r"microsecondes?", "microseconds"),
        (r"secondes?", "seconds"),
        (r"heures?", "hours"),
        (r"jours?", "days"),
        (r"semaines?", "weeks"),
        (r"pendant", "for"),
        (r"(?:essay|test|évalu)(?:er|ez|e|ons)", "try"),
        (r"candidats", "candidates"),
        (r"(?:essais?|réseaux (?:à )?(?:essayés|essayer|tester|testés))", "trials"),
        (r"époques", "epochs"),
        (r"graine", "seed"),
        (r"(?:les |des |de )?chiffres(?: manuscrits| écrits à la main)?", "handwritten digits"),
        (r"en niveaux de gris", "grayscale"),
        (r"en couleurs?", "colour"),
        (r"catégories", "categories"),
        (r"caractéristiques", "features"),
        (r"(?:données )?tabulaires?|tableaux?", "tabular data"),
        (r"colonnes", "columns"),
        (r"textes?", "texts"),
        (r"jetons", "tokens"),
        (r"classification de nœuds|nœuds?", "node classification"),
        (r"réseau de (?:neurones de )?graphes?|graphe", "graph network"),
        (r"réseaux", "networks"),
        (r"réseau", "network"),
        (r"modèles", "models"),
        (r"modèle", "model"),
        (r"classifieurs?", "classifier"),
        (r"(?:très )?rapides?", "fast"),
        (r"(?:très )?(?:petite?s?|légère?s?|légers?|compacte?s?)", "small"),
        (
            r"(?:peu gourmands?|peu énergivores?|économes?|sobres?|à basse consommation)(?: en "
            r"énergie)?",
            "energy-efficient",
        ),
        (r"précise?s?", "accurate"),
        (r"(?:ne |n')?(?:doit|doivent|peut|peuvent|devrait|devra) (?:pas|jamais)", "must not"),
        (r"pas", "not"),
        (r"jamais", "never"),
        (r"mais", "but"),
        (r"l[ae]s?", "the"),
    ),
    Numerals(
        counted(
            "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept "
            "dix-huit dix-neuf",
            "vingt trente quarante cinquante soixante",
        )
        | {"une": 1, "soixante-dix": 70, "quatre-vingt": 80, "quatre-vingts": 80},
        {"cent": 100, "cents": 100, "mille": 1000, "million": 10**6, "millions": 10**6},
        "et",
        r"pour ?cents?|%|classes|catégories|essais?|minutes?|heures?|secondes?|jours?|millisecondes?|microsecondes?|"
        r"paramètres|poids|époques|caractéristiques|réseaux|ms\b|[kmg]o\b|mégaoctets?",
        bare=True,
    ),
)
