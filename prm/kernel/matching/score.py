"""The score of two records: the sum of the model's lines."""

from prm.kernel.matching.features import compare
from prm.kernel.matching.model import Model, Scored, logistic
from prm.kernel.matching.normalise import Normal
from prm.kernel.matching.weights import TokenWeights


def score(a: Normal, b: Normal, weights: TokenWeights | None = None, model: Model | None = None) -> Scored:
    """Probability that two records are one organisation, with every line of the sum. Symmetric.

    `model` is another than the shipped one, as benchmarks ask for.
    """
    if (b.names[0].compact, b.domain) < (a.names[0].compact, a.domain):
        a, b = b, a
    compared = compare(a, b, (weights or TokenWeights.shipped()).idf)
    model = model or Model.shipped()
    bins = model.bins(compared.values)
    return Scored(logistic(model.log_odds(bins)), bins, compared, model)
