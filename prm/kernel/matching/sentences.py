"""What a line of a score, and a verdict, say to a person."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

NUMBERS = {
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

CATEGORIES = {
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


def _simple(feature: str, bin: str, facts: Mapping[str, str]) -> str:
    if feature in CATEGORIES:
        return str(CATEGORIES[feature][bin]) % facts
    value = facts[feature]
    text = str(NUMBERS[feature]) % {**facts, "value": value, "percent": f"{float(value):.0%}"}
    return text.replace(" ( / )", "").replace("( / ", "(").replace(" / )", ")")  # words are left over on one side only
