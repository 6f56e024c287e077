"""Interpreters: a sentence becomes a Request. One file is one way of reading; files that begin with _ are parts of it.

`exact` reads with rules, in this order; `chat` asks a model where they refuse, and lets them read its words.

1. `_verbatim` sets paths and names in quotes apart, before a word of them could be changed:
    `_label`       the column of a table that holds the classes
    `_columns`     the columns of a table that is there
2. `_text.plain` brings the sentence into one spelling:
    `_languages`   German and French become English, by the dictionaries `_german` and `_french`
    `_spelling`    slips of the pen are mended
    `_text`        signs, powers, keys such as max_params=50k
    `_numerals`    numbers in words become digits
3. `_subject.read_subject` finds what the network is for; what a part has read, it replaces by bars:
    `_own_data`    the user's own data at a path
    `_other_work`  words of what is no classification, or done in no way that is served
    `_frame`       numbers that limit nothing, such as dates and versions
    `_facts`       classes, size and colour of images, the seed
    `_benchmarks`  tables that are published
    `_described`   data that are only described, or known by their shape
    `_retrieval`   the task that is nearest in meaning, where no word names one
    `_machine`     the device
4. `_limits.read_limits` gives each number that is left a sign and a metric:
    `_doubts`      what must not be guessed is refused
    `_quantities`  numbers with their units
    `_terms`       the comparison and the metric of each number
    `_vocabulary`  words of comparisons and metrics
5. `_wishes.read_wishes` reads the objectives, in their order.

How words are listed is said in `_patterns`.
"""
