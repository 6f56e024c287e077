"""Interpreters: a sentence becomes a Request. One file is one way of reading; the three rooms hold what they read with.

`exact` reads with rules, in this order; `chat` asks a model where they refuse, and lets them read its words.

1. `plain.verbatim` sets paths and names in quotes apart, before a word of them could be changed:
    `subject.label`       the column of a table that holds the classes
    `subject.columns`     the columns of a table that is there
2. `plain.text` brings the sentence into one spelling:
    `plain.languages`     German and French become English, by the dictionaries `german` and `french`
    `plain.spelling`      slips of the pen are mended
    `plain.numerals`      numbers in words become digits
3. `subject.subject` finds what the network is for; what a part has read, it replaces by bars:
    `subject.own_data`    the user's own data at a path
    `subject.unserved`    words of what is no classification, or done in no way that is served
    `subject.asides`      numbers that limit nothing, such as dates and versions
    `subject.facts`       classes, size and colour of images, the seed
    `subject.benchmarks`  tables that are published
    `subject.described`   data that are only described, or known by their shape
    `subject.retrieval`   the task that is nearest in meaning, where no word names one
    `subject.machine`     the device
4. `limits.limits` gives each number that is left a sign and a metric:
    `limits.doubts`       what must not be guessed is refused
    `limits.quantities`   numbers with their units
    `limits.terms`        the comparison and the metric of each number
    `limits.vocabulary`   words of comparisons and metrics
5. `limits.wishes` reads the objectives, in their order.

How words are listed is said in `plain.patterns`.
"""
