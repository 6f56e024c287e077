"""Interpreters: a sentence becomes a Request. Each file here is one interpreter; the three folders hold its steps.

`exact` reads a sentence with rules, in the order below. `chat` uses the same rules; where they refuse a sentence, it
asks a chat model to rephrase it for them.

1. `plain.verbatim` takes out paths and quoted names before any step can change their words:
    `subject.label`       finds the column of a table that holds the classes
    `subject.columns`     looks up the columns of a table that exists
2. `plain.text` brings the sentence into one spelling:
    `plain.languages`     translates German and French into English, with the dictionaries `german` and `french`
    `plain.spelling`      corrects typing errors
    `plain.numerals`      turns number words into digits
3. `subject.subject` finds what the network is for. Each step overwrites the words it has read with bars (|||), so that
   no later step reads them again:
    `subject.own_data`    the user's own data at a path
    `subject.unserved`    work and ways of training that genas does not offer
    `subject.asides`      numbers that are no limits, such as dates and versions
    `subject.facts`       number of classes, size and colour of images, the seed
    `subject.benchmarks`  published tables
    `subject.described`   data that are only described, or published images known by their shape
    `subject.retrieval`   the task with the nearest meaning, where no word names one
    `subject.machine`     the device
4. `limits.limits` gives each remaining number a comparison and a metric:
    `limits.doubts`       refuses what would have to be guessed
    `limits.quantities`   reads numbers with their units
    `limits.terms`        finds the comparison and the metric of each number
    `limits.vocabulary`   lists the words for comparisons and metrics
5. `limits.wishes` reads the objectives, in their order.

`plain.patterns` explains how word lists are written.
"""
