"""The API's frame: pages, errors, and a POST that runs once."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from prm.kernel import audit
from prm.kernel.api import actor_of, answer, now_of
from prm.kernel.audit.models import DecisionRecord
from prm.kernel.decisions import Decision, Reason
from prm.kernel.events.models import IdempotencyKey
from prm.kernel.identity import actions
from prm.kernel.identity.models import Invitation, Membership
from prm.kernel.tenancy.context import deciding
from tests.cast import acme, ada, bea, bo, cy, vendor
from tests.identity.test_tokens import call, key_of

REASONS = (Reason("deal.rival", "A rival is protected.", "vendor"), Reason("deal.late", "It came too late.", "partner"))
REFUSED = Decision(rule="test/1", outcome="conflict", allowed=False, reasons=REASONS)


class Typed(serializers.Serializer[Any]):
    email = serializers.EmailField()


class Invitations(viewsets.ViewSet):
    """A face like those of the apps, to try the frame with."""

    def create(self, request: Request) -> Response:
        typed = Typed(data=request.data)
        typed.is_valid(raise_exception=True)
        email = typed.validated_data["email"]
        decision = actions.invite_person(
            email=email,
            name="",
            roles=["seller"],
            partner_id=actor_of(request).partner_id,
            actor=actor_of(request),
            now=now_of(request),
        )
        if email.startswith("crash"):
            raise ZeroDivisionError
        if email.startswith("late"):
            decision = REFUSED
        return answer(request, decision, {"email": email}, status=201)


router = SimpleRouter(trailing_slash=False)
router.register("invitations", Invitations, basename="invitations")
urlpatterns = [path("api/v1/", include((router.urls, "api"))), path("", include("prm.kernel.identity.urls"))]
in_the_frame = pytest.mark.urls(__name__)


def post(secret: str, email: str, key: str | None = "one", **body: Any) -> Any:
    headers = {"Authorization": f"Bearer {secret}"} | ({"Idempotency-Key": key} if key else {})
    return Client(raise_request_exception=False).post(
        "/api/v1/invitations", {"email": email, **body}, content_type="application/json", headers=headers
    )


def invitations() -> int:
    with vendor(acme):
        return Invitation.objects.count()


@in_the_frame
class TestAPost:
    def test_needs_a_key(self) -> None:
        response = post(key_of(bea, "partner_admin"), "a@birch.example", key=None)
        assert (response.status_code, response.json()["type"]) == (400, "idempotency_key_missing")
        assert invitations() == 0

    def test_repeated_gets_the_same_answer_and_does_nothing(self) -> None:
        secret = key_of(bea, "partner_admin")
        first, second = post(secret, "a@birch.example"), post(secret, "a@birch.example")
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json() == second.json() and second["Idempotent-Replayed"] == "true"
        assert invitations() == 1

    def test_with_another_body_under_the_same_key_is_refused(self) -> None:
        secret = key_of(bea, "partner_admin")
        post(secret, "a@birch.example")
        response = post(secret, "b@birch.example")
        assert (response.status_code, response.json()["type"]) == (422, "idempotency_key_reused")

    def test_the_key_of_one_token_is_nothing_to_another(self) -> None:
        post(key_of(bea, "partner_admin"), "a@birch.example")
        assert post(key_of(bea, "partner_admin"), "b@birch.example").status_code == 201

    def test_twice_at_the_same_instant_runs_once(self) -> None:
        secret, answers = key_of(bea, "partner_admin"), []

        def send() -> None:
            answers.append(post(secret, "a@birch.example"))
            connection.close()

        threads = [threading.Thread(target=send) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [response.status_code for response in answers] == [201] * 4
        assert sum("Idempotent-Replayed" in response.headers for response in answers) == 3
        assert invitations() == 1

    def test_invalid_input_is_said_by_field_and_may_be_mended_under_the_same_key(self) -> None:
        secret = key_of(bea, "partner_admin")
        wrong = post(secret, "not an address")
        assert wrong.status_code == 400
        assert wrong.json()["type"] == "invalid" and "email" in wrong.json()["fields"]
        assert post(secret, "a@birch.example").status_code == 201

    def test_a_fault_leaves_nothing_and_says_nothing_of_itself(self) -> None:
        secret = key_of(bea, "partner_admin")
        response = post(secret, "crash@birch.example")
        assert response.status_code == 500 and "ZeroDivision" not in response.content.decode()
        assert invitations() == 0
        with vendor(acme):
            assert not IdempotencyKey.objects.exists()

    def test_a_refusal_is_built_from_the_decision_with_the_partners_reasons_only(self) -> None:
        response = post(key_of(bea, "partner_admin"), "late@birch.example")
        assert response.status_code == 422
        assert response.json()["reasons"] == [{"key": "deal.late", "text": "It came too late."}]
        assert "rival" not in response.content.decode()


class TestReading:
    def test_pages_go_on_by_cursor(self) -> None:
        secret, found, url = key_of(ada, "ops"), [], "/api/v1/people?page_size=4"
        while url:
            page = call(secret, url.removeprefix("http://testserver")).json()
            found += [row["email"] for row in page["results"]]
            url = page["next"]
        assert len(found) == len(set(found)) == 9

    def test_people_are_filtered_by_role_and_partner(self) -> None:
        rows = call(key_of(ada, "ops"), f"/api/v1/people?role=seller&partner={bo.partner.id}").json()["results"]  # type: ignore[union-attr]
        assert [row["email"] for row in rows] == ["bo@birch.example"]

    def test_partners_come_with_their_tiers(self) -> None:
        rows = call(key_of(ada, "ops"), "/api/v1/partners?tier=silver").json()["results"]
        assert {row["name"] for row in rows} == {"Birch Systems", "Cedar Networks"}
        assert rows[0]["enrolments"][0]["tier"] == "silver"

    def test_a_partner_reads_its_own_row_only(self) -> None:
        secret = key_of(bea, "partner_admin")
        assert [row["name"] for row in call(secret, "/api/v1/partners").json()["results"]] == ["Birch Systems"]
        assert call(secret, f"/api/v1/partners/{cy.partner.id}").status_code == 404  # type: ignore[union-attr]

    def test_8_2_2_a_foreign_id_and_a_missing_one_answer_alike(self) -> None:
        secret = key_of(bea, "partner_admin")
        foreign = call(secret, f"/api/v1/people/{cy.membership_id}")
        missing = call(secret, "/api/v1/people/019aa000-0000-7000-8000-000000000000")
        assert (
            (foreign.status_code, foreign.json())
            == (missing.status_code, missing.json())
            == (404, {"type": "not_found", "title": foreign.json()["title"]})
        )

    def test_an_unknown_address_is_said_in_json(self) -> None:
        response = call(key_of(ada, "ops"), "/api/v1/nothing/here")
        assert (response.status_code, response.json()["type"]) == (404, "not_found")

    def test_the_number_of_queries_does_not_grow_with_the_rows(self) -> None:
        secret = key_of(ada, "ops")

        def cost() -> int:
            with CaptureQueriesContext(connection) as queries:
                assert call(secret, "/api/v1/people").status_code == 200
            return len(queries)

        cost()
        few = cost()
        with vendor(acme):
            Membership.objects.bulk_create(
                Membership(name=f"P{i}", email=f"p{i}@acme.example", roles=["sales"]) for i in range(30)
            )
        assert cost() == few


class TestDecisions:
    @pytest.fixture(autouse=True)
    def decided(self) -> None:
        with vendor(acme) as now:
            for who in (bo, cy):
                target = Membership.objects.get(pk=who.membership_id)
                for decision in (
                    REFUSED,
                    Decision(rule="conflict/1", outcome="review", allowed=False, reasons=REASONS[:1]),
                ):
                    audit.record("test.decided", target=target, actor=ada.actor, at=now, decision=decision)

    def test_the_vendor_reads_rule_facts_and_every_reason(self) -> None:
        rows = call(key_of(ada, "ops"), "/api/v1/decisions?outcome=conflict").json()["results"]
        assert len(rows) == 2
        assert rows[0]["rule"] == "test/1" and len(rows[0]["reasons"]) == 2

    def test_a_partner_reads_what_was_said_to_it_and_nothing_else(self) -> None:
        response = call(key_of(bea, "partner_admin"), "/api/v1/decisions")
        rows = response.json()["results"]
        assert len(rows) == 1
        assert rows[0]["reasons"] == [{"key": "deal.late", "text": "It came too late."}]
        assert not {"rule", "outcome", "document"} & set(rows[0]) and "rival" not in response.content.decode()

    def test_a_partner_cannot_ask_by_outcome(self) -> None:
        for outcome in ("nothing", "conflict"):
            assert call(key_of(bea, "partner_admin"), f"/api/v1/decisions?outcome={outcome}").status_code == 400

    def test_a_partner_cannot_open_anothers(self) -> None:
        with vendor(acme), deciding():
            foreign = DecisionRecord.objects.filter(partner_id=cy.partner.id).first()  # type: ignore[union-attr]
        assert call(key_of(bea, "partner_admin"), f"/api/v1/decisions/{foreign.pk}").status_code == 404  # type: ignore[union-attr]


class TestThrottling:
    def test_2_4_1_too_many_calls_are_told_to_wait(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from prm.kernel.api_defaults import PerToken

        monkeypatch.setattr(PerToken, "rate", "3/min", raising=False)
        secret = key_of(ada, "ops")
        codes = [call(secret).status_code for _ in range(4)]
        assert codes == [200, 200, 200, 429]


class TestDocumentation:
    def test_the_document_names_every_endpoint_and_the_key_of_a_post(self) -> None:
        text = Client().get("/api/schema").content.decode()
        assert "/api/v1/people" in text and "/api/v1/decisions" in text and "scheme: bearer" in text

    def test_13_4_it_is_gated_unless_opened(self, settings: Any) -> None:
        settings.API_DOCS_OPEN = False
        assert Client().get("/api/docs").status_code == Client().get("/api/schema").status_code == 302

    def test_its_page_runs_under_the_content_policy(self) -> None:
        page = Client().get("/api/docs")
        assert page.status_code == 200
        assert "<style" not in page.content.decode() and "<script>" not in page.content.decode()
        assert Client().get("/api/docs?script=").status_code == 200


class TestWhileRedisIsAway:
    def test_calls_are_let_through_uncounted(self, settings: Any) -> None:
        secret = key_of(bea, "partner_admin")
        away = {**settings.CACHES["default"], "LOCATION": "unix:///nowhere/redis.sock"}
        settings.CACHES = {"default": away}

        assert call(secret).status_code == 200
