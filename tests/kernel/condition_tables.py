"""A small subject in temporary tables, with a fact of every type and every way to store a list."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from hypothesis import strategies as st

from prm.kernel.conditions import Fact, FactSchema
from prm.kernel.conditions.operators import BY_TYPE, CHANGES, OPERATORS, Takes


class Owner(models.Model):
    id = models.IntegerField(primary_key=True)
    country = models.CharField(max_length=2, null=True)

    class Meta:
        app_label = "conditionstest"
        managed = False


class Product(models.Model):
    code = models.CharField(max_length=6, primary_key=True)

    class Meta:
        app_label = "conditionstest"
        managed = False


class Subject(models.Model):
    id = models.IntegerField(primary_key=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    seats = models.IntegerField(null=True)
    name = models.CharField(max_length=40, null=True)
    tier = models.CharField(max_length=6, null=True)
    code = models.UUIDField(null=True)
    certified = models.BooleanField(null=True)
    close_on = models.DateField(null=True)
    seen_at = models.DateTimeField(null=True)
    regions = ArrayField(models.CharField(max_length=6), null=True)
    tags = models.JSONField(null=True)
    owner = models.ForeignKey(Owner, models.CASCADE, null=True)
    products = models.ManyToManyField(Product, through="conditionstest.Line")

    class Meta:
        app_label = "conditionstest"
        managed = False


class Line(models.Model):
    subject = models.ForeignKey(Subject, models.CASCADE)
    product = models.ForeignKey(Product, models.CASCADE, null=True)

    class Meta:
        app_label = "conditionstest"
        managed = False


NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
TIERS = (("gold", "Gold"), ("silver", "Silver"), ("bronze", "Bronze"))
CODES = [UUID(int=number) for number in range(3)]

SCHEMA = FactSchema(
    name="subject",
    label="subjects",
    model=Subject,
    facts=(
        Fact("amount", "Amount", "money", orm="amount"),
        Fact("seats", "Seats", "number", orm="seats"),
        Fact("name", "Name", "text", orm="name"),
        Fact("tier", "Tier", "choice", choices=TIERS, orm="tier"),
        Fact("code", "Code", "id", orm="code"),
        Fact("owner", "Owner", "id", orm="owner"),
        Fact("certified", "Certified", "bool", orm="certified"),
        Fact("close_on", "Close date", "date", orm="close_on"),
        Fact("seen_at", "Last seen", "datetime", orm="seen_at"),
        Fact("country", "Country", "choice", orm="owner__country"),
        Fact("regions", "Regions", "list", orm="regions"),
        Fact("tags", "Tags", "list", orm="tags"),
        Fact("products", "Products", "list", orm="products__code"),
        Fact("score", "Score", "number"),
    ),
)
STORED = tuple(fact for fact in SCHEMA.facts if fact.orm)

_words = st.sampled_from(["", "a", "A", "ab", "Äb", "äB", "É", "100%", "a_b", "aXb", "\\", "İ", "ß", "SS", "'"])
ITEMS = ("x", "y", "z", "%")
_items = st.sampled_from(ITEMS)
_moments = st.sampled_from([NOW + timedelta(hours=hours) for hours in (-72, -48, -24, -1, 0, 1, 24, 48)])

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "amount": st.sampled_from([Decimal(text) for text in ("-1.00", "0.00", "99.99", "100.00", "100.01")]),
    "seats": st.integers(-2, 3),
    "name": _words,
    "tier": st.sampled_from(["", "gold", "silver"]),
    "code": st.sampled_from(CODES),
    "owner": st.integers(1, 3),
    "certified": st.booleans(),
    "close_on": st.integers(-3, 3).map(lambda days: date(2026, 3, 10) + timedelta(days=days)),
    "seen_at": _moments,
    "country": st.sampled_from(["DE", "FR", ""]),
    "regions": st.lists(_items, max_size=2),
    "tags": st.lists(_items, max_size=2),
    "products": st.lists(_items, max_size=2),
    "score": st.integers(0, 3),
}


@contextmanager
def tables() -> Iterator[None]:
    """The three tables, for as long as this connection uses them."""
    with connection.schema_editor() as editor:
        editor.sql_create_table = "CREATE TEMPORARY TABLE %(table)s (%(definition)s)"
        for model in (Owner, Product, Subject, Line):
            editor.create_model(model)
    Owner.objects.bulk_create([Owner(1, "DE"), Owner(2, None), Owner(3, "")])
    Product.objects.bulk_create(Product(code) for code in ITEMS)
    try:
        yield
    finally:
        connection.close()


def fill(rows: list[dict[str, Any]]) -> None:
    """Exactly these rows of facts; their ids are 0, 1, 2…"""
    Line.objects.all()._raw_delete("default")
    Subject.objects.all()._raw_delete("default")
    columns = (
        "amount",
        "seats",
        "name",
        "tier",
        "code",
        "certified",
        "close_on",
        "seen_at",
        "regions",
        "tags",
    )
    Subject.objects.bulk_create(
        Subject(id=index, owner_id=row["owner"], **{column: row[column] for column in columns})
        for index, row in enumerate(rows)
    )
    Line.objects.bulk_create(
        Line(subject_id=index, product_id=product)
        for index, row in enumerate(rows)
        for product in row["products"] or ()
    )


COUNTRIES = {1: "DE", 2: None, 3: "", None: None}


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    """One subject's facts; each may be null."""
    facts = {key: draw(st.none() | values) for key, values in VALUES.items()}
    return facts | {"country": COUNTRIES[facts["owner"]]}


@st.composite
def leaves(draw: st.DrawFn, facts: tuple[Fact, ...] = SCHEMA.facts, changes: bool = True) -> dict[str, Any]:
    """A rule of any fact, operator and value."""
    fact = draw(st.sampled_from(facts))
    operator = draw(st.sampled_from([op for op in BY_TYPE[fact.type] if changes or op not in CHANGES]))
    takes = OPERATORS[operator].takes
    rule = {"field": fact.key, "operator": operator}
    one = _operands(fact)
    if takes is Takes.NOTHING:
        return rule
    if takes is Takes.DAYS:
        return rule | {"value": draw(st.integers(0, 3))}
    if takes is Takes.MANY:
        return rule | {"value": draw(st.lists(one, min_size=1, max_size=3))}
    if takes is Takes.PAIR:
        low_and_high = sorted(draw(st.tuples(VALUES[fact.key], VALUES[fact.key])))
        return rule | {"value": [str_of(value) for value in low_and_high]}
    return rule | {"value": draw(one)}


def _operands(fact: Fact) -> st.SearchStrategy[Any]:
    values = _items if fact.type == "list" else VALUES[fact.key].filter(lambda value: value != "")
    return values.map(str_of)


def str_of(value: Any) -> Any:
    """The value as JSON writes it."""
    if isinstance(value, bool):
        return value
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


def trees(facts: tuple[Fact, ...] = SCHEMA.facts, changes: bool = True) -> st.SearchStrategy[dict[str, Any]]:
    """Conditions of up to four levels."""
    node: st.SearchStrategy[Any] = leaves(facts, changes)
    for _level in range(3):
        node = leaves(facts, changes) | _groups(node)
    return _groups(node, smallest=0)


def _groups(nodes: st.SearchStrategy[Any], smallest: int = 1) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "combinator": st.sampled_from(["and", "or"]),
            "not": st.booleans(),
            "rules": st.lists(nodes, min_size=smallest, max_size=3),
        }
    )
