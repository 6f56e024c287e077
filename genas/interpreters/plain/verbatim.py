"""Takes paths and quoted names out of a sentence before any of its words is translated or corrected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from genas.core.paths import written
from genas.interpreters.plain.patterns import one_of

# Private-use characters stand for what is taken out: no rule reads them, and a sentence has none of its own.
PATH, BLANK = "\ue000", "\ue001"
_NAMES, _LAST = 0xE002, 0xF8FF
_PRIVATE = re.compile(f"[{PATH}-{chr(_LAST)}]")
NAME = f"[{chr(_NAMES)}-{chr(_LAST)}]"

_SUFFIX = r"\.(?:npz|parquet|csv|tsv)"
_QUOTED = re.compile(
    one_of(r"""
    (?<!\w)"([^"\n]{1,300})"
    (?<!\w)'([^'\n]{1,300})'(?!\w)
    `([^`\n]{1,300})`
    [“„”]([^“„”\n]{1,300})[“”]
    [‘‚]([^‘‚’\n]{1,300})[‘’]
    «([^«»\n]{1,300})»
    """)
)
_LOOKS = re.compile(rf"[/\\]|{_SUFFIX}$", re.I)
_SECOND = re.compile(r"\s(?:~|\.{1,2})?[/\\]|\s[A-Za-z]:[/\\]")  # a sentence in quotes, with a path of its own
_END = r"\s,;\"'`|"
_REST = rf"(?:\\ |[^{_END}])+"
_PART = rf"[^{_END}/\\:=()<>\[\]{{}}][^{_END}/\\:=<>]*"  # of a path, between its slashes
_HOME = r"(?:~[\w-]*|\.{1,2}|\$GENAS_DATA|\$\{GENAS_DATA\})"
_SHORT = one_of(r"""
    and|or|then|but|with|using|from|in|into|to|for|on|at|by|of|under|over|the|a|an|is|are|as|per|labels?|columns?
    und|oder|aber|mit|aus|im|am|für|auf|bei|von|unter|über|nach|die|der|das|ist|et|ou|mais|avec|dans|de|des|sur|pour
    les?|la|est|par|sous|moins|plus|at
""")
_FOLDERS = r"(?:folder|directory|dir|Ordner|Verzeichnis|dossier|répertoire)"
_CUE = one_of(rf"""
    (?:in|inside|from|at|under|path|file|aus|im|unter|Datei|Pfad|dans|depuis|chemin|fichier|{_FOLDERS})\s+
    (?:path|data(?:set)?|images?|photos?|file|Daten|Bilder|Fotos|Pfad|données|{_FOLDERS})\s*[:=]\s*
""")
_PAIR = one_of(r"""
    and/or|und/oder|et/ou|yes/no|ja/nein|oui/non|n/a|w/o|c/o|24/7|his/her|train\w*/(?:val\w*/)?test|true/false
    [\w.]+/(?:s|sec|seconds?|ms|min|h|hour|image|frame|sample|inference|Bild|Sekunde|seconde)
    (?:[cgt]pu|cuda|params?|parameters|weights|flops|macs|latency|accuracy|size|memory|speed|energy|loss)/\w+
""")
_NO_PAIR = rf"(?!{_PAIR}(?![\w/]))"
_WORD = rf" (?!{_SHORT}\b){_NO_PAIR}[\w(][\w.()-]*"
_ON = rf"(?:{_WORD}){{0,3}}{_WORD}"
_PATHS = re.compile(
    r"(?<![\w/.:~$%\\-])"
    + one_of(rf"""
    file:(?://(?:localhost(?=/))?)?(?:/|[A-Za-z]:)[^{_END}]*
    [A-Za-z]:[/\\][^{_END}]*(?:{_ON}[/\\]{_REST})?
    \\\\[^{_END}/\\]+[^{_END}]*
    {_HOME}?/{_REST}(?:{_ON}/{_REST})?(?:{_ON}{_SUFFIX}\b)?
    {_HOME}\\[^{_END}]+
    {_PART}(?:[/\\]{_PART})+(?:{_ON}(?:[/\\]{_PART})?)??{_SUFFIX}\b
    {_PART}{_SUFFIX}\b
    (?!(?:w|c|b)/o?)[\w.-]+(?:/[\w.-]+)*/(?=[\s,;.]|$)
    """),
    re.I,
)
_NAMED = re.compile(
    rf"\b{_CUE}{_NO_PAIR}([A-Za-z_][\w.-]*(?:[/\\][\w.-]+)+)|"
    rf"\b{_FOLDERS}"
    r"(?:\s+(?:called|named|namens|appelé|nommé)|\s*[:=])\s+([\w.-]+)",
    re.I,
)
_FOLDER = re.compile(rf"\b{_FOLDERS} (?!{_SHORT}\b)([\w.-]*\w)", re.I)
_FOLDER_OF = re.compile(rf"\b(?:{_FOLDERS}|file|path|Datei|Pfad|fichier|chemin)\W*$", re.I)
_NO_FOLDER = one_of(r"""
    per|each|that|which|where|whose|has|have|holds?|contain\w*|structure|names?|called|named|full|inside|below|above|here
    there|tree|pro|je|contenant|nommé|appelé|namens|heißt|hat|enthält|qui
""")
_KINDS = one_of(r"""
    zip|tar|tgz|gz|bz2|xz|7z|rar|jpe?g|jfif|png|gif|bmp|tiff?|webp|svg|ico|heic|h5|hdf5?|xlsx?|xlsm|ods|jsonl?|ndjson|xml
    ya?ml|toml|txt|md|pdf|docx?|pptx?|mat|npy|pkl|pickle|joblib|pth?|ckpt|safetensors|onnx|tflite|arff|feather|arrow|orc
    avro|db|sqlite3?|sql|tfrecords?|lmdb|mdb|(?:idx[0-9]-)?ubyte|bin|dat|wav|mp3|flac|ogg|mp4|avi|mov|mkv|nii|dcm|dicom
    ipynb|sav|dta|sas7bdat|rds|rdata|html?|log|ply|las|graphml|gexf|edgelist
""")
_ADDRESS = re.compile(rf"(?<![\w+.-])(?!file:)[A-Za-z][A-Za-z0-9+.-]{{1,20}}://[^{_END}]+|(?<![\w.])www\.[^{_END}]+")
_UNREAD = re.compile(
    one_of(rf"""
    (?<!\w)\$\{{?[A-Za-z_]\w*\}}?[/\\][^{_END}]*
    (?<!\w)%[A-Za-z_]\w*%[/\\][^{_END}]*
    (?<!\w)[A-Z]:[A-Za-z][\w./\\-]+
    (?<![^{_END}()=:])[^{_END}()=:]*\w\.{_KINDS}(?!\w)
    """)
)
_UNSURE = re.compile(rf"(?<![\w/.]){_NO_PAIR}[A-Za-z_.][\w.-]*(?:[/\\][\w.-]+)+")


@dataclass
class Verbatim:
    """A sentence with a private-use character in the place of each path and quoted name.

    Args:
        text: the sentence with these characters.
        paths: paths of the user's data, in order, each once.
        unread: words that look like a path but can't be read as one.
        names: quoted text that is not a path, by its character.
    """

    text: str
    paths: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def name(self, said: str) -> str:
        """A name as the user wrote it, with or without quotes."""
        return self.names.get(said, said)

    def restored(self) -> str:
        """The text with its quoted names put back."""
        return re.sub(NAME, lambda m: f" {self.names.get(m[0], ' ')} ", self.text)


def set_apart(sentence: str) -> Verbatim:
    """Take paths and quoted names out of a sentence.

    A path may stand in quotes of any kind. Without quotes it may hold spaces if a file of that name exists, or if a
    later word shows that the path goes on (./my photos/pets).
    """
    apart = Verbatim(_PRIVATE.sub(" ", sentence))
    apart.text = _ADDRESS.sub(lambda m: _unread(apart, m), apart.text)
    apart.text = _QUOTED.sub(lambda m: _quoted(apart, m), apart.text)
    text, done = "", 0
    for start, end, path in _paths(apart.text):
        text += apart.text[done:start] + PATH
        done = end
        _keep(apart, path)
    apart.text = text + apart.text[done:]
    for pattern in (_UNREAD, _FOLDER):
        apart.text = pattern.sub(lambda m: _unread(apart, m), apart.text)
    return apart


def unsure_path(text: str) -> str | None:
    """A word with a slash that may be a path, such as pets/small; asked for if nothing else says what the data are."""
    match = _UNSURE.search(text)
    return match[0] if match else None


def _quoted(apart: Verbatim, match: re.Match[str]) -> str:
    said = next(group for group in match.groups() if group is not None).strip()
    named = _FOLDER_OF.search(match.string[: match.start()]) is not None
    whole = match.start() == 0 and match.end() == len(match.string.rstrip())
    if (named or _LOOKS.search(said)) and not _SECOND.search(said) and not (whole and " " in said):
        _keep(apart, _local(said))
        return PATH
    if whole or len(apart.names) > _LAST - _NAMES - 1:
        return match[0]
    mark = chr(_NAMES + len(apart.names))
    apart.names[mark] = said
    return mark


def _unread(apart: Verbatim, match: re.Match[str]) -> str:
    """The character for a word that can't be read as a path; an existing folder is kept as a path."""
    if match.re is _FOLDER:
        if re.match(rf"{_NO_FOLDER}\b", match[1], re.I):
            return match[0]
        if _exists(match[1]):
            _keep(apart, match[1])
            return PATH
    apart.unread.append(match[1] if match.re is _FOLDER else match[0].rstrip(".:!?)"))
    return BLANK


def _keep(apart: Verbatim, path: str) -> None:
    if path.strip("./~\\") and path not in apart.paths:
        apart.paths.append(path)


def _paths(text: str) -> Iterator[tuple[int, int, str]]:
    """The span and the path of each path without quotes."""
    place = 0
    while first := min(
        (match for pattern in (_PATHS, _NAMED) if (match := pattern.search(text, place))),
        key=lambda match: match.start(match.lastindex or 0),
        default=None,
    ):
        group = first.lastindex or 0
        start, end = first.span(group)
        end -= len(text[start:end]) - len(text[start:end].rstrip(".:!?)"))
        if end <= start or not text[start:end].strip("./~\\"):
            place = first.end()
            continue
        start, end = _with_blanks(text, place, start, end)
        yield start, end, _local(text[start:end])
        place = end


def _with_blanks(text: str, edge: int, start: int, end: int) -> tuple[int, int]:
    """The longest span of words around a path that names an existing file or folder; else the path itself."""
    after = re.match(r"(?: [^\s,;\"'`|]+){1,8}", text[end:])
    later = [end + m.end() for m in re.finditer(r" \S+", after[0])] if after else []
    for longer in reversed(later):
        if _exists(text[start:longer].rstrip(".:!?)")):
            return start, start + len(text[start:longer].rstrip(".:!?)"))
    before = re.search(r"(?:[^\s,;:\"'`|]+ ){1,4}$", text[edge:start])
    if before:
        for earlier in re.finditer(r"\S+ ", before[0]):
            begin = edge + before.start() + earlier.start()
            if _exists(text[begin:end]):
                return begin, end
    return start, end


def _local(path: str) -> str:
    """The path that a file: address names, or the path without a shell's backslashes before spaces."""
    if address := re.match(r"file:(?://(?:localhost(?=/))?)?", path, re.I):
        path = unquote(path[address.end() :])
        return path[1:] if re.match(r"/[A-Za-z]:", path) else path
    return path.replace("\\ ", " ")


def _exists(name: str) -> bool:
    try:
        return written(_local(name)).exists()
    except (OSError, ValueError, RuntimeError):  # no file can have such a name
        return False
