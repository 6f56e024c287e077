"""The dictionary from German to the English that the rules read."""

from __future__ import annotations

from genas.interpreters.plain.numerals import Numerals, counted
from genas.interpreters.plain.patterns import WORD, one_of, rows, words
from genas.interpreters.plain.spelling import Vocabulary

TELLS = words(r"""
    und|oder|aber|mit|für|auf|unter|über|bei|von|zum|zur|am|im|als|wie|wenn|dann|erst|nicht|kein\w*|sehr|bitte
    ein|eine[nmrs]?|das|der|dem|den|ich|wir|ist|sind|soll\w*|darf|muss|braucht?|brauche\w*|benötig\w*|such\w*|geht
    moin|hallo|danke|idealerweise|möglichst|möglich\w*|wichtig\w*|allem|einige[rn]?|wenige[rn]?|paar
    höchstens|mindestens|wenigstens|weniger|zwischen|ungefähr|etwa|obergrenze|größ\w*|kleiner|besser|schnell\w*|genau\w*
    netz\w*|modell|sprachmodell\w*|versuche|klassen|kategorien|merkmale\w*|tabelle\w*|ziffern|ziffer\w*|\w*bilder\w*
    bildern?|farbig\w*|parametern|gewichte\w*|genauigkeit|latenz|perplexität|fehler\w*|geschwindigkeit|speicher\w*
    (?:parameter|latenz|genauigkeits|mindest|höchst|speicher|energie|modell|zeit)\w*(?:budget|grenze|limit|zahl|ziel|zeit)
    \w*verbrauch|minimieren|maximieren|optimieren|millionen|sekunden|minuten|stunden?
""")
_MUCH = r"(?:Million|Minute|Sekunde|Milli|Mikro|Mega|Kilo|Prozent|MB|kB|ms|Tag)"  # units that have halves
_SOME = r"(?:hundert|tausend|million|milli|mega|kilo|[mk]b\b|ms\b|minuten|stunden)"
PARTS = rows(rf"""
    nicht            <- (?:nict|niht|ncht|nich|nit)(?= mehr)
    a few            <- (?:ein paar|einige|mehrere|wenige)(?= {_SOME})
    6                <- (?:ein(?:em|en)?|1) halbes Dutzend
    12               <- (?:ein(?:em|en)?|1) Dutzend
    24               <- (?:zwei|2) Dutzend
    30 minutes       <- eine? halbe Stunde
    15 minutes       <- eine? Viertelstunde
    45 minutes       <- (?:eine? )?Dreiviertelstunde
    0.75 Million     <- (?:eine[nmrs]? )?Dreiviertelmillion
    0.25 Million     <- (?:eine[nmrs]? )?Viertelmillion
    0.75             <- (?:eine[nmrs]? )?drei ?viertel(?= {_MUCH})
    0.25             <- (?:eine[nmrs]? )?viertel(?= {_MUCH})
    0.5              <- (?:eine?[nmrs]? )?halb(?:e[nmrs]?)?(?= {_MUCH})
    1.5              <- anderthalb|eineinhalb
    2.5              <- zweieinhalb
    3.5              <- dreieinhalb
""")
_STEM = r"(Parameter|Gewicht|Latenz|Speicher|(?:Modell)?größen|Energie|RAM|FLOP|Flash)s?"
_COST = r"(?:Latenz|Parameter|Gewicht|Energie|Strom|Speicher|(?:Modell)?größe|Inferenz|Rechen|Antwort)\w*"
_NOT = rf"(?:nicht|nie(?:mals)?|kein\w*)(?: {WORD}){{0,2}}?"
_AUXILIARY = r"(?:darf|dürfen|soll(?:te|ten|en)?|kann|können)(?:'s| es| sie| er| man)?"
_WHICH = r"(?:Latenz|Genau|Größe|Geschw|Energie|Speicher|Param)"
WORDS = rows(rf"""
    a few            <- ein paar|einige|mehrere
    ideally          <- wenn (?:irgend )?(?:möglich|es geht)|nach Möglichkeit|idealerweise|am liebsten|vorzugsweise
                        bevorzugt
    "ideally "       <- möglichst (?=unter|höchstens|weniger als|maximal|nicht|mindestens|über|mehr als)
    # compound nouns that hold a comparison
    \1 at most       <- {_STEM}(?:budget|limit|obergrenze|grenze|vorgabe|schranke|kontingent)(?: ist| von| beträgt)?
    accuracy at least <- Genauigkeitsziel|Mindestgenauigkeit|Genauigkeitsvorgabe
    \1 at most       <- (?:Höchst|Maximal)(latenz|größe|zahl der Parameter|gewicht)
    per inference    <- (?:pro|je) (?:Vorwärts)?durchlauf
    parameters       <- (?:An)?zahl (?:der |an |von )?(?:Parametern?|Gewichten?)
    handwritten digits <- (?:handgeschrieben|handschriftlich)e[nr]? (?:Zahlen|Nummern)
    # wishes
    \1 wie möglich <- (so \w+(?: \w+)?) (?:wie )?(?:es (?:nur |eben |halt |irgend )?geht|(?:nur|irgend) möglich|machbar)
    "lowest "        <- minimale?[rnms]? (?={_COST}(?![\w ]*[:\s](?:von )?[0-9]))
    "highest "       <- maximale?[rnms]? (?=(?:Test)?genauigkeit(?![ :]*(?:von )?[0-9]))
    lowest           <- (?:aller)?(?:geringst|niedrigst|wenigst|kürzest)(?:e[rnsm]?|möglich\w*)
    highest          <- höchst(?:e[rnsm]?|möglich\w*)
    most energy-efficient <- sparsamst(?:e[rnsm]?|möglich\w*)
    main goal:       <- (?:mein |unser |das )?(?:Haupt|Primär)ziel(?: ist)?
                        wichtigste[srn]? (?:Ziel|Kriterium)(?: ist)?|oberste Priorität(?: hat| ist)?
    secondary goal:  <- Nebenziel|zweites Ziel
    second           <- zweitrangig|nachrangig|kommt an zweiter Stelle
    matters most     <- (?:hat|haben) (?:absoluten )?Vorrang|(?:steht|stehen) im Vordergrund
                        (?:geht|gehen) vor(?=\s*(?:[.,;!]|$))|(?:ist|sind) entscheidend|zähl(?:t|en)(?: am meisten)?
    main goal: \1    <- kommt (?:es )?(?:uns |mir )?(?:vor allem |hauptsächlich |nur )?auf (?:die |den |das )?(\w+) an
    anything         <- alles
    is useless       <- ist (?:unbrauchbar|nutzlos|wertlos|inakzeptabel|unzulässig|nicht akzeptabel|indiskutabel)
                        ist (?:mir |uns |viel |deutlich )*zu (?:langsam|groß|viel|schwer|wenig|ungenau|schlecht)
    lowest \1        <- so wenige? (\w+) wie möglich
    \2mise \1        <- (\w+) (?:zu )?(mini|maxi|opti)mieren
    \1mise           <- (mini|maxi|opti)miere?
    lowest \1        <- (?:möglichst wenige?|so wenige? wie möglich|möglichst (?:gering|niedrig)\w+) (\w+)
    trade-off between <- (?:guter |bester )?(?:Kompromiss|Ausgleich) (?:zwischen|aus|von)
    before           <- wichtiger (?:ist )?als|(?:geht |gehen |kommt )?(?:klar )?vor(?= (?:der |dem )?{_WHICH})
    priority:        <- Priorität(?: hat| ist| haben)?
    # comparisons
    no more than     <- (?:auf (?:gar )?keinen Fall|keinesfalls) (?:mehr als|über)
    no more than     <- {_NOT} (?:mehr|größer|länger|höher|langsamer|schwerer) als
    no less than     <- {_NOT} (?:weniger|kleiner|niedriger|schlechter|kürzer) als
    under            <- (?:weniger|kleiner|niedriger|kürzer|schneller|geringer|leichter) als|unterhalb(?: von)?|unter
    over             <- (?:mehr|größer|grösser|höher|besser|länger) als|oberhalb(?: von)?|nicht unter|über
    at most          <- (?:aller)?höchstens|maximal(?:e[nrs]?)?|bis zu|nicht über|innerhalb(?: von)?|begrenzt auf
    at least         <- mindestens|wenigstens|minimal(?:e[nrs]?)?|zumindest|ab
    or less          <- (?:darf |dürfen |soll |sollen )?nicht (?:zu )?(?:überschreiten|übersteigen|überschritten werden)
    or more          <- nicht (?:zu )?(?:unterschreiten|unterschritten werden)
    must not\1       <- {_AUXILIARY}((?: (?:das|die|der|eine?) \w+)?)(?: \w+)? nicht
    or less          <- oder (?:weniger|kleiner|schneller|darunter)
    or more          <- oder (?:mehr|besser|größer|darüber|höher)
    between          <- zwischen
    "from "          <- von (?=[0-9])
    to               <- bis
    as accurate as possible <- so genau wie möglich|möglichst (?:genau|präzise?)(?:es|e|er|en)?
    as fast as possible <- so schnell wie möglich|möglichst schnell(?:es|e|er|en)?
    as small as possible <- so (?:klein|kompakt) wie möglich|möglichst (?:klein|kompakt)(?:es|e|er|en)?
    lowest energy    <- so sparsam wie möglich|möglichst (?:energie|strom)?spar(?:sam|end)(?:es|e|er|en)?
    fastest          <- schnellst(?:e[nrs]?|möglich\w*)
    smallest         <- kleinst(?:e[nrs]?|möglich\w*)
    most accurate    <- (?:genau|präzis)est(?:e[nrs]?)|bestmöglich\w*
    to be \1         <- (klein|kompakt|winzig|schnell|sparsam|genau|präzise) sein
    fast             <- schnell(?:es|er|en|e)?
    small            <- (?:klein|kompakt|winzig)(?:es|er|en|e)?
    energy-efficient <- (?:energie|strom)?sparsam(?:es|er|en|e)?|(?:energie|strom)sparend(?:es|er|en|e)?
    accurate         <- genau(?:es|er|en|e)?|präzise[srn]?
    first            <- zuerst|zunächst|erst|an erster Stelle
    matters most     <- (?:ist |sind )?am wichtigsten
    above all        <- vor allem|in erster Linie|hauptsächlich
    half as          <- halb so (?:viel\w*|groß|schnell|wenig\w*)|(?:die )?Hälfte (?:der|des|von)
    twice as         <- (?:doppelt|dreimal|viermal|zehnmal) so (?:viel\w*|groß|schnell|wenig\w*|genau)
    about            <- ungefähr|(?:in |so )?etwa|circa|ca\.|rund|schätzungsweise|um die|so um|knapp|gut(?= [0-9])|grob
    speed            <- Geschwindigkeit|Schnelligkeit|Tempo
    GPU              <- Grafikkarte|Grafikprozessor
    CPU              <- (?:Haupt)?prozessor(?:s|en)?
    accuracy         <- (?:richtig|korrekt)e[nr]? (?:Antworten|Vorhersagen)
                        (?:richtig|korrekt) (?:erkannt|klassifiziert)|korrekt
    as low as possible <- so (?:gering|niedrig|wenig) wie möglich|möglichst (?:gering|niedrig)\w*
    as high as possible <- so hoch wie möglich|möglichst hohe?\w*
    # small words
    then             <- dann|danach|anschließend|an zweiter Stelle
    without          <- ohne
    but              <- aber|jedoch|sondern
    and              <- und
    with             <- mit
    for              <- für
    on               <- auf
    per              <- pro|je
    a                <- einem?|einen|einer
    # what is measured
    of budget        <- (?:Such|Rechen)zeit|(?:Such)?budget|Zeitbudget
    of search        <- Suche
    parameters       <- Parameter(?:n|zahl|anzahl)?|Gewichten?
    accuracy         <- \w*genauigkeit|Treffsicherheit|(?:Treffer|Erkennungs)(?:quote|rate)|richtig
    error rate       <- Fehler(?:n|s|rate|quote)?|Fehlklassifi\w+
    latency          <- (?:Latenz|Antwort|Inferenz|Reaktions|Verarbeitungs|Ausführungs|Vorhersage)zeit
                        Latenz(?:en)?|Inferenz|Laufzeit
    energy           <- (?:Energie|Strom)(?:verbrauch|bedarf|aufwand)?s?
    compute          <- Rechen(?:aufwand|kosten|leistung)s?
    flash            <- Flash-?speicher|Programmspeicher
    memory           <- (?:Arbeits|Haupt)?speicher(?:bedarf|verbrauch)?
    model size       <- (?:Modell|Datei)?größe|(?:Speicher|Platten)platz
    FLOPs            <- Rechenoperationen|Gleitkommaoperationen
    million          <- Millionen|Million|Mio\.?
    billion          <- Milliarden|Milliarde|Mrd\.?
    thousand         <- Tausend|Tsd\.?
    percent          <- Prozent
    milliseconds     <- Millisekunden?
    microseconds     <- Mikrosekunden?
    seconds          <- Sekunden?|Sek\.?
    minutes          <- Minuten?|Min\.
    hours            <- Stunden?|Std\.?
    days             <- Tagen?|Tage?
    trials           <- (?:Netze|Modelle|Architekturen) (?:testen|probieren|ausprobieren|versuchen)
    networks         <- (?:Netz|Netzwerk|Modell)en?
    try              <- (?:aus|durch)?probier\w*|teste[nt]?|evaluier\w*|ausgewertet|bewerte[nt]
    trials           <- (?:Versuch|Durchl[aä]uf|Kandidat)en?
    epochs           <- Epochen
    seed             <- Startwert
    # data and networks
    handwritten      <- hand(?:geschrieben|schriftlich)\w*
    digits           <- Ziffer\w*
    grayscale        <- schwarz-?wei(?:ß|ss)\w*
    " x "            <- (?<=[0-9]) mal (?=[0-9])
    "grayscale "     <- Graustufen-?|graue[nrs]?
    "colour "        <- farbige[nrs]?|Farb-?(?=[Bb]ild)
    grayscale images <- Graustufenbilder|Graustufenbildern
    colour images    <- Farb(?:bilder|bildern)
    images           <- Bild(?:er|ern)?
    photos           <- Fotos?(?:grafien)?
    classes          <- Klassen
    categories       <- Kategorien
    features         <- Merkmalen?
    emotions         <- Emotionen|Gefühlen?|Gesichtsausdrücken?
    fault types      <- (?:Fehler|Defekt)(?:arten|typen)
    species          <- (?:Pflanzen|Tier|Vogel|Blumen|Baum)arten
    breeds           <- (?:Hunde|Katzen)?rassen
    kinds            <- Sorten|Arten|Materialarten
    types            <- Typen
    groups           <- Gruppen
    letters          <- Buchstaben
    diseases         <- Krankheiten
    gestures         <- Gesten
    poses            <- Posen
    states           <- Zuständen?
    topics           <- Themen
    signs            <- Verkehrszeichen
    colour photos    <- Farbfotos
    side             <- Kantenlänge|Seitenlänge
    or not           <- oder nicht
    tabular data     <- Tabellen(?:daten)?|tabellarische?\w* Daten
    columns          <- Spalten
    texts            <- Texten?
    node classification <- Knoten(?:klassifi\w+)?
    graph network    <- Graph(?:en)?-?netz(?:werk)?
    network          <- (?:Neuronale[sn] )?Netz(?:werk|werks|es)?
    language model   <- Sprachmodell(?:e|s|ierung)?
    perplexity       <- Perplexität
    does not matter  <- (?:ist |sind )?(?:nicht (?:so )?wichtig|unwichtig|egal)|spielt keine Rolle
    low              <- gering(?:e[nrsm]?)?|niedrig(?:e[nrsm]?)?
    few              <- wenige?[rn]?
    no               <- kein(?:e[nrsm]?)?
    not              <- nicht
    the              <- de[rmns]|die|das
""")
_ONES = (
    "ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf "
    "dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn"
)
NUMERALS = Numerals(
    small=counted(_ONES, "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")
    | {"eine": 1, "dreissig": 30},
    scales={"hundert": 100, "tausend": 1000, "million": 10**6, "millionen": 10**6},
    joint="und",
    units=one_of(r"""
        prozent|klassen|kategorien|merkmale|versuche|netze|modelle|architekturen|epochen|parameter|gewichte
        minuten?|stunden?|sekunden?|tagen?|tage|millisekunden?|mikrosekunden?|megabyte|kilobyte|ms\b|[kmg]b\b
        emotionen|gefühle|(?:gesichts)?ausdrücke|sorten|typen|rassen|gruppen|buchstaben|krankheiten|gesten|posen|zustände
        (?:fehler|defekt|pflanzen|tier|vogel|hunde|blumen|baum|material)?arten|themen|verkehrszeichen|gpus?\b
    """),
    bare=True,
)
SPELLING = Vocabulary(
    """
    nicht danach zuerst mindestens höchstens maximal wenig weniger unter parameter parametern genauigkeit latenz energie
    modellgröße arbeitsspeicher minuten stunden millisekunden versuche prozent möglichst geringe kleine schnell
    trainieren epochen dreißig dreissig vierzig fünfzig sechzig siebzig achtzig neunzig hundert tausend
    million millionen
    """,
    """
    nichts nacht unser unten untere unterm minute stunde wenige wenigen versuch epoche maximale parameters
    hunderte tausende geringer geringes geringen kleiner kleines kleinen klein keine gering energien
    """,
)
