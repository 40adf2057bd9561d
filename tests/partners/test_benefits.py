"""What a tier brings, read in the reader's language as far as it is shipped."""

from partners.models import TierBenefit
from partners.starter import SHIPPED
from tests.cast import vendor


class TestABenefit:
    def test_that_is_shipped_is_read_in_german_and_one_that_a_vendor_typed_as_typed(self, monkeypatch):
        monkeypatch.setattr("partners.starter.gettext", lambda text: f"auf Deutsch: {text}")
        with vendor():
            typed, *shipped = TierBenefit.objects.filter(tier__code="bronze")
            assert {typed.text, *(one.text for one in shipped)} <= SHIPPED
            typed.text = "Tickets for the fair"
            typed.save()
            assert typed.words == "Tickets for the fair"
            assert all(one.words == f"auf Deutsch: {one.text}" for one in shipped)
