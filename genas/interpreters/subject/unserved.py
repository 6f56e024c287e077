"""Finds requests that genas does not offer, and tells them from harmless words: a photo may show text."""

from __future__ import annotations

import re

from genas.core.errors import RequestError
from genas.interpreters.plain.patterns import one_of, words

# Work that no task does; a single word is enough where the sentence names no data.
_SPEECH = one_of(r"""
    who is (?:speaking|talking)|speaker (?:recognition|identification|verification|diari\w+)
    spoken|speech|voices?|pronounced|acoustic\w*|utterances?|keyword spotting|wake[- ]?words?|bird ?songs?
    gesproch\w+|sprach(?:befehl|aufnahm)\w*|prononcé\w*|parlés?
""")
_ANYWHERE = words(rf"""
    {_SPEECH}
    regression|object detection|detector|segment(?:ation|s|ing)?|captions?|video|generative|generate images
    translation|translat\w+|language model|text|sentiment|emails?|spam|audio|sound|music
    time[- ]series|forecast\w*|recommend\w*|reinforcement|house prices?|stock
""")
_ALL = r"(?:the|all|any|some|my|our|your|these|those|every|each)"
_FEW = r"(?:(?!(?:for|of|on|that|to|which|with|network|net|model|classifier)\b)[\w-]+ ){0,3}"
_MADE = one_of(r"""
    images?|photos?|photographs?|pictures?|samples|examples|faces|rows|data|texts?|captions?|descriptions?
    digits?|numerals?|mnist|letters|characters
""")
# No classification, even if the sentence mentions classes.
_NEVER = words(rf"""
    (?<!logistic )(?<!not )(?<!no )r[eé]gression
    regress(?:es|ing)?|impute\w*|imputation|fill(?:s|ing)? in (?:the )?missing values|summari[sz](?:e|es|ing|ation)
    transcri(?:be|bes|bing|ption)|next (?:word|token|character|letter|frame|value|item|step)|learn(?:ing)? to rank
    rank(?:s|ing)? (?:{_ALL} )?(?:search )?(?:results|documents|pages|products|items)
    detect(?:s|ing)? (?:{_ALL} )?(?:\w+ )?objects|objects? (?:detect\w*|locali[sz]ation)|bounding[- ]box(?:es)?
    objekterkennung
    clustering|clusters?(?= {_ALL}\b)|(?:to|please) cluster|^\W*cluster
    (?:generat(?:e|es|ing)|synthesi[sz](?:e|es|ing)|draws|paints|to (?:draw|paint)) {_FEW}{_MADE}
    (?:image|photo|picture|text|data) generat(?:ion|or)
    reinforcement learning|language model|translat(?:e|es|ing|or)(?= (?:{_ALL}\b|\|))|machine translation
    recommender|recommend (?:products|items|films|movies|songs|music|books)
""")
_NO_IMAGES = words(rf"""
    segmentation|segmenting|segment|segmentier\w+|segments (?:the|all|my|our|images|photos|pictures|scans)
    (?:writes?|makes?|generates?|produces?) captions|(?:image|photo|picture) caption\w*|captioning|captions? for
    super[- ]?resolution|upscal(?:e|es|ing)|denois(?:e|es|ing|er)|inpaint\w*|colou?ri[sz](?:e|es|ing)
    (?:depth|pose) estimation|key ?points?|(?:de)?blur(?:s|ring)? (?:{_ALL}|\|+)|sharpen(?:s|ing)?
    (?:remov(?:e|es|ing)|replac(?:e|es|ing)|cut(?:s|ting)? out) (?:the )?(?:backgrounds?|noise|objects?|rain|haze|blur)
""")
_NO_ROWS = words(rf"""
    texts?|sentiment analysis|sentiment of|(?:sort|label|tag|read|classif\w+) (?:{_ALL} )?(?:tweets|reviews|sentences)
    (?:audio|sound) (?:files?|recordings?)
""")
_SEVERAL = r"(?:several|multiple|many|a few|all|more than (?:one|1)|any number of|(?:one|1) or more)"
_EACH_HAS = (
    r"(?:each|every|an?|one|1) [\w-]+ (?:in \|+ )?(?:(?:can|may|might|could) )?"
    r"(?:ha(?:s|ve)|belongs? to|carr(?:y|ies)|gets?)"
)
_AT_ONCE = r"(?:at once|at a time|together|per \w+|for (?:each|every|one|an?) \w+|in (?:one|an?|each|every) \w+)"
# No classification, whatever the data; some benchmarks offer these.
_WORK = words(rf"""
    multi[- ]?(?:label|task)\w*|multi[- ]?étiquettes?|multi[- ]?output|mehrfachklassifi\w+|mehrfachlabels?
    {_SEVERAL} (?:labels?|class(?:es)?|tags?|étiquettes?) {_AT_ONCE}
    {_EACH_HAS} {_SEVERAL} (?:labels?|class(?:es)?|tags?|categories)
    more than (?:one|1) (?:label|class|tag)|(?:labels|classes) (?:are|that are) not exclusive|non-exclusive \w+
    (?:variational |denoising )?auto[- ]?en[ck]od\w+|vaes?|gans?|diffusion (?:models?|networks?)|u-?nets?
    normali[sz]ing flows?|diffusionsmodelle?|modèles? de diffusion
    link prediction|edge prediction|graph (?:classification|regression|generation)|knowledge graphs?
    point ?clouds?|voxels?|volumetric|volumes(?! of)|lidar|punktwolken?|nuages? de points
    3-?d (?:scans?|volumes?|models?|images?|shapes?|objects?|convolutions?)|(?:hyper|multi)spectral|rgb-d|optical flow
    counts?(?= {_ALL}\b)|counting|out[- ]of[- ]distribution detect\w+
    siamese|metric learning|face verification|re-?identification|image retrieval|similarity search
    random forests?|xg-?boost\w*|lightgbm|catboost|gradient[- ]boost\w*|svms?|support vector machines?|decision trees?
""")
# Ways to train, store or run a network that genas does not offer.
_NETS = one_of(r"""
    (?:wide[- ]?)?resne[x]?t|vgg|efficientnet|mobilenet|mobilevit|densenet|inception|googlenet|lenet|alexnet
    squeezenet|shufflenet|convnext|regnet|xception|mnasnet|yolo|bert|llama|u-?net
""")
_OF_OTHERS = r"(?:(?:pre-?trained|existing|old|my|our) )+"  # genas makes mobile networks of its own, not these
_NET = rf"(?:{_OF_OTHERS}|(?!mobilenet)){_NETS}(?:[- ]?(?:v|x|b)?[0-9]+\w*)?(?![\w-]|[ -](?:like|style))"
_TAKE = one_of(r"""
    train|use|take|adapt|re-?use|retrain|load|deploy|run|prune|compress|shrink|build|want|need|design|create|make
    give me|export|convert|trainiere|nimm|verwende|benutze|entraîne[rz]?|utilise[rz]?|prends|prenez
""")
_BEFORE_NET = (
    rf"(?:{_TAKE}(?:ing|s)?|with|using|mit|avec|pretrained|from)(?: an?| the| my| our| eine?[nms]?| une?| le)*"
)
_SCREEN = r"(?! ?(?:hours?|days?|minutes?|h\b)|[- ](?:hours?|days?|minutes?))"
_OWNED = "".join(rf"(?<!\b{have} )" for have in ("have", "has", "got", "own", "are", "haben", "hat", "avons", "ai"))
_KIND_OF = r"(?:(?!(?:on|of|for|with|in|per|and|or|an?|the|my|our|one|1)\b)[\w-]+ ){0,2}?"
_OTHER_FORMS = (
    r"(?:tf-?lite|tensorflow(?:[- ]?lite)?|litert|core-?ml|tensorrt|openvino|ncnn|keras|jax|flax|paddle\w*|mlx|c\+\+)"
)
_WAYS = words(rf"""
    prun(?:e|es|ed|ing)|distil(?:l|s|ls|led|ling|lation)?|destillier\w*|élaguer|élagage
    fine[- ]?tun\w+|feinabstimm\w*|feintun\w*|transfer[- ]?learning|affinage|pre-?trained {_NETS}[\w-]*
    {_BEFORE_NET} (?P<net>{_NET})|(?<![^\s])(?P<first>{_NET})(?= (?:for|on|für|auf|pour|sur)\b)
    (?:adapt|re-?use|retrain|load|compress|shrink|export|convert)(?:ing|s)?(?: an?| the)* (?P<kept>mobilenet[\w-]*)
    {_OWNED}(?:(?<![-.,])(?:[2-9]|[1-9][0-9]+)|several|multiple|a few) {_KIND_OF}[gt]pus?{_SCREEN}
    (?:all|both|more|many)(?: my| our| the| of)* [gt]pus{_SCREEN}|multi-?[gt]pus?|distributed(?! as)|data-parallel
    on a (?:gpu )?cluster
    (?:u?int|fp|bf|b?float)[- ]?(?:2|4|8|16)|(?:half|mixed)[- ]precision|quanti[sz]\w*|quantifi(?:é|er|cation)\w*
    (?:[1-9]|1[0-6])[- ]?bits? (?:quanti\w+|weights?|networks?|nets?|models?|integers?|floats?|precision|arithmetic)
    (?:binary|ternary|integer) (?:weights|(?:neural )?(?:networks?|nets?))|binari[sz]ed|ternari[sz]ed
    compress(?:es|ing)? (?:{_ALL}|an?|existing) (?:[\w-]+ )?(?:model|network|net|classifier)
    (?:semi-?|self-?|un|weakly[- ]|auto-?)supervis(?:ed|ion|é\w*)|(?:un|halb|selbst)überwacht\w*
    federated|föderiert\w*|fédéré\w*
    (?:few|zero|one|[0-9]+)-shot|meta-?learning|(?:continual|lifelong|incremental|online|active|contrastive) learning
    class[- ]weight\w*|weighted (?:loss|classes)|focal loss|(?:over|under)[- ]?sampl\w+|smote|mix-?up|cut-?mix
    (?:early stopping|drop-?out|weight decay|momentum|warm-?up)(?! (?:rate )?of)
    (?:use|using|with|by|optimi[sz]er:?) (?:the )?(?:sgd|adam\w?|rmsprop|lion|adagrad)|(?:data )?augment\w*
    ensembles?|adversarial\w*|differential(?:ly)?[- ]priva\w+|cross-?validat\w+|kreuzvalidierung|validation croisée
    [0-9]+-fold|explainab\w+|interpretable
    (?:export|convert|deploy|sav|written|writ|compil|deliver)\w*\b[^.;,|]{{0,30}}? {_OTHER_FORMS}
    (?:in|using|as|for|to) {_OTHER_FORMS}
""")
# A choice among the rows, columns or classes of the user's data.
_CHOICE = words(r"""
    (?:drop|ignor|exclud|remov|skip|omit|delet|discard)(?:e|es|s|p?ing)? (?:the )?(?:[\w|-]+ )?(?:class(?:es)?|columns?)
    (?:drop|ignor|exclud|remov|skip|omit|delet|discard)(?:e|es|s|p?ing)? (?:the )?(?:[\w|-]+ )?(?:features?|rows?)
    (?:leav(?:e|ing) out|without|except(?: for)?|all but) (?:the )?(?:class|column|feature|row)s?
    (?:use|using|keep|take|with) (?:only |just )?(?:the )?(?:columns?|features?|class(?:es)?) (?!names?\b)[\w|]
    (?:only|just) (?:the )?(?:columns?|features|class(?:es)?|rows)|(?:columns|features|classes) [^.;|]{1,40} only
""")
_DENIED = re.compile(
    r"(?:\b(?:not?|without|never|neither|nor|than|beat|beats|like|replac\w+|instead of|rather than|unlike|avoid)"
    r"(?: (?:an?|any|the|our|my|do|use|using|need))*\s|\bnon-)$",
    re.I,
)
# A classification only if the sentence also mentions classes, a label or a question with two answers.
_LOCATED = one_of(r"""
    pedestrians?|people|persons?|faces?|cars?|vehicles?|(?:traffic |road )?signs?|licen[cs]e plates?|logos?|lanes?
""")
_AMOUNT = one_of(r"""
    prices?|ages?|temperatures?|salar(?:y|ies)|wages?|incomes?|costs?|revenues?|sales|demand|consumption|rainfall|yields?
    durations?|(?:number|amount|count) of [\w-]+|fuel economy|mileage
""")
_HOW_MUCH = r"how (?:many|much|long|old|tall|far|large|big|expensive)"
_GROUPED = r"(?! (?:group|class|range|band|bracket|tier|level|categor)\w*)"
_ODD = (
    r"(?:anomaly|outlier|novelty) detect\w+|"
    r"(?:detect|find|spot|identif|flag)(?:s|ing|y|ies|ying)? (?:(?:the|all|any) )?(?:anomalies|outliers|anomalous \w+)"
)
_UNSURE = words(rf"""
    detect(?:s|ing)? (?:{_ALL} )?{_LOCATED}|{_LOCATED} detect(?:ion|ors?)
    generative|time[- ]series|forecast(?:s|ing|er)?
    (?:predict|estimat)(?:e|es|ing|ion of|or of)? (?:{_ALL} )?(?:[\w'-]+ ){{0,2}}{_AMOUNT}{_GROUPED}
    (?:predict|estimat|forecast|tell|say|guess|know)(?:e|es|s|ing)? {_HOW_MUCH}
    ^\W*{_HOW_MUCH}\b(?=[^.;|?]*\b(?:will|would|does|do|did|is|are|was|were)\b)
    segmentation|segments?(?= {_ALL}\b)
    {_ODD}
""")
_ONE_OF_SOME = words(r"""
    classif\w+|class(?:es)?|categor(?:y|ies)|categori[sz]e|whether|yes ?(?:/|or) ?no|or not|normal or
    (?:detect\w*|predict\w*|says?|tells?|decides?|see) if
""")
# Folders and arrays are read as images, unless the sentence says that they hold something else.
_NO_PICTURES = words(
    rf"audio|sounds?|{_SPEECH}|music|songs|videos?|texts?|tweets|reviews|e-?mails?|documents?|articles"
)
_GRAPHS = words(r"gnns?|graph neural \w+|graph networks?|graphs?|node classif\w+|edge ?lists?")
_PICTURES = words(r"""
    images?|photos?|photographs?|pictures?|scans?|scanned|x-?rays?|thumbnails?|frames?|stills|screenshots?
    spectrograms?|icons|drawings|posters?|covers?
""")


class NotServed(RequestError):
    """The sentence asks for something that genas does not offer; nothing else may be done in its place."""


def refuse_ways(text: str) -> None:
    """NotServed for ways to train, store or run networks that genas does not offer, such as int8 or several GPUs."""
    if (way := _wanted(_WAYS, text)) and not re.search(r"\bpi[\s_-]?5|raspi5", text, re.I):
        said = next((group for group in way.groups() if group), way[0])
        raise NotServed(
            f"{said[:40].strip()!r} is not served yet: genas searches architectures and trains them on one device in "
            "floating point. Leave it out; you can go on with the winner's PyTorch code, safetensors and ONNX file."
        )


def unserved_work(text: str) -> str | None:
    """Words that ask for something other than classification, whatever the data; None if there are none."""
    for pattern in (_WORK, _NO_IMAGES, _NEVER, words(_ODD)):
        if match := _wanted(pattern, text):
            return match[0]
    return None


def unserved(text: str) -> str | None:
    """Words that ask for work that no task does, in a sentence that names no path; None if there are none."""
    match = _ANYWHERE.search(text) or _NEVER.search(text)
    return match[0] if match else None


def unserved_with(text: str, *, rows: bool, labelled: bool) -> str | None:
    """The same for a sentence that names a path; its data have classes unless the sentence says otherwise.

    Args:
        text: the sentence without its path and its label column.
        rows: whether the path is that of a table; else it is that of images.
        labelled: whether the sentence names a label column or a number of classes.
    """
    doubts = [_WORK, _NEVER, _CHOICE, _NO_ROWS if rows else _NO_IMAGES]
    if not (labelled or _ONE_OF_SOME.search(text)):
        doubts.append(_UNSURE)
    if not _PICTURES.search(text):
        doubts.append(_GRAPHS)
        doubts += [] if rows else [_NO_PICTURES]
    return next((match[0] for doubt in doubts if (match := _wanted(doubt, text))), None)


def _wanted(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The first match that is not negated, as it is in "not an autoencoder"."""
    return next((m for m in pattern.finditer(text) if not _DENIED.search(text[: m.start()])), None)
