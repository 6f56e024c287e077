"""German and French sentences in the English that the grammar reads: one table of words per language."""

from __future__ import annotations

import re
from dataclasses import dataclass

from genas.core.errors import RequestError
from genas.interpreters._numerals import Numerals, counted

_MUCH = r"(?:Million|Minute|Sekunde|Milli|Mikro|Mega|Kilo|Prozent|MB|kB|ms|Tag)"  # German units that have halves
_WORD = r"(?!(?:und|aber|oder|sondern|et|mais|ou)\b)[^\W\d]+"  # any but one that begins another thought


@dataclass(frozen=True)
class _Language:
    """`tells` are words that no English sentence has; `words` are replaced in order; `numerals` are counting words.

    `parts` are fractions, which are replaced before counting words are read.
    """

    tells: re.Pattern[str]
    parts: tuple[tuple[str, str], ...]
    words: tuple[tuple[str, str], ...]
    numerals: Numerals


_GERMAN = _Language(
    re.compile(
        r"\b(?:und|mit|für|auf|unter|über|höchstens|mindestens|wenigstens|als|fehler\w*|größ\w*|kleiner|such\w*|weniger|nicht|kein\w*|zwischen|"
        r"möglichst|ein|eine[nmrs]?|das|der|dem|den|ich|wir|soll\w*|darf|muss|braucht?|bilder\w*|"
        r"parametern|gewichte\w*|genauigkeit|latenz|perplexität|sprachmodell\w*|ziffern|klassen|millionen|netz\w*|modell|versuche|sekunden|minuten|stunden?|"
        r"erst|dann|suche|ist|sind|wichtig\w*|allem|geschwindigkeit|bei|von|zum|zur|soll|ungefähr|etwa|"
        r"minimieren|maximieren|optimieren|\w*verbrauch|geht|schnell\w*|genau\w*|speicher\w*|möglich\w*|wie)\b",
        re.I,
    ),
    (
        (r"eine? halbe Stunde", "30 minutes"),
        (r"eine? Viertelstunde", "15 minutes"),
        (r"(?:eine? )?Dreiviertelstunde", "45 minutes"),
        (r"(?:eine[nmrs]? )?Dreiviertelmillion", "0.75 Million"),
        (r"(?:eine[nmrs]? )?Viertelmillion", "0.25 Million"),
        (rf"(?:eine[nmrs]? )?drei ?viertel(?= {_MUCH})", "0.75"),
        (rf"(?:eine[nmrs]? )?viertel(?= {_MUCH})", "0.25"),
        (rf"(?:eine?[nmrs]? )?halb(?:e[nmrs]?)?(?= {_MUCH})", "0.5"),
        (r"anderthalb|eineinhalb", "1.5"),
        (r"zweieinhalb", "2.5"),
        (r"dreieinhalb", "3.5"),
    ),
    (
        (r"ein paar", "a few"),
        (r"alles", "anything"),
        (r"ist (?:unbrauchbar|nutzlos|wertlos|inakzeptabel|unzulässig|nicht akzeptabel|indiskutabel)", "is useless"),
        (r"ist (?:mir |uns |viel |deutlich )*zu (?:langsam|groß|viel|schwer|wenig|ungenau|schlecht)", "is useless"),
        (r"so wenige? (\w+) wie möglich", r"lowest \1"),
        (r"(\w+) (?:zu )?(mini|maxi|opti)mieren", r"\2mise \1"),
        (r"(mini|maxi|opti)miere?", r"\1mise"),
        (r"(?:möglichst wenige?|so wenige? wie möglich|möglichst (?:gering|niedrig)\w+) (\w+)", r"lowest \1"),
        (r"(?:guter |bester )?(?:Kompromiss|Ausgleich) (?:zwischen|aus|von)", "trade-off between"),
        (
            r"wichtiger (?:ist )?als|vor(?= (?:der |dem )?(?:Latenz|Genau|Größe|Geschw|Energie|Speicher|Param))",
            "before",
        ),
        (r"Priorität(?: hat| ist| haben)?", "priority:"),
        (
            rf"(?:nicht|nie(?:mals)?|kein\w*)(?: {_WORD}){{0,2}}? (?:mehr|größer|länger|höher|langsamer|schwerer) als",
            r"no more than",
        ),
        (
            rf"(?:nicht|nie(?:mals)?|kein\w*)(?: {_WORD}){{0,2}}? (?:weniger|kleiner|niedriger|schlechter|kürzer) als",
            r"no less than",
        ),
        (
            r"(?:weniger|kleiner|niedriger|kürzer|schneller|geringer|leichter) als|unterhalb(?: von)?|unter",
            "under",
        ),
        (r"(?:mehr|größer|grösser|höher|besser|länger) als|oberhalb(?: von)?|nicht unter|über", "over"),
        (r"(?:aller)?höchstens|maximal(?:e[nrs]?)?|bis zu|nicht über|innerhalb(?: von)?|begrenzt auf", "at most"),
        (r"mindestens|wenigstens|minimal(?:e[nrs]?)?|zumindest|ab", "at least"),
        (
            r"(?:darf |dürfen |soll |sollen )?nicht (?:zu )?(?:überschreiten|übersteigen|überschritten werden)",
            "or less",
        ),
        (r"nicht (?:zu )?(?:unterschreiten|unterschritten werden)", "or more"),
        (r"oder (?:weniger|kleiner|schneller)", "or less"),
        (r"oder (?:mehr|besser|größer)", "or more"),
        (r"zwischen", "between"),
        (r"von (?=[0-9])", "from "),
        (r"bis", "to"),
        (r"so (\w+) (?:wie )?es geht", r"so \1 wie möglich"),
        (r"so genau wie möglich|möglichst (?:genau|präzise?)(?:es|e|er|en)?", "as accurate as possible"),
        (r"so schnell wie möglich|möglichst schnell(?:es|e|er|en)?", "as fast as possible"),
        (r"so (?:klein|kompakt) wie möglich|möglichst (?:klein|kompakt)(?:es|e|er|en)?", "as small as possible"),
        (r"so sparsam wie möglich|möglichst (?:energie|strom)?spar(?:sam|end)(?:es|e|er|en)?", "lowest energy"),
        (r"schnellst(?:e[nrs]?|möglich\w*)", "fastest"),
        (r"kleinst(?:e[nrs]?|möglich\w*)", "smallest"),
        (r"(?:genau|präzis)est(?:e[nrs]?)|bestmöglich\w*", "most accurate"),
        (r"(klein|kompakt|winzig|schnell|sparsam|genau|präzise) sein", r"to be \1"),
        (r"schnell(?:es|er|en|e)?", "fast"),
        (r"(?:klein|kompakt|winzig)(?:es|er|en|e)?", "small"),
        (r"(?:energie|strom)?sparsam(?:es|er|en|e)?|(?:energie|strom)sparend(?:es|er|en|e)?", "energy-efficient"),
        (r"genau(?:es|er|en|e)?|präzise[srn]?", "accurate"),
        (r"zuerst|zunächst|erst|an erster Stelle", "first"),
        (r"(?:ist |sind )?am wichtigsten", "matters most"),
        (r"vor allem|in erster Linie|hauptsächlich", "above all"),
        (r"halb so (?:viel\w*|groß|schnell|wenig\w*)|(?:die )?Hälfte (?:der|des|von)", "half as"),
        (r"(?:doppelt|dreimal|viermal|zehnmal) so (?:viel\w*|groß|schnell|wenig\w*|genau)", "twice as"),
        (r"ungefähr|etwa|circa|ca\.|rund|schätzungsweise", "about"),
        (r"Geschwindigkeit|Schnelligkeit|Tempo", "speed"),
        (r"(?:Grafikkarte|Grafikprozessor)", "GPU"),
        (r"(?:Haupt)?prozessor(?:s|en)?", "CPU"),
        (
            r"(?:richtig|korrekt)e[nr]? (?:Antworten|Vorhersagen)|(?:richtig|korrekt) (?:erkannt|klassifiziert)",
            "accuracy",
        ),
        (r"korrekt", "accuracy"),
        (r"so (?:gering|niedrig|wenig) wie möglich|möglichst (?:gering|niedrig)\w*", "as low as possible"),
        (r"so hoch wie möglich|möglichst hohe?\w*", "as high as possible"),
        (r"dann|danach|anschließend|an zweiter Stelle", "then"),
        (r"ohne", "without"),
        (r"und", "and"),
        (r"mit", "with"),
        (r"für", "for"),
        (r"auf", "on"),
        (r"pro|je", "per"),
        (r"einem?|einen|einer", "a"),
        (r"(?:Such|Rechen)zeit|(?:Such)?budget|Zeitbudget", "of budget"),
        (r"Suche", "of search"),
        (r"Parameter(?:n|zahl|anzahl)?|Gewichten?", "parameters"),
        (r"(?:Test|Validierungs)?genauigkeit|Treffsicherheit|Trefferquote|richtig", "accuracy"),
        (r"Fehler(?:n|s|rate|quote)?", "error rate"),
        (r"Latenz(?:zeit)?|Antwortzeit|Inferenz(?:zeit)?|Laufzeit", "latency"),
        (r"(?:Energie|Strom)(?:verbrauch|bedarf)?", "energy"),
        (r"(?:Arbeits|Haupt)?speicher(?:bedarf|verbrauch)?", "memory"),
        (r"(?:Modell|Datei)?größe|(?:Speicher|Platten)platz", "model size"),
        (r"Rechenoperationen|Gleitkommaoperationen", "FLOPs"),
        (r"Millionen|Million|Mio\.?", "million"),
        (r"Milliarden|Milliarde|Mrd\.?", "billion"),
        (r"Tausend|Tsd\.?", "thousand"),
        (r"Prozent", "percent"),
        (r"Millisekunden?", "milliseconds"),
        (r"Mikrosekunden?", "microseconds"),
        (r"Sekunden?|Sek\.?", "seconds"),
        (r"Minuten?|Min\.", "minutes"),
        (r"Stunden?|Std\.?", "hours"),
        (r"Tagen?|Tage?", "days"),
        (r"(?:Netze|Modelle|Architekturen) (?:testen|probieren|ausprobieren|versuchen)", "trials"),
        (r"(?:Versuch|Durchl[aä]uf|Kandidat)en?", "trials"),
        (r"Epochen", "epochs"),
        (r"Startwert", "seed"),
        (r"hand(?:geschrieben|schriftlich)\w*", "handwritten"),
        (r"Ziffern(?:erkenn\w+|klassifi\w+)?", "digits"),
        (r"Graustufen-?|graue[nrs]?", "grayscale "),
        (r"farbige[nrs]?|Farb-?(?=[Bb]ild)", "colour "),
        (r"Graustufenbilder|Graustufenbildern", "grayscale images"),
        (r"Farb(?:bilder|bildern|fotos)", "colour images"),
        (r"Bild(?:er|ern)?|Fotos?", "images"),
        (r"Klassen", "classes"),
        (r"Kategorien", "categories"),
        (r"Merkmalen?", "features"),
        (r"Tabellen(?:daten)?|tabellarische?\w* Daten", "tabular data"),
        (r"Spalten", "columns"),
        (r"Texten?", "texts"),
        (r"Knoten(?:klassifi\w+)?", "node classification"),
        (r"Graph(?:en)?-?netz(?:werk)?", "graph network"),
        (r"(?:Neuronale[sn] )?Netz(?:werk|werks|es)?", "network"),
        (r"Sprachmodell(?:e|s|ierung)?", "language model"),
        (r"Perplexität", "perplexity"),
        (r"(?:ist |sind )?(?:nicht (?:so )?wichtig|unwichtig|egal)|spielt keine Rolle", "does not matter"),
        (r"kein(?:e[nrsm]?)?", "no"),
        (r"nicht", "not"),
        (r"de[rmns]|die|das", "the"),
    ),
    Numerals(
        counted(
            "ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
            "siebzehn achtzehn neunzehn",
            "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
        )
        | {"eine": 1, "dreissig": 30},
        {"hundert": 100, "tausend": 1000, "million": 10**6, "millionen": 10**6},
        "und",
        r"prozent|klassen|kategorien|versuche|minuten?|stunden?|sekunden?|tagen?|tage|millisekunden?|mikrosekunden?|"
        r"parameter|gewichte|megabyte|kilobyte|netze|modelle|architekturen|epochen|merkmale|ms\b|[kmg]b\b",
        bare=True,
    ),
)
_FRENCH = _Language(
    re.compile(
        r"\b(?:avec|réseaux?|paramètres|poids|chiffres|précision|moins (?:de|que)|"
        r"plus (?:de|que)|au plus|au moins|sur|pour|essais|dans|des|modèle|perplexité|espace|"
        r"(?:mini|maxi|opti)mis(?:er|ez|ant)|vitesse|rapide\w*|compromis|données|colonnes|priorité|léger|légère|"
        r"inférieure?|supérieure?|entre|mille|puis|d'abord|énergie|latence|erreur|heures?|recherche|possible pour|je|"
        r"classer|doit|ne|en|et|mémoire|classifieur)\b",
        re.I,
    ),
    (
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
        (r"quelques", "a few"),
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
            rf"(?:pas|jamais|non|aucun\w*)(?: {_WORD}){{0,2}}? plus (?:(?:grand|gros|lent|lourd|long)\w* )?(?:de|que)",
            "no more than",
        ),
        (rf"(?:pas|jamais|non|aucun\w*)(?: {_WORD}){{0,2}}? moins (?:(?:bon|précis)\w* )?(?:de|que)", "no less than"),
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
        (r"environ|à peu près|autour de", "about"),
        (r"(?:la )?moitié (?:des?|du)|moitié moins (?:de|que)", "half as"),
        (r"(?:deux|trois|quatre|dix) fois (?:plus|moins)(?: de| que)?", "twice as"),
        (r"vitesse|rapidité", "speed"),
        (r"(?:le )?processeur", "the CPU"),
        (r"(?:la )?carte graphique", "the GPU"),
        (r"(?:de )?(?:bonnes réponses|réponses (?:correctes|justes|exactes)|réussite)", "accuracy"),
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
        (r"(?:la )?taille du (?:modèle|fichier)", "model size"),
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
        (r"réseaux?", "network"),
        (r"modèles?", "model"),
        (r"classifieurs?", "classifier"),
        (r"(?:très )?rapides?", "fast"),
        (r"(?:très )?(?:petite?s?|légère?s?|légers?|compacte?s?)", "small"),
        (r"(?:peu gourmands?|économes?|sobres?)(?: en énergie)?", "energy-efficient"),
        (r"précise?s?", "accurate"),
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


def english(sentence: str) -> str:
    """The sentence with German or French words, decimals and thousands as English has them; English stays as it is.

    Raises:
        RequestError: a number that is a thousand in one language and a fraction in the other.
    """
    german, french = (len(language.tells.findall(sentence)) for language in (_GERMAN, _FRENCH))
    if not german and not french:
        return sentence
    language = _GERMAN if german >= french else _FRENCH
    text = re.sub(r"(?<=[0-9])[ \u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))", "", sentence)
    text = re.sub(r"(?<![\w.,])[0-9]+(?:[.,][0-9]+)+(?![\w])", _point, text)
    text = _PERCENT.sub("%", text)
    text = language.numerals.ranges(_replaced(text, language.parts), "zwischen|von|entre|de", "und|bis|et|à")
    text = re.sub(rf"(?<!\w)({language.numerals.words}) pour ?cents?(?!\w)", r"\1 %", text, flags=re.I)
    text = language.numerals.digits(text)
    text = _replaced(text, language.words)
    word = rf"(?<![\w.,])(?<![0-9] )(?!(?:une?|eine?)\b)(?:(?:{language.numerals.words})(?:[ -]|und)?)+"
    if left := re.search(rf"{word}[ -]?{_COUNTED}|{word} ?(?:oder|ou|to|and) (?=[0-9])", text, re.I):
        raise RequestError(f"The number in {left[0][:40]!r} is not understood. Write it in digits.")
    return re.sub(r"(?<=[0-9]) (?:de |d')(?=parameters)", " ", text, flags=re.I)


def _replaced(text: str, table: tuple[tuple[str, str], ...]) -> str:
    for words, meaning in table:
        text = re.sub(rf"(?<![\w/.])(?:{words})(?![\w/])", meaning, text, flags=re.I)
    return text


_COUNTED = (
    r"(?:parameters|percent|%|m?FLOPs|milliseconds|microseconds|seconds|minutes|hours|days|trials|classes|[km]b)(?!\w)"
)
_PERCENT = re.compile(r"(?<=[0-9]) ?pour ?cents?(?!\w)", re.I)


def _point(match: re.Match[str]) -> str:
    """1.500.000,5 as 1500000.5; 0.985 and 2.5 as they are."""
    number = match[0]
    if re.fullmatch(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]+)?", number):
        return number.replace(".", "").replace(",", ".")
    if re.fullmatch(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+", number):
        raise RequestError(f"Is {number[:24]!r} a thousand or a fraction? Write it without a comma.")
    return number.replace(",", ".") if re.fullmatch(r"[0-9]+,[0-9]+", number) else number
