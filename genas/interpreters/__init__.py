"""Interpreters: a sentence becomes a Request. One file is one way of reading; files that begin with _ are parts of it.

`exact` reads with rules, in this order; `chat` asks a model where they refuse, and lets them read its words.

1. `_text.plain` brings the sentence into one spelling:
    `_languages`   German and French become English, by the dictionaries `_german` and `_french`
    `_spelling`    slips of the pen are mended
    `_text`        signs, powers, keys such as max_params=50k
    `_numerals`    numbers in words become digits
2. `_subject.read_subject` finds what the network is for; what a part has read, it replaces by bars:
    `_own_data`    the path of the user's own data
    `_other_work`  words of what is no classification
    `_frame`       numbers that limit nothing, such as dates and versions
    `_facts`       classes, size and colour of images, the seed
    `_benchmarks`  tables that are published
    `_described`   data that are only described
    `_retrieval`   the task that is nearest in meaning, where no word names one
    `_machine`     the device
3. `_limits.read_limits` gives each number that is left a sign and a metric:
    `_doubts`      what must not be guessed is refused
    `_quantities`  numbers with their units
    `_terms`       the comparison and the metric of each number
    `_vocabulary`  words of comparisons and metrics
4. `_wishes.read_wishes` reads the objectives, in their order.

How words are listed is said in `_patterns`.
"""
