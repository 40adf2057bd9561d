"""What a word weighs for this vendor: its own customers, mixed into the table that ships with the matcher."""

from uuid import UUID

from django.db import connection

from dealreg.models import CustomerWords
from prm.kernel.matching import TokenWeights
from prm.kernel.matching.keys import TOO_MANY
from prm.kernel.tenancy.context import tenant_id
from prm.kernel.tenancy.remembering import remembered

EVER = UUID(int=0)
MOST_WORDS = 10_000
FEWEST = 2
"""A word of fewer customers weighs what the shipped table says."""
GROWN = 0.05
"""By so much the customers must have grown or shrunk before their words are counted again."""

_COUNTS = """
SELECT word, count(*) FROM dealreg_customer AS c
CROSS JOIN LATERAL (SELECT DISTINCT unnest(string_to_array(c.normal -> 'n' -> 0 ->> 0, ' ')) AS word) AS w
WHERE c.tenant_id = %(tenant)s AND c.id > %(since)s AND word <> ''
GROUP BY word HAVING count(*) >= %(fewest)s ORDER BY 2 DESC, 1 LIMIT %(most)s
"""
_CROWDED = """
SELECT key FROM dealreg_matchkey WHERE tenant_id = %(tenant)s GROUP BY key HAVING count(*) >= %(many)s
"""
_RECORDS = "SELECT count(*) FROM dealreg_customer WHERE tenant_id = %(tenant)s AND id > %(since)s"


@remembered("dealreg.CustomerWords")
def token_weights() -> TokenWeights:
    """The weights that scores of this vendor are made with; kept until the words are counted anew."""
    counted = CustomerWords.objects.first()
    shipped = TokenWeights.shipped()
    return shipped.blended(counted.counts, counted.records) if counted else shipped


def counted_words(since: UUID = EVER) -> tuple[int, dict[str, int]]:
    """(customers, {word: customers with it}), of those alone that were made since, as ids tell."""
    with connection.cursor() as cursor:
        records = _records(since)
        cursor.execute(_COUNTS, {"tenant": tenant_id(), "since": since, "fewest": FEWEST, "most": MOST_WORDS})
        return records, dict(cursor.fetchall())


@remembered("dealreg.CustomerWords")
def crowded_keys() -> frozenset[int]:
    """Keys that found too many when they were last counted: a check need not read them to see that again."""
    return frozenset(CustomerWords.objects.values_list("crowded", flat=True).first() or ())


def counted_crowds() -> list[int]:
    """The keys under which so many records lie that they say too little."""
    with connection.cursor() as cursor:
        cursor.execute(_CROWDED, {"tenant": tenant_id(), "many": TOO_MANY})
        return [key for (key,) in cursor.fetchall()]


def words_are_stale() -> bool:
    """Whether the vendor's customers have grown or shrunk by much since their words were counted."""
    counted = CustomerWords.objects.values_list("records", flat=True).first() or 0
    return abs(_records(EVER) - counted) > GROWN * max(counted, 1)


def _records(since: UUID) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_RECORDS, {"tenant": tenant_id(), "since": since})
        return int(cursor.fetchone()[0])
