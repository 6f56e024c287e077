"""The dictionary from French to the English that the rules read."""

from __future__ import annotations

from genas.interpreters.plain.numerals import Numerals, counted
from genas.interpreters.plain.patterns import WORD, one_of, rows, words
from genas.interpreters.plain.spelling import Vocabulary

TELLS = words(r"""
    avec|sur|pour|dans|des|entre|puis|en|et|ne|je|une|pas|jamais|si possible|aussi|quelques|plusieurs
    d'au|qu'\w+|n'\w+|j'\w+|c'est|merci|bonjour|doit|d'abord|idéalement|priorité|compromis|possible pour
    moins (?:de|que)|plus (?:de|que)|au plus|au moins|aux?|inférieure?|supérieure?|maximale?|minimale?|dépass\w+
    réseaux?|modèle|classifieur|classer|reconna\w+|recherche|essais|données|colonnes|catégories|textes|jetons|espace
    chiffres|noir|paramètres|poids|précision|perplexité|erreur|vitesse|latence|énergie|mémoire|taille
    (?:mini|maxi|opti)mis(?:er|ez|ant)|rapide\w*|léger|légère|petite?
    mille|\w+aines? (?:de|d')|[0-9]+ ?[kmg]o|heures?|millisecondes?
""")
_TENS = r"(?:(?:diz|quinz|vingt|trent|quarant|cinquant|soixant|cent)aine|millier)"
PARTS = rows(rf"""
    "6 "             <- (?:1|une) demi-douzaine (?:de |d')
    "12 "            <- (?:1|une) douzaine (?:de |d')
    "24 "            <- (?:2|deux) douzaines (?:de |d')
    "a few "         <- (?:une |quelques |des )?{_TENS}s? (?:de |d')
    30 minutes       <- une demi-heure
    15 minutes       <- un quart d'heure
    45 minutes       <- trois quarts d'heure
    0.5 million      <- (?:un )?demi[- ]million
    0.25 million     <- (?:un )?quart de million
    0.5 Mo           <- (?:un )?demi[- ](?:mégaoctet|mo)
    0.5 \1           <- (?:une )?demi-((?:milli)?seconde|minute)
    1.5 \1s          <- une (heure|seconde|milliseconde) et demie
""")
_NOT = rf"(?:pas|jamais|non|aucun\w*)(?: {WORD}){{0,2}}?"
_LARGER = r"(?:(?:grand|gros|lent|lourd|long)\w* )?"
_SMALLEST = r"(?:minimale|(?:la plus|aussi) (?:faible|basse|petite|courte)(?: que)?(?: possible)?)"
_RIGHT = r"(?:taux de (?:réussite|reconnaissance)|bonnes réponses|réponses (?:correctes|justes|exactes)|réussite)"
WORDS = rows(rf"""
    a few            <- quelques|plusieurs
    ideally          <- si (?:c'est )?possible|idéalement|de préférence|dans l'idéal
                        dans la mesure du possible|autant que possible
    flash            <- mémoire flash
    grayscale        <- en noir et blanc
    " x "            <- (?<=[0-9]) (?:sur|par) (?=[0-9])
    # wishes
    lowest \1        <- (?:le )?plus petit nombre (?:possible )?de (\w+)
    lowest \1        <- (latence|mémoire|énergie|consommation|taille) {_SMALLEST}(?! ?(?:de |: ?)?[0-9])
    highest accuracy <- précision maximale(?! ?(?:de |: ?)?[0-9])
    accuracy at least <- précision (?:minimale|minimum)
    main goal        <- (?:(?:l')?objectif|critère|but) (?:principal|premier)|priorité (?:absolue|numéro 1)
    secondary goal   <- (?:l')?objectif secondaire|secondairement
    what matters is  <- ce qui (?:compte|importe)(?: le plus| avant tout)?,? c'est
    matters most     <- (?:qui )?(?:compte|importe|prime)(?:nt)?(?: le plus| avant tout)?|passe(?:nt)? avant tout
                        est (?:prioritaire|essentielle?|primordiale?)
    second           <- (?:en second|en deuxième)(?: lieu)?
    # comparisons
    at most          <- plafonnée?s? à|(?:un )?plafond (?:de|à)|(?:la )?limite (?:est |fixée )?(?:de|à)
    low              <- faibles?|basses?|réduite?s?
    "few "           <- peu (?:de |d')
    anything over    <- tout ce qui (?:dépasse|excède)
    anything         <- tout ce qui (?:est|prend|fait)(?= )
    is useless       <- est (?:inutile|inutilisable|inacceptable|exclue?|rejetée?)
                        est (?:bien |beaucoup )?trop (?:lent|gros|grand|lourd|peu)e?
    \1mise           <- (mini|maxi|opti)mis(?:er|ez|ant|e)
    lowest \1        <- le moins (?:de |d')(\w+) possible
    trade-off between <- compromis (?:entre|de)
    before           <- plus importante?s? que|avant(?= (?:la |le |les |l'))
    priority:        <- priorité(?: est)?(?: à| au)?
    at most          <- (?:inférieure?s?|plus petite?s?) ou égale?s?(?: à)?
    at least         <- (?:supérieure?s?|plus grande?s?) ou égale?s?(?: à)?
    no more than     <- {_NOT} plus {_LARGER}(?:de|que)
    no less than     <- {_NOT} moins (?:(?:bon|précis)\w* )?(?:de|que)
    no more than     <- (?:sans|ne (?:doit |doivent )?(?:pas|jamais)|n') ?(?:dépasser|excéder)
                        ne (?:dépasse|excède)(?:nt)? pas
    fastest          <- (?:le|la) réseau le plus rapide|(?:le|la) plus rapide(?: possible)?
    smallest         <- (?:le|la) plus (?:petit|léger|compact)\w*(?: possible)?
    most accurate    <- (?:le|la) plus (?:précis|exact)\w*(?: possible)?
    lowest energy    <- (?:le|la) plus (?:économe|sobre)(?: possible)?
    language model   <- modèles? de (?:langue|langage)
    perplexity       <- perplexité
    space            <- espaces?(?= )
    about            <- environ|à peu près|autour de|(?:aux|dans les) alentours de|grosso modo|de l'ordre de
                        près de|presque
    half as          <- (?:la )?moitié (?:des?|du)|moitié moins (?:de|que)
    twice as         <- (?:deux|trois|quatre|dix) fois (?:plus|moins)(?: de| que)?
    speed            <- vitesse|rapidité
    the CPU          <- (?:le )?processeur
    the GPU          <- (?:la )?carte graphique
    accuracy         <- (?:de )?{_RIGHT}
    does not matter  <- peu importe|n'(?:a|ont) (?:pas|aucune) d'?importance|(?:est |sont )?sans importance
    as fast as possible <- (?:aussi|le plus) rapide que possible
    as small as possible <- aussi (?:petit|léger|compact)e? que possible
    as accurate as possible <- aussi précise? que possible
    at least         <- (?:d')?au (?:moins|minimum)|minimum de
    at most          <- (?:tout )?(?:d')?au (?:plus|maximum)|jusqu'à|maximum de|limitée?s? à|maxi(?!\w)
    or less          <- ou moins
    or more          <- ou (?:plus|mieux)
    under            <- (?:moins|plus (?:petite?|rapide|légère?)) (?:de|que|d')|inférieure?s? à|sous|en dessous de
    over             <- plus (?:de|que|d')|supérieure?s? à|dépassant|au-dessus de
    between          <- entre
    " to "           <- (?<=[0-9]) à (?=[0-9])
    first            <- d'abord|en premier
    matters most     <- avant tout|(?:est )?le plus important
    as low as possible <- aussi (?:faible|bas)\w* que possible|(?:le|la) plus (?:faible|bas)\w* possible
    # small words
    then             <- puis|ensuite
    without          <- sans
    and              <- et
    with             <- avec
    on               <- sur
    for              <- pour
    per              <- par
    a                <- une?
    # what is measured
    of search        <- (?:de )?(?:temps de )?(?:recherche|calcul)
    parameters       <- (?:de |d'|des |les )?(?:paramètres|poids)
    accuracy         <- (?:de |d'|la |l')?(?:précision|exactitude|justesse)
    error rate       <- (?:de |d'|l'|une |un )?(?:taux d')?erreurs?
    latency          <- (?:la |de |une )?(?:latence|temps de (?:réponse|calcul par image)|temps d'inférence)
    energy           <- (?:consommation )?(?:l'|d')?(?:énergie|énergétique)
    memory           <- (?:de |la )?mémoire(?: vive)?
    file size        <- (?:la )?taille du fichier
    model size       <- (?:la )?taille(?: du (?:modèle|réseau))?
    KiB              <- kio(?!\w)
    MiB              <- mio(?!\w)
    KB               <- ko(?!\w)
    MB               <- mo(?!\w)
    GB               <- go(?!\w)
    megabytes        <- mégaoctets?
    kilobytes        <- kilooctets?
    million          <- millions?(?: de| d')?
    billion          <- milliards?(?: de| d')?
    thousand         <- mille
    percent          <- pour ?cents?
    milliseconds     <- millisecondes?
    microseconds     <- microsecondes?
    seconds          <- secondes?
    hours            <- heures?
    days             <- jours?
    weeks            <- semaines?
    for              <- pendant
    try              <- (?:essay|test|évalu)(?:er|ez|e|ons)
    candidates       <- candidats
    trials           <- essais?|réseaux (?:à )?(?:essayés|essayer|tester|testés)
    epochs           <- époques
    seed             <- graine
    # data and networks
    handwritten digits <- (?:les |des |de )?chiffres(?: manuscrits| écrits à la main)?
    grayscale        <- en niveaux de gris
    colour           <- en couleurs?
    categories       <- catégories
    emotions         <- émotions
    kinds            <- sortes
    species          <- espèces
    breeds           <- races
    groups           <- groupes
    letters          <- lettres
    diseases         <- maladies
    gestures         <- gestes
    states           <- états
    topics           <- thèmes
    signs            <- panneaux
    or not           <- ou (?:non|pas)
    features         <- caractéristiques
    tabular data     <- (?:données )?tabulaires?|tableaux?
    columns          <- colonnes
    texts            <- textes?
    tokens           <- jetons
    node classification <- classification de nœuds|nœuds?
    graph network    <- réseau de (?:neurones de )?graphes?|graphe
    networks         <- réseaux
    network          <- réseau
    models           <- modèles
    model            <- modèle
    classifier       <- classifieurs?
    fast             <- (?:très )?rapides?
    small            <- (?:très )?(?:petite?s?|légère?s?|légers?|compacte?s?)
    energy-efficient <- (?:peu gourmands?|peu énergivores?|économes?|sobres?|à basse consommation)(?: en énergie)?
    accurate         <- précise?s?
    must not         <- (?:ne |n')?(?:doit|doivent|peut|peuvent|devrait|devra) (?:pas|jamais)
    not              <- pas
    never            <- jamais
    but              <- mais
    the              <- l[ae]s?
""")
_ONES = (
    "un deux trois quatre cinq six sept huit neuf dix onze douze "
    "treize quatorze quinze seize dix-sept dix-huit dix-neuf"
)
NUMERALS = Numerals(
    small=counted(_ONES, "vingt trente quarante cinquante soixante")
    | {"une": 1, "soixante-dix": 70, "quatre-vingt": 80, "quatre-vingts": 80},
    scales={"cent": 100, "cents": 100, "mille": 1000, "million": 10**6, "millions": 10**6},
    joint="et",
    units=one_of(r"""
        pour ?cents?|%|classes|catégories|caractéristiques|essais?|réseaux|époques|paramètres|poids
        minutes?|heures?|secondes?|jours?|millisecondes?|microsecondes?|ms\b|[kmg]o\b|mégaoctets?
        émotions|sentiments|expressions|types|sortes|espèces|races|groupes|lettres|maladies|gestes|poses|états|thèmes
        panneaux|gpus?\b
    """),
    bare=True,
)
SPELLING = Vocabulary(
    """
    moins maximum maximale paramètres précision latence minutes heures secondes millisecondes essais taille mémoire
    petit rapide possible aussi environ énergie million millions
    vingt trente quarante cinquante soixante mille
    """,
    """
    mains moine moines minute heure seconde essai tailles petite petits rapides rapidement précisions possibles milles
    """,
)
