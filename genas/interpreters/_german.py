"""German in the English that the grammar reads."""

from __future__ import annotations

import re

from genas.interpreters._language import WORD, Language
from genas.interpreters._numerals import Numerals, counted

_MUCH = r"(?:Million|Minute|Sekunde|Milli|Mikro|Mega|Kilo|Prozent|MB|kB|ms|Tag)"  # units that have halves
_STEM = r"Parameter|Gewicht|Latenz|Speicher|(?:Modell)?größen|Energie|RAM|FLOP|Flash"
_COST = r"(?:Latenz|Parameter|Gewicht|Energie|Strom|Speicher|(?:Modell)?größe|Inferenz|Rechen|Antwort)\w*"
GERMAN = Language(
    re.compile(
        r"\b(?:und|mit|für|auf|unter|über|höchstens|mindestens|wenigstens|als|fehler\w*|größ\w*|kleiner|besser|oder|"
        r"aber|kategorien|such\w*|"
        r"weniger|nicht|kein\w*|zwischen|"
        r"möglichst|ein|eine[nmrs]?|das|der|dem|den|ich|wir|soll\w*|darf|muss|braucht?|\w*bilder\w*|"
        r"parametern|gewichte\w*|genauigkeit|latenz|perplexität|sprachmodell\w*|ziffern|klassen|millionen|netz\w*|"
        r"modell|versuche|sekunden|minuten|stunden?|"
        r"erst|dann|suche|ist|sind|wichtig\w*|allem|geschwindigkeit|bei|von|zum|zur|soll|ungefähr|etwa|"
        r"bitte|wenn|am|im|idealerweise|einige[rn]?|wenige[rn]?|paar|tabelle\w*|merkmale\w*|brauche\w*|benötig\w*|"
        r"obergrenze|"
        r"(?:parameter|latenz|genauigkeits|mindest|höchst|speicher|energie|modell|zeit)\w*(?:budget|grenze|limit|"
        r"zahl|ziel|zeit)|"
        r"bildern?|ziffer\w*|farbig\w*|sehr|moin|hallo|danke|minimieren|maximieren|optimieren|\w*verbrauch|geht|"
        r"schnell\w*|genau\w*|speicher\w*|möglich\w*|wie)\b",
        re.I,
    ),
    (
        (
            r"(?:ein paar|einige|mehrere|wenige)(?= (?:hundert|tausend|million|milli|mega|kilo|[mk]b\b|ms\b|minuten|"
            r"stunden))",
            "a few",
        ),
        (r"(?:ein(?:em|en)?|1) halbes Dutzend", "6"),
        (r"(?:ein(?:em|en)?|1) Dutzend", "12"),
        (r"(?:zwei|2) Dutzend", "24"),
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
        (r"ein paar|einige|mehrere", "a few"),
        (
            r"wenn (?:irgend )?(?:möglich|es geht)|nach Möglichkeit|idealerweise|am liebsten|vorzugsweise|"
            r"bevorzugt",
            "ideally",
        ),
        (r"möglichst (?=unter|höchstens|weniger als|maximal|nicht|mindestens|über|mehr als)", "ideally "),
        (
            rf"({_STEM})s?(?:budget|limit|obergrenze|grenze|vorgabe|schranke|kontingent)(?: ist| von| "
            rf"beträgt)?",
            r"\1 at most",
        ),
        (r"Genauigkeitsziel|Mindestgenauigkeit|Genauigkeitsvorgabe", "accuracy at least"),
        (r"(?:Höchst|Maximal)(latenz|größe|zahl der Parameter|gewicht)", r"\1 at most"),
        (r"(?:pro|je) (?:Vorwärts)?durchlauf", "per inference"),
        (r"(?:An)?zahl (?:der |an |von )?(?:Parametern?|Gewichten?)", "parameters"),
        (r"(?:handgeschrieben|handschriftlich)e[nr]? (?:Zahlen|Nummern)", "handwritten digits"),
        (
            r"(so \w+(?: \w+)?) (?:wie )?(?:es (?:nur |eben |halt |irgend )?geht|(?:nur|irgend) möglich|"
            r"machbar)",
            r"\1 wie möglich",
        ),
        (rf"minimale?[rnms]? (?={_COST}(?![\w ]*[:\s](?:von )?[0-9]))", "lowest "),
        (r"maximale?[rnms]? (?=(?:Test)?genauigkeit(?![ :]*(?:von )?[0-9]))", "highest "),
        (r"(?:aller)?(?:geringst|niedrigst|wenigst|kürzest)(?:e[rnsm]?|möglich\w*)", "lowest"),
        (r"höchst(?:e[rnsm]?|möglich\w*)", "highest"),
        (r"sparsamst(?:e[rnsm]?|möglich\w*)", "most energy-efficient"),
        (
            r"(?:mein |unser |das )?(?:Haupt|Primär)ziel(?: ist)?|wichtigste[srn]? (?:Ziel|Kriterium)(?: ist)?|"
            r"oberste Priorität(?: hat| ist)?",
            "main goal:",
        ),
        (r"Nebenziel|zweites Ziel", "secondary goal:"),
        (r"zweitrangig|nachrangig|kommt an zweiter Stelle", "second"),
        (
            r"(?:hat|haben) (?:absoluten )?Vorrang|(?:steht|stehen) im Vordergrund|(?:geht|gehen) vor(?=\s*(?:[.,;!]|"
            r"$))|(?:ist|sind) "
            r"entscheidend|"
            r"zähl(?:t|en)(?: am meisten)?",
            "matters most",
        ),
        (
            r"kommt (?:es )?(?:uns |mir )?(?:vor allem |hauptsächlich |nur )?auf (?:die |den |das )?(\w+) "
            r"an",
            r"main goal: \1",
        ),
        (r"alles", "anything"),
        (r"ist (?:unbrauchbar|nutzlos|wertlos|inakzeptabel|unzulässig|nicht akzeptabel|indiskutabel)", "is useless"),
        (r"ist (?:mir |uns |viel |deutlich )*zu (?:langsam|groß|viel|schwer|wenig|ungenau|schlecht)", "is useless"),
        (r"so wenige? (\w+) wie möglich", r"lowest \1"),
        (r"(\w+) (?:zu )?(mini|maxi|opti)mieren", r"\2mise \1"),
        (r"(mini|maxi|opti)miere?", r"\1mise"),
        (r"(?:möglichst wenige?|so wenige? wie möglich|möglichst (?:gering|niedrig)\w+) (\w+)", r"lowest \1"),
        (r"(?:guter |bester )?(?:Kompromiss|Ausgleich) (?:zwischen|aus|von)", "trade-off between"),
        (
            r"wichtiger (?:ist )?als|(?:geht |gehen |kommt )?(?:klar )?vor(?= (?:der |dem )?(?:Latenz|Genau|Größe|"
            r"Geschw|Energie|Speicher|Param))",
            "before",
        ),
        (r"Priorität(?: hat| ist| haben)?", "priority:"),
        (
            rf"(?:nicht|nie(?:mals)?|kein\w*)(?: {WORD}){{0,2}}? (?:mehr|größer|länger|höher|langsamer|schwerer) als",
            r"no more than",
        ),
        (
            rf"(?:nicht|nie(?:mals)?|kein\w*)(?: {WORD}){{0,2}}? (?:weniger|kleiner|niedriger|schlechter|kürzer) als",
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
        (
            r"(?:darf|dürfen|soll(?:te|ten|en)?|kann|können)(?:'s| es| sie| er| man)?((?: (?:das|die|der|eine?) "
            r"\w+)?)(?: "
            r"\w+)? nicht",
            r"must not\1",
        ),
        (r"oder (?:weniger|kleiner|schneller|darunter)", "or less"),
        (r"oder (?:mehr|besser|größer|darüber|höher)", "or more"),
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
        (r"ungefähr|(?:in |so )?etwa|circa|ca\.|rund|schätzungsweise|um die|so um|knapp|gut(?= [0-9])|grob", "about"),
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
        (r"aber|jedoch|sondern", "but"),
        (r"und", "and"),
        (r"mit", "with"),
        (r"für", "for"),
        (r"auf", "on"),
        (r"pro|je", "per"),
        (r"einem?|einen|einer", "a"),
        (r"(?:Such|Rechen)zeit|(?:Such)?budget|Zeitbudget", "of budget"),
        (r"Suche", "of search"),
        (r"Parameter(?:n|zahl|anzahl)?|Gewichten?", "parameters"),
        (r"\w*genauigkeit|Treffsicherheit|(?:Treffer|Erkennungs)(?:quote|rate)|richtig", "accuracy"),
        (r"Fehler(?:n|s|rate|quote)?|Fehlklassifi\w+", "error rate"),
        (
            r"(?:Latenz|Antwort|Inferenz|Reaktions|Verarbeitungs|Ausführungs|Vorhersage)zeit|Latenz(?:en)?|Inferenz|"
            r"Laufzeit",
            "latency",
        ),
        (r"(?:Energie|Strom)(?:verbrauch|bedarf|aufwand)?s?", "energy"),
        (r"Rechen(?:aufwand|kosten|leistung)s?", "compute"),
        (r"Flash-?speicher|Programmspeicher", "flash"),
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
        (r"(?:Netz|Netzwerk|Modell)en?", "networks"),
        (r"(?:aus|durch)?probier\w*|teste[nt]?|evaluier\w*|ausgewertet|bewerte[nt]", "try"),
        (r"(?:Versuch|Durchl[aä]uf|Kandidat)en?", "trials"),
        (r"Epochen", "epochs"),
        (r"Startwert", "seed"),
        (r"hand(?:geschrieben|schriftlich)\w*", "handwritten"),
        (r"Ziffer\w*", "digits"),
        (r"schwarz-?wei(?:ß|ss)\w*", "grayscale"),
        (r"(?<=[0-9]) mal (?=[0-9])", " x "),
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
        (r"gering(?:e[nrsm]?)?|niedrig(?:e[nrsm]?)?", "low"),
        (r"wenige?[rn]?", "few"),
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
