"""Are two records of organisations the same customer? Pure functions, no database.

`normalise` on write, `keys` to find candidates by equality alone, `score` for an additive, explained
probability, `decide` for clear, review or conflict.
"""

from prm.kernel.matching.decide import Thresholds, Verdict, decide
from prm.kernel.matching.fingerprint import FINGERPRINT
from prm.kernel.matching.keys import Key, key_values, keys, shortlist
from prm.kernel.matching.model import MODEL_VERSION, Line, Scored
from prm.kernel.matching.normalise import NameForm, Normal, Record, normalise, token_counts
from prm.kernel.matching.score import score
from prm.kernel.matching.weights import TokenWeights

__all__ = [
    "FINGERPRINT",
    "MODEL_VERSION",
    "Key",
    "Line",
    "NameForm",
    "Normal",
    "Record",
    "Scored",
    "Thresholds",
    "TokenWeights",
    "Verdict",
    "decide",
    "key_values",
    "keys",
    "normalise",
    "score",
    "shortlist",
    "token_counts",
]
