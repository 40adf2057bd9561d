"""The search of the top bar finds what the reader's own lists find, and nothing else."""

from django.core.cache import cache

from dealreg.models import Customer
from prm.kernel.ui.search import SEARCHES_PER_MINUTE
from tests.cast import acme, bo, cedar, client_of, olivia, vendor, zenith, zoe


def found(who, text: str) -> str:
    base = "/portal/search" if who.partner else "/console/search"
    return client_of(who).get(base, {"q": text}).content.decode()


class TestSearching:
    def test_finds_partners_and_customers_with_the_way_to_them(self):
        with vendor(acme):
            Customer.objects.create(name="Cedar Grove Hospital", country="DE")

        page = found(olivia, "cedar")

        assert f"/console/partners/{cedar.id}/" in page and "Cedar Grove Hospital" in page

    def test_never_finds_another_vendors(self):
        with vendor(zenith):
            Customer.objects.create(name="Zebra Foods", country="DE")

        assert "Zebra Foods" in found(zoe, "zebra")
        assert "Nothing found" in found(olivia, "zebra")

    def test_tells_a_partner_nothing_of_the_vendors_customers_or_other_partners(self):
        with vendor(acme):
            Customer.objects.create(name="Cedar Grove Hospital", country="DE")

        assert "Nothing found" in found(bo, "cedar")

    def test_asks_for_two_letters_and_keeps_a_script_as_text(self):
        assert "Nothing found" in found(olivia, "c")
        assert "<script>alert" not in found(olivia, "<script>alert(1)</script>")
        assert "What are you looking for?" in found(olivia, "")

    def test_has_to_wait_after_sixty_in_a_minute(self):
        cache.set(f"{acme.id}:searches:{olivia.membership_id}", SEARCHES_PER_MINUTE, timeout=60)
        answer = client_of(olivia).get("/console/search", {"q": "cedar"})

        assert answer.status_code == 429
        assert "Please wait a minute" in answer.content.decode()
