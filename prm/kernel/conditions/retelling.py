"""Sentences about conditions that are kept as data, so that a trace is read in its reader's language.

Each is a text in the language of whoever decides that remembers its schema and its comparison, condition or
value (wording.py); `again` says it from those.
"""

from typing import Any

from prm.kernel.conditions.facts import Fact, FactSchema, schema_named
from prm.kernel.conditions.python import value_of
from prm.kernel.conditions.tree import Leaf, parsed
from prm.kernel.conditions.wording import is_in_words, leaf_in_words, opposite_in_words, sentence, value_in_words
from prm.kernel.decisions import jsonable
from prm.kernel.wording import Kept, Said, made


def condition(tree: Any, schema: FactSchema) -> Said:
    """A whole condition."""
    return made(sentence(tree, schema), {"schema": schema.name, "when": jsonable(tree)})


def comparison(leaf: Leaf, schema: FactSchema) -> Said:
    """One comparison, such as "Amount is at least 1,000.00"."""
    return made(leaf_in_words(leaf), {"schema": schema.name, "when": _data(leaf)})


def opposite(leaf: Leaf, schema: FactSchema) -> Said:
    """What would hold instead if the comparison didn't."""
    return made(opposite_in_words(leaf), {"schema": schema.name, "unless": _data(leaf)})


def value(fact: Fact, met: Any, schema: FactSchema) -> Said:
    """A typed value of a fact."""
    return made(value_in_words(fact, met), {"schema": schema.name, "fact": fact.key, "value": jsonable(met)})


def fact_is(fact: Fact, wanted: Any, schema: FactSchema) -> Said:
    """The fact with that very value."""
    return made(is_in_words(fact, wanted), {"schema": schema.name, "fact": fact.key, "is": jsonable(wanted)})


def again(made_of: Kept) -> Said:
    """The same in the active language. Raises KeyError or ValueError when the schema no longer has it."""
    schema = schema_named(made_of["schema"])
    if "when" in made_of:
        return condition(made_of["when"], schema)
    if "unless" in made_of:
        [leaf] = parsed(made_of["unless"], schema).leaves()
        return opposite(leaf, schema)
    fact = schema.fact(made_of["fact"])
    if "is" in made_of:
        return fact_is(fact, value_of(fact, {fact.key: made_of["is"]}), schema)
    return value(fact, value_of(fact, {fact.key: made_of["value"]}), schema)


def _data(leaf: Leaf) -> dict[str, Any]:
    """The comparison as the tree has it."""
    bare = {"field": leaf.fact.key, "operator": leaf.operator}
    return bare if leaf.value is None else {**bare, "value": jsonable(leaf.value)}
