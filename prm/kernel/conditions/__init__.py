"""Conditions as data: typed against a schema of facts; judged in Python, counted in SQL, told in words.

No regular expressions, arithmetic, eval or user code. Two-valued: a comparison with an empty fact (null,
"" or an empty list) is false, and `not` turns the result of its group; Python and SQL agree on it.
"""

from prm.kernel.conditions.explaining import Turn, explain, nearest_change, nearest_turn
from prm.kernel.conditions.facts import (
    Fact,
    FactSchema,
    UnknownFact,
    register_schema,
    register_schemas,
    registered_schemas,
    schema_named,
)
from prm.kernel.conditions.python import compile_python
from prm.kernel.conditions.rules import Ruling, compile_rules, evaluate_rules, nearest_of_rules, validate_rules
from prm.kernel.conditions.sql import NotQueryable, to_q
from prm.kernel.conditions.tree import ALWAYS, JSON_SCHEMA, ConditionError, Problem
from prm.kernel.conditions.validation import canonical, validate
from prm.kernel.conditions.wording import sentence
from prm.kernel.decisions import jsonable

__all__ = [
    "ALWAYS",
    "JSON_SCHEMA",
    "ConditionError",
    "Fact",
    "FactSchema",
    "NotQueryable",
    "Problem",
    "Ruling",
    "Turn",
    "UnknownFact",
    "canonical",
    "compile_python",
    "compile_rules",
    "evaluate_rules",
    "explain",
    "jsonable",
    "nearest_change",
    "nearest_of_rules",
    "nearest_turn",
    "register_schema",
    "register_schemas",
    "registered_schemas",
    "schema_named",
    "sentence",
    "to_q",
    "validate",
    "validate_rules",
]
