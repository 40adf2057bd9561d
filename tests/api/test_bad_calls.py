"""What a careless or a hostile program sends is answered with a 4xx that says what is wrong, and nothing is done."""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from dealreg.models import Deal, DealComment
from tests.cast import ada, bea, birch, vendor
from tests.dealreg import deals
from tests.identity.test_tokens import key_of

DEALS = "/api/v1/deals"


def send(secret: str, path: str, body: bytes, method: str = "POST", kind: str = "application/json", **more: str) -> Any:
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": uuid4().hex, **more}
    return Client(raise_request_exception=False).generic(method, path, body, content_type=kind, headers=headers)


def told(answer: Any) -> tuple[int, str]:
    """The status and type of a problem; every one is JSON with a title."""
    assert answer.headers["Content-Type"].startswith("application/json"), answer.content
    problem = answer.json()
    assert problem["title"]
    return answer.status_code, problem["type"]


def cursor(text: str) -> str:
    return b64encode(text.encode()).decode()


@pytest.fixture
def deal() -> Iterator[Any]:
    pk = deals.submitted(birch)
    yield pk
    with vendor():
        assert not DealComment.objects.filter(deal_id=pk).exists() and Deal.objects.count() == 1


BODIES = (
    b"{", b"", b"[]", b"null", b'"text"', b"{'body': 1}", b'{"body": NaN}', b"\xff\xfe", b'{"body": 1e999}',
    b'{"body": "a\\u0000b"}', b'{"body": "\\ud800"}', b'{"\\u0000": "x", "body": "x"}', b'{"body": {"a": 1}}',
    b'{"body": ' + b"9" * 5000 + b"}", b"[" * 100_000, b'{"body": "x", "more": ' + b'{"a":' * 40 + b"1" + b"}" * 41,
)  # fmt: skip
QUERIES = (
    ("page_size=0", "page_size"), ("page_size=-1", "page_size"), ("page_size=many", "page_size"),
    ("page_size=201", "page_size"), ("page_size=99999999999999999999", "page_size"), ("page_size=", "page_size"),
    ("cursor=%21%21", "cursor"), ("cursor=" + cursor("p=abc"), "cursor"), ("cursor=" + cursor("p=a%00"), "cursor"),
    ("cursor=" + cursor("o=many"), "cursor"), ("cursor=%C3%A9", "cursor"), ("partner=", "partner"),
    ("partner=me", "partner"), ("status=", "status"), ("status=lively", "status"),
    ("submitted_after=", "submitted_after"), ("submitted_after=soon", "submitted_after"),
)  # fmt: skip


class TestABody:
    def test_that_is_none_is_a_400(self, deal: Any) -> None:
        secret = key_of(bea, "seller")
        for body in BODIES:
            assert told(send(secret, f"{DEALS}/{deal}/comments", body)) == (400, "invalid"), body[:40]

    def test_of_a_kind_that_cannot_be_kept_is_a_400_in_free_fields_too(self) -> None:
        decide = f"/api/v1/tasks/{uuid4()}/decide"
        for value in (b'"\\u0000"', b'"\\udfff"', b"1e999"):
            answer = send(key_of(ada, "ops"), decide, b'{"outcome": "approve", "detail": {"x": [' + value + b"]}}")
            assert answer.status_code in (400, 404)

    def test_of_another_content_type_is_a_415_and_too_much_of_it_a_413(self, deal: Any) -> None:
        secret, path = key_of(bea, "seller"), f"{DEALS}/{deal}/comments"
        assert told(send(secret, path, b"body=x", kind="text/plain")) == (415, "unsupported_media_type")
        assert told(send(secret, path, b" " * (6 * 1024 * 1024))) == (413, "too_large")
        assert told(send(secret, path, b"{}", Accept="text/csv")) == (406, "not_acceptable")


class TestAKeyForOneCall:
    def test_is_there_and_not_too_long(self, deal: Any) -> None:
        secret = key_of(bea, "seller")
        for key in ("", "   ", "x" * 201):
            answer = send(secret, f"{DEALS}/{deal}/comments", b'{"body": "x"}', **{"Idempotency-Key": key})
            assert told(answer) == (400, "idempotency_key_missing"), key


class TestAQuery:
    def test_that_asks_for_nothing_there_is_says_where(self) -> None:
        secret = key_of(ada, "ops")
        for query, field in QUERIES:
            answer = send(secret, f"{DEALS}?{query}", b"", "GET")
            assert told(answer) == (400, "invalid") and list(answer.json()["fields"]) == [field], query

    def test_with_a_place_in_time_that_is_none_is_no_fault_of_ours(self) -> None:
        secret = key_of(ada, "ops")
        for position in ("p=soon", "p=0001-01-01T00:00:00", "p=9999-12-31T23:59:59-23:59"):
            answer = send(secret, f"/api/v1/disputes?cursor={cursor(position)}", b"", "GET")
            assert answer.status_code in (200, 400), position
        answer = send(secret, f"{DEALS}?submitted_after=2027-01-01T00:00:00-23:59", b"", "GET")
        assert told(answer) == (400, "invalid")

    def test_of_a_report_counts_no_other_deals_than_were_meant(self) -> None:
        secret = key_of(ada, "ops")
        for query in ("months=7", "by=", "partner=all", "stage=won", "close_from=soon"):
            answer = send(secret, f"/api/v1/reports/forecast?{query}", b"", "GET")
            assert told(answer) == (400, "invalid"), query
            assert list(answer.json()["fields"]) == [query.partition("=")[0]]


class TestAnAddress:
    def test_that_is_none_is_a_404_for_every_method_and_key(self, deal: Any) -> None:
        for who, role, methods in ((bea, "seller", ("GET", "POST", "DELETE")), (ada, "auditor", ("GET",))):
            secret = key_of(who, role)
            for method in methods:
                assert told(send(secret, "/api/v1/nothing/here", b"{}", method)) == (404, "not_found")
            for pk in ("0.5", "%00", "x" * 300, "../people"):
                assert told(send(secret, f"{DEALS}/{pk}", b"", "GET"))[0] == 404

    def test_says_which_methods_it_does_not_have(self, deal: Any) -> None:
        for who, role in ((bea, "seller"), (ada, "auditor")):
            secret = key_of(who, role)
            for method in ("PUT", "PATCH", "DELETE", "TRACE"):
                assert told(send(secret, f"{DEALS}/{deal}", b"{}", method)) == (405, "method_not_allowed")
            assert told(send(secret, "/api/v1/people", b"{}")) == (405, "method_not_allowed")

    def test_tells_a_stranger_nothing(self, deal: Any) -> None:
        for path, method in ((f"{DEALS}/{deal}", "GET"), (DEALS, "POST"), ("/api/v1/nothing", "DELETE")):
            answer = send("prm_nobody", path, b"{}", method)
            assert told(answer) == (401, "unauthenticated") and answer.headers["WWW-Authenticate"] == "Bearer"
