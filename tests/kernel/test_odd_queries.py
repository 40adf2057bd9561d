"""What no person types: NUL in an address; and answers that nobody asks for again."""

import pytest

from prm.kernel.events.models import IdempotencyKey
from prm.kernel.events.tasks import forget_keys
from tests.cast import ada, bea, bo, client_of, olivia, vendor
from tests.identity.test_tokens import key_of

PAGES = {
    olivia: (
        "/console/deals/",
        "/console/customers/",
        "/console/intakes/",
        "/console/partners/",
        "/console/search",
        "/console/audit/",
    ),
    ada: ("/admin/partners/partner/",),
    bo: ("/portal/deals/", "/portal/search"),
}


class TestANulInTheAddress:
    @pytest.mark.parametrize("who", [olivia, bo, ada], ids=lambda who: who.name)
    def test_is_no_letter_of_any_search(self, who):
        client = client_of(who)
        for path in PAGES[who]:
            for query in ("q=a%00b", "q=%0%000", "status=%00&state=%00&partner=%00&after=%00"):
                assert client.get(f"{path}?{query}").status_code in (200, 302), (path, query)

    def test_is_told_to_a_program(self, client):
        headers = {"Authorization": f"Bearer {key_of(bea, 'seller')}"}
        for query in ("customer=a%00b", "status=%00", "cursor=%00", "partner=%00"):
            answer = client.get(f"/api/v1/deals?{query}", headers=headers)
            assert answer.status_code == 400 and "NUL" in answer.json()["title"], query


class TestAnswersUnderAKey:
    def test_are_forgotten_after_a_month_and_not_before(self, as_worker, superuser):
        with vendor():
            for number in range(4):
                IdempotencyKey.objects.create(scope="token:x", key=str(number), request_hash="", status=200, body={})
        with superuser.cursor() as cursor:
            cursor.execute("UPDATE events_idempotencykey SET created_at = now() - interval '31 days' WHERE key < '2'")

        assert (forget_keys(), forget_keys()) == (2, 0)
        with vendor():
            assert sorted(IdempotencyKey.objects.values_list("key", flat=True)) == ["2", "3"]
