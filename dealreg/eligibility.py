"""The eligibility rules that ship: a document like the one that admins edit, for the rule set below."""

from typing import Any

from django.utils.translation import gettext_noop as _

RULESET = "deal-eligibility"


def document() -> dict[str, Any]:
    """The first version. Partners read `partner`; who is asked to look reads `vendor`.

    Its words stand in it in English, whoever sets the vendor up, and are shown in each reader's language.
    """
    return {
        "rules": [
            _refuse(
                "partner_active",
                _("Partner is active"),
                [("partner.status", "!=", "active")],
                "partner.not_active",
                _(
                    "Your organisation is not active in the program at the moment, so it can't register deals."
                    " Your channel manager can tell you what is missing."
                ),
            ),
            _refuse(
                "partner_enrolled",
                _("Partner is enrolled"),
                [("partner.enrolled", "=", False)],
                "partner.not_enrolled",
                _("Your organisation is not enrolled in this program yet."),
            ),
            _refuse(
                "minimum_amount",
                _("Minimum amount"),
                [("deal.amount", "<", "1000")],
                "deal.below_minimum",
                _("Registrations start at 1,000 in our currency. Smaller deals need none: just order."),
            ),
            _refuse(
                "close_window",
                _("Close within two years"),
                [("deal.close_in_days", ">", "730")],
                "deal.close_too_far",
                _("The expected close is more than two years away. Register the deal once it is nearer."),
            ),
            _refuse(
                "disposable_domain",
                _("No disposable domains"),
                [("deal.customer_domain_kind", "=", "disposable")],
                "deal.disposable_domain",
                _("The customer's website is a disposable address. Please give the customer's own."),
            ),
            _refuse(
                "reseller_active",
                _("Reseller is active"),
                [("reseller.status", "in", ["suspended", "terminated"])],
                "reseller.not_active",
                _("The reseller that you register for is not active in the program at the moment."),
            ),
            _refuse(
                "blackout",
                _("Blackout accounts"),
                [("customer.is_blocked", "=", True)],
                "customer.blackout",
                _("We don't take registrations for this customer. This answer is final."),
                _("The customer is on the blackout list."),
            ),
            _review(
                "former_holder",
                _("Precedence after protection"),
                [("deal.former_holder", "=", True)],
                "deal.former_holder",
                _("Another partner's protection of this customer has just lapsed; it may register again first."),
            ),
            _review(
                "deep_discount",
                _("Deep discounts"),
                [("deal.discount", ">", "40")],
                "deal.deep_discount",
                _("A discount of more than 40 percent is asked for."),
            ),
            _review(
                "house_account",
                _("House accounts"),
                [("customer.is_house", "=", True)],
                "customer.house_account",
                _("Direct sales look after this customer."),
            ),
            _review(
                "outside_territory",
                _("Partner's own territories"),
                [("partner.covers_country", "=", False)],
                "deal.outside_territory",
                _("The customer's country is outside the partner's territories."),
            ),
            _review(
                "free_mail",
                _("Free-mail domains"),
                [("deal.customer_domain_kind", "=", "free_mail")],
                "deal.free_mail_domain",
                _("The only domain given is a free-mail provider's."),
            ),
            _review(
                "watched",
                _("Watched partners"),
                [("partner.watched", "=", True)],
                "partner.watched",
                _("The partner is being watched."),
            ),
            _review(
                "certification",
                _("Large deals need a certificate"),
                [("partner.certified", "=", False), ("deal.amount", ">=", "100000")],
                "partner.not_certified",
                _("The partner holds no certificate and the deal is large."),
            ),
        ],
        "otherwise": "allow",
    }


def _refuse(
    key: str, name: str, when: list[tuple[str, str, Any]], reason: str, partner: str, vendor: str = ""
) -> dict[str, Any]:
    return _rule(key, name, when, "refuse", {"key": reason, "partner": partner, "vendor": vendor or partner})


def _review(key: str, name: str, when: list[tuple[str, str, Any]], reason: str, vendor: str) -> dict[str, Any]:
    return _rule(key, name, when, "review", {"key": reason, "partner": None, "vendor": vendor})


def _rule(
    key: str, name: str, when: list[tuple[str, str, Any]], outcome: str, reason: dict[str, Any]
) -> dict[str, Any]:
    rules = [
        {"field": field, "operator": operator} | ({} if value is None else {"value": value})
        for field, operator, value in when
    ]
    return {
        "key": key,
        "name": name,
        "when": {"combinator": "and", "not": False, "rules": rules},
        "outcome": outcome,
        "reason": reason,
        "active": True,
    }
