"""Legal forms of companies in the languages of the world, reduced to a common name each.

A form says little about who a company is (people leave it out, and change it), so the matcher takes it off
the name and keeps it beside. Our own tables, in words/: plain lower case without dots, and without blanks
between single letters ("S.A. de C.V." is "sa de cv").
"""

from prm.kernel.matching.vocabulary import lines, words

FORMS_ANYWHERE = {word: form for form, rest in lines("legal_anywhere") for word in rest.split()}
FORMS_AT_END = {word: form for form, rest in lines("legal_at_end") for word in rest.split()}
FORMS_AT_START = {word: form for form, rest in lines("legal_at_start") for word in rest.split()}
PHRASES = {phrase: form for form, phrase in lines("legal_phrases")}
LONGEST_PHRASE = max(len(phrase.split()) for phrase in PHRASES)
BEGINNINGS = frozenset(phrase.split()[0] for phrase in PHRASES)
OTHER_SCRIPTS = words("legal_scripts")
"""Forms written without blanks before or after the name."""


def take_off(typed: list[str]) -> tuple[list[str], list[str]]:
    """(the name's own words, canonical forms). A name that is nothing but a form keeps its words."""
    kept, forms = _without_phrases(typed)
    inner = [word for word in kept if word not in FORMS_ANYWHERE]
    forms += [FORMS_ANYWHERE[word] for word in kept if word in FORMS_ANYWHERE]
    while len(inner) > 1 and inner[-1] in FORMS_AT_END:
        forms.append(FORMS_AT_END[inner.pop()])
    while len(inner) > 1 and inner[0] in FORMS_AT_START:
        forms.append(FORMS_AT_START[inner.pop(0)])
    return (inner, forms) if inner else (typed, [])


def _without_phrases(typed: list[str]) -> tuple[list[str], list[str]]:
    """Longest phrase first; a phrase never takes the first word's place alone."""
    if BEGINNINGS.isdisjoint(typed):
        return typed, []
    kept: list[str] = []
    forms: list[str] = []
    at = 0
    while at < len(typed):
        for length in range(min(LONGEST_PHRASE, len(typed) - at), 1, -1):
            form = PHRASES.get(" ".join(typed[at : at + length]))
            if form:
                forms.append(form)
                at += length
                break
        else:
            kept.append(typed[at])
            at += 1
    return kept, forms
