"""What a line of a score, and a verdict, say to a person."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# What a figure comes to, in words: at least so much, and the sentence; the last one is for everything below.
_MOST, _MUCH = 0.85, 0.5
_RARE, _FAIRLY = 7.0, 4.0  # of 10, as words are weighed
NUMBERS: Mapping[str, tuple[tuple[float, Promise], ...]] = {
    "overlap": (
        (_MOST, _("Nearly all that the two names say is in words that they share (%(shared)s).")),
        (_MUCH, _("Much of what the two names say is in words that they share (%(shared)s).")),
        (0, _("Little of what the two names say is in words that they share.")),
    ),
    "cover": (
        (_MOST, _("The shorter name is found in the other, nearly whole.")),
        (_MUCH, _("Much of the shorter name is found in the other.")),
        (0, _("Little of the shorter name is found in the other.")),
    ),
    "spelling": (
        (_MOST, _("The names are spelt nearly alike.")),
        (_MUCH, _("The names are spelt somewhat alike.")),
        (0, _("The names are spelt differently.")),
    ),
    "start": (
        (_MOST, _("The names begin nearly alike.")),
        (_MUCH, _("The names begin somewhat alike.")),
        (0, _("The names begin differently.")),
    ),
    "sound": (
        (_MOST, _("The names sound nearly alike.")),
        (_MUCH, _("The names sound somewhat alike.")),
        (0, _("The names sound different.")),
    ),
    "rarest_shared": (
        (_RARE, _("They share a rare word (%(shared)s).")),
        (_FAIRLY, _("They share a fairly rare word (%(shared)s).")),
        (0.01, _("The words that they share are common ones (%(shared)s).")),
        (0, _("They share no word.")),
    ),
    "shared": (
        (_RARE, _("The words that they share tell a lot (%(shared)s).")),
        (_FAIRLY, _("The words that they share tell something (%(shared)s).")),
        (0.01, _("The words that they share tell little (%(shared)s).")),
        (0, _("They share no word.")),
    ),
    "rarest_left_short": (
        (_RARE, _("Each name has a rare word that the other lacks.")),
        (_FAIRLY, _("Each name has a fairly rare word that the other lacks.")),
        (0, _("One of the names has no telling word of its own.")),
    ),
    "rarest_left_long": (
        (_RARE, _("A rare word is in one name only (%(left_a)s / %(left_b)s).")),
        (_FAIRLY, _("A fairly rare word is in one name only (%(left_a)s / %(left_b)s).")),
        (0.01, _("Only common words are in one name and not in the other (%(left_a)s / %(left_b)s).")),
        (0, _("No word is in one name only.")),
    ),
    "left_similarity": (
        (_MOST, _("What is left over is nearly alike (%(left_a)s / %(left_b)s).")),
        (_MUCH, _("What is left over is somewhat alike (%(left_a)s / %(left_b)s).")),
        (0, _("What is left over differs (%(left_a)s / %(left_b)s).")),
    ),
    "length": (
        (_MOST, _("The names are about as long.")),
        (_MUCH, _("One name is noticeably shorter.")),
        (0, _("One name is much shorter.")),
    ),
    "least_alike": (
        (_MOST, _("The words that answer one another are nearly alike.")),
        (_MUCH, _("A word is only somewhat like the one that answers it.")),
        (0, _("A word is hardly like the one that answers it.")),
    ),
    "label_similarity": (
        (_MOST, _("A web address is spelt nearly like the other name.")),
        (_MUCH, _("A web address is spelt somewhat like the other name.")),
        (0, _("A web address is spelt unlike the other name.")),
    ),
}

# The same with its figure, for those who want to know.
FIGURES: Mapping[str, Promise] = {
    "overlap": _("%(percent)s of the weight of both names is in words they share (%(shared)s)."),
    "cover": _("%(percent)s of the shorter name's weight is found in the other name."),
    "spelling": _("The names are spelt %(percent)s alike."),
    "start": _("The names begin %(percent)s alike."),
    "sound": _("The names sound %(percent)s alike."),
    "rarest_shared": _("The rarest shared word weighs %(value)s of 10 (%(shared)s)."),
    "shared": _("The shared words together weigh %(value)s (%(shared)s)."),
    "rarest_left_short": _("The fuller match leaves a word that weighs %(value)s of 10."),
    "rarest_left_long": _("The other name leaves a word that weighs %(value)s of 10 (%(left_a)s / %(left_b)s)."),
    "left_similarity": _("What is left over is %(percent)s alike (%(left_a)s / %(left_b)s)."),
    "length": _("The shorter name is %(percent)s as long as the longer one."),
    "least_alike": _("The least alike of the answering words are %(percent)s alike."),
    "label_similarity": _("A web address is spelt %(percent)s like the other name."),
}

CATEGORIES: Mapping[str, Mapping[str, Promise]] = {
    "left": {
        "none": _("No word is left over."),
        "common_one_side": _("Only one name has more words, and they are common ones (%(left_a)s%(left_b)s)."),
        "rare_one_side": _("Only one name has more words, a rare one among them (%(left_a)s%(left_b)s)."),
        "common_both": _("Both names have common words that the other lacks (%(left_a)s / %(left_b)s)."),
        "mixed": _("Both names have words that the other lacks, one side a rare one (%(left_a)s / %(left_b)s)."),
        "rare_both": _("Both names have rare words that the other lacks (%(left_a)s / %(left_b)s)."),
    },
    "left_count": {
        "0": _("Every word has its answer."),
        "1": _("One word has no answer in the other name."),
        "2": _("Two words have no answer in the other name."),
        "3+": _("Three words or more have no answer in the other name."),
    },
    "shared_kind": {
        "nothing": _("The names share no word."),
        "common": _("The names share common words only (%(shared)s)."),
        "one_rare": _("The names share one rare word (%(shared)s)."),
        "more_rare": _("The names share several rare words (%(shared)s)."),
    },
    "first_word": {
        "same": _("The names begin with the same word."),
        "similar": _("The names begin with nearly the same word."),
        "different": _("The names begin with different words."),
    },
    "last_word": {
        "same": _("The names end with the same word."),
        "similar": _("The names end with nearly the same word."),
        "different": _("The names end with different words."),
    },
    "contained": {
        "whole": _("The names are the same but for legal form."),
        "start": _("One name is the beginning of the other."),
        "end": _("One name is the end of the other."),
        "inside": _("All words of one name are in the other."),
        "no": _("Neither name is contained in the other."),
    },
    "words": {
        "1": _("One of the names is a single word."),
        "2": _("One of the names has two words."),
        "3": _("One of the names has three words."),
        "4+": _("Both names have four words or more."),
    },
    "numbers": {
        "none": _("Neither name has a number."),
        "same": _("Both names have the same number."),
        "one_side": _("Only one name has a number."),
        "conflict": _("The numbers in the names differ."),
    },
    "places": {
        "none": _("Neither name names a country or city."),
        "same": _("Both names name the same country or city."),
        "one_side": _("Only one name names a country or city."),
        "conflict": _("The names name different places."),
        "fits": _("One name names the place of the other."),
        "elsewhere": _("One name names a country that is not the other's."),
    },
    "legal_form": {
        "same": _("The legal forms agree."),
        "missing_both": _("Neither name has a legal form."),
        "missing_one": _("Only one name has a legal form."),
        "different": _("The legal forms differ."),
    },
    "acronym": {
        "none": _("Neither name abbreviates the other."),
        "loose": _("One name may abbreviate the other."),
        "heads": _("One name is made of the heads of the other's words."),
        "initials": _("One name is the initials of the other."),
    },
    "domain": {
        "same": _("The web domains are the same."),
        "same_label": _("The web domains differ in their ending only."),
        "missing_one": _("Only one of them has a web domain."),
        "missing_both": _("Neither has a web domain."),
        "similar": _("The web domains are alike but not the same."),
        "different": _("The web domains differ."),
    },
    "label_name": {
        "equal": _("A web address spells the other name."),
        "acronym": _("A web address abbreviates the other name."),
        "within": _("A web address and the other name contain one another."),
        "similar": _("A web address is spelt much like the other name."),
        "unknown": _("No web address to compare with the names."),
        "different": _("The web address doesn't spell the other name."),
    },
    "country": {
        "same": _("The countries are the same."),
        "missing": _("A country is missing."),
        "different": _("The countries differ."),
    },
    "city": {
        "same": _("The cities are the same."),
        "similar": _("The cities are nearly the same."),
        "missing": _("A city is missing."),
        "different": _("The cities differ."),
    },
    "alias": {
        "own_names": _("The main names were compared."),
        "other_name": _("A former, trading or otherwise known name was compared."),
    },
}

VERDICTS = {
    "conflict.threshold": _("The same organisation in all likelihood (%(percent)s)."),
    "review.threshold": _("Possibly the same organisation (%(percent)s): a person should look."),
    "clear.threshold": _("No sign of the same organisation (%(percent)s)."),
    "clear.no_name_evidence": _("Near in place or trade, but the names share no word of their own."),
    "review.no_name_evidence": _("Everything fits but the names, which share no word: a person should look."),
    "review.acronym_only": _("One name only abbreviates the other: a person should look."),
    "review.parent_child": _("Perhaps parent and child, or two parts of one group: a person should look."),
    "review.one_rare_word": _("The names share one rare word and differ in others: a person should look."),
    "review.name_plus_place": _("One name is the other with a place added: a person should look."),
    "review.same_name_elsewhere": _("The same name in another country or city: a person should look."),
    "review.same_domain_other_name": _("The same web domain under quite another name: a person should look."),
    "review.number_differs": _("The names differ in a number: a person should look."),
    "review.own_words_on_both_sides": _("Each name has a word that the other lacks: a person should look."),
    "review.a_word_more": _("One name has a word more, and neither address nor place tells: a person should look."),
    "review.related_account": _("Parent, child or sister of the same customer: a person should look."),
    "review.other_domain": _("Like names with different web domains: a person should look."),
}


def sentence_for(feature: str, bin: str, facts: Mapping[str, str]) -> str:
    """One line of the score; for a pair of features, both sentences."""
    if "*" in feature:
        features, bins = feature.split("*"), bin.split("*")
        return " ".join(_simple(one, row, facts) for one, row in zip(features, bins, strict=True))
    return _simple(feature, bin, facts)


def verdict_sentence(rule: str, probability: float) -> str:
    return str(VERDICTS[rule]) % {"percent": f"{probability:.0%}"}


def figure_for(feature: str, bin: str, facts: Mapping[str, str]) -> str:
    """The figures behind a line; where it has none, the line itself."""
    features, bins = feature.split("*"), bin.split("*")
    return " ".join(_exactly(one, row, facts) for one, row in zip(features, bins, strict=True))


def named(feature: str) -> str:
    """The name of a feature's figure among the facts; "shared" are the shared words themselves."""
    return "shared_weight" if feature == "shared" else feature


def _simple(feature: str, bin: str, facts: Mapping[str, str]) -> str:
    if feature in CATEGORIES:
        return _tidy(str(CATEGORIES[feature][bin]) % _words(facts))
    value, known = float(_value(feature, facts)), _words(facts)
    text = next(text for least, text in NUMBERS[feature] if value >= least or not least)
    return _tidy(str(text) % known)


def _exactly(feature: str, bin: str, facts: Mapping[str, str]) -> str:
    if feature in CATEGORIES:
        return _tidy(str(CATEGORIES[feature][bin]) % _words(facts))
    value = _value(feature, facts)
    return _tidy(str(FIGURES[feature]) % {**_words(facts), "value": value, "percent": f"{float(value):.0%}"})


def _value(feature: str, facts: Mapping[str, str]) -> str:
    return facts.get(named(feature)) or facts[feature]


def _words(facts: Mapping[str, str]) -> Mapping[str, str]:
    """The words of both names. What was found earlier kept their figure in their place."""
    return facts if "shared_weight" in facts else {**facts, "shared": ""}


def _tidy(text: str) -> str:
    """Words may be left over on one side only, or on none."""
    return text.replace(" ( / )", "").replace(" ()", "").replace("( / ", "(").replace(" / )", ")")
