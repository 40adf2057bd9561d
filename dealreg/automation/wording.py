"""The messages about deals, as shipped."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from prm.kernel.messages.registry import register_message

DEAL = {
    "number": "D-2026-00042",
    "name": "40 seats",
    "customer_name": "Nordwind Logistik GmbH",
    "value": "€12,000.00",
    "protected_until": "19 Feb 2027",
    "late_days": 2,
    "answer_due_at": "Tue 24 Nov 2026, 14:00",
    "reason": "Please tell us the city of the site.",
}
SAMPLE: dict[str, object] = {"deal": DEAL, "partner": {"name": "Birch Systems"}}
GREETING = {"en": "Hello {{ recipient }},\n\n", "de": "Guten Tag {{ recipient }},\n\n"}
# what a deal is called, and that for one without a name of its own
EN = (
    "“{{ deal.name }}” for {{ deal.customer_name }}",
    "{% if deal.name != deal.customer_name %}“{{ deal.name }}” for {% endif %}{{ deal.customer_name }}",
)
DE = (
    "„{{ deal.name }}“ für {{ deal.customer_name }}",
    "{% if deal.name != deal.customer_name %}„{{ deal.name }}“ für {% endif %}{{ deal.customer_name }}",
)


def _message(
    key: str,
    label: str | Promise,
    subject: tuple[str, str],
    body: tuple[str, str],
    variables: tuple[str, ...] = (),
    **sample: object,
) -> None:
    english, german = body[0].replace(*EN), body[1].replace(*DE)
    register_message(
        key,
        label=label,
        variables=("deal", "partner", *variables),
        sample={**SAMPLE, **sample},
        subject={"en": subject[0], "de": subject[1]},
        body={"en": GREETING["en"] + english + "\n\n{{ url }}", "de": GREETING["de"] + german + "\n\n{{ url }}"},
    )


_message(
    "deal.received",
    _("A deal has arrived"),
    ("We have your deal {{ deal.number }}", "Ihr Deal {{ deal.number }} ist eingegangen"),
    (
        "“{{ deal.name }}” for {{ deal.customer_name }} is with our deal desk. You get an answer by "
        "{{ deal.answer_due_at }} at the latest.",
        "„{{ deal.name }}“ für {{ deal.customer_name }} liegt unserem Deal-Desk vor. Sie erhalten spätestens bis "
        "{{ deal.answer_due_at }} eine Antwort.",
    ),
)
_message(
    "deal.approved",
    _("A deal is protected"),
    (
        "{% if deal.protected_until %}Protected until {{ deal.protected_until }}{% else %}Registered{% endif %}: "
        "{{ deal.number }}",
        "{% if deal.protected_until %}Geschützt bis {{ deal.protected_until }}{% else %}Registriert{% endif %}: "
        "{{ deal.number }}",
    ),
    (
        "good news: “{{ deal.name }}” for {{ deal.customer_name }} is registered"
        "{% if deal.protected_until %}, and yours until {{ deal.protected_until }}{% endif %}."
        "{% if deal.late_days > 0 %} That is {{ deal.late_days }} {% if deal.late_days == 1 %}day{% else %}days"
        "{% endif %} longer than usual, since our answer was that late.{% endif %}",
        "gute Nachrichten: „{{ deal.name }}“ für {{ deal.customer_name }} ist registriert"
        "{% if deal.protected_until %} und für Sie geschützt bis {{ deal.protected_until }}{% endif %}."
        "{% if deal.late_days > 0 %} Das {% if deal.late_days == 1 %}ist ein Tag{% else %}sind {{ deal.late_days }} "
        "Tage{% endif %} länger als üblich, weil unsere Antwort so viel später kam als zugesagt.{% endif %}",
    ),
)
_message(
    "deal.rejected",
    _("A deal is declined"),
    ("We can't protect {{ deal.number }}", "{{ deal.number }} konnten wir nicht schützen"),
    (
        "we can't protect “{{ deal.name }}” for {{ deal.customer_name }}. The reason: {{ deal.reason }}",
        "wir können „{{ deal.name }}“ für {{ deal.customer_name }} nicht schützen. Der Grund: {{ deal.reason }}",
    ),
)
_message(
    "deal.returned",
    _("A deal needs the partner's answer"),
    ("A question about {{ deal.number }}", "Eine Frage zu {{ deal.number }}"),
    (
        "before we can decide on “{{ deal.name }}” for {{ deal.customer_name }}, we need something from you: "
        "{{ deal.reason }}",
        "bevor wir über „{{ deal.name }}“ für {{ deal.customer_name }} entscheiden können, brauchen wir etwas von "
        "Ihnen: {{ deal.reason }}",
    ),
)
_message(
    "deal.expiring",
    _("A protection ends soon"),
    ("{{ days }} days left: {{ deal.number }}", "Noch {{ days }} Tage: {{ deal.number }}"),
    (
        "the protection of “{{ deal.name }}” for {{ deal.customer_name }} ends on {{ deal.protected_until }}. If the "
        "sale has moved on, change its stage and extend the protection once.",
        "der Schutz von „{{ deal.name }}“ für {{ deal.customer_name }} endet am {{ deal.protected_until }}. Ist der "
        "Verkauf vorangekommen, ändern Sie die Stufe und verlängern Sie den Schutz einmal.",
    ),
    ("days",),
    days=14,
)
_message(
    "deal.expired",
    _("A protection has ended"),
    ("The protection of {{ deal.number }} has ended", "Der Schutz von {{ deal.number }} ist abgelaufen"),
    (
        "the protection of “{{ deal.name }}” for {{ deal.customer_name }} ended on {{ deal.protected_until }}. You can "
        "register the customer again.",
        "der Schutz von „{{ deal.name }}“ für {{ deal.customer_name }} endete am {{ deal.protected_until }}. Sie "
        "können den Kunden neu registrieren.",
    ),
)
_message(
    "deal.commented",
    _("Somebody commented on a deal"),
    ("{{ author }} on {{ deal.number }}", "{{ author }} zu {{ deal.number }}"),
    (
        "{{ author }} wrote about “{{ deal.name }}” for {{ deal.customer_name }}:\n\n{{ text }}",
        "{{ author }} schrieb zu „{{ deal.name }}“ für {{ deal.customer_name }}:\n\n{{ text }}",
    ),
    ("author", "text"),
    author="Cam",
    text="How many seats is it about?",
)
_message(
    "deal.opinion_missing",
    _("An opinion was not given in time"),
    ("Decided without your opinion: {{ deal.number }}", "Ohne Ihre Einschätzung entschieden: {{ deal.number }}"),
    (
        "you were asked what you think of “{{ deal.name }}” for {{ deal.customer_name }}. The approvers now decide "
        "without waiting any longer.",
        "Sie wurden um Ihre Einschätzung zu „{{ deal.name }}“ für {{ deal.customer_name }} gebeten. Die Genehmiger "
        "entscheiden nun, ohne länger zu warten.",
    ),
)
_message(
    "deal.moved_away",
    _("A deal is no longer the partner's"),
    ("{{ deal.number }} is no longer yours", "{{ deal.number }} wird nicht mehr von Ihnen geführt"),
    (
        "your registration “{{ deal.customer_name }}” is no longer yours. The reason: {{ reason }}\n\nWhat you had "
        "registered stays on record for you.",
        "Ihre Registrierung „{{ deal.customer_name }}“ wird nicht mehr von Ihnen geführt. Der Grund: {{ reason }}\n\n"
        "Was Sie registriert hatten, bleibt für Sie einsehbar.",
    ),
    ("reason",),
    reason="The customer asked for another contact.",
)
_message(
    "deal.assigned",
    _("A deal is given to a partner"),
    (
        "{% if deal.protected_until %}A protected deal for you{% else %}A deal for you{% endif %}: "
        "{{ deal.customer_name }}",
        "{% if deal.protected_until %}Ein geschützter Deal für Sie{% else %}Ein Deal für Sie{% endif %}: "
        "{{ deal.customer_name }}",
    ),
    (
        "{{ deal.number }} for {{ deal.customer_name }} is yours from now on"
        "{% if deal.protected_until %}, protected until {{ deal.protected_until }}{% endif %}."
        "{% if next == 'answer' %} You get an answer by {{ deal.answer_due_at }} at the latest.{% endif %}"
        "{% if next == 'question' %} The deal desk still needs something from you: see the deal's page.{% endif %}",
        "{{ deal.number }} für {{ deal.customer_name }} gehört ab jetzt Ihnen"
        "{% if deal.protected_until %}, geschützt bis {{ deal.protected_until }}{% endif %}."
        "{% if next == 'answer' %} Sie erhalten spätestens bis {{ deal.answer_due_at }} eine Antwort.{% endif %}"
        "{% if next == 'question' %} Der Deal-Desk braucht noch etwas von Ihnen: siehe die Seite des Deals.{% endif %}",
    ),
    ("next",),
    next="",
)
_message(
    "deal.protection_ended",
    _("A protection is taken away"),
    ("No longer protected: {{ deal.number }}", "Nicht mehr geschützt: {{ deal.number }}"),
    (
        "“{{ deal.customer_name }}” is no longer protected for you. The reason: {{ deal.reason }} You can contest "
        "this on the deal's page.",
        "„{{ deal.customer_name }}“ ist für Sie nicht mehr geschützt. Der Grund: {{ deal.reason }} Auf der Seite des "
        "Deals können Sie widersprechen.",
    ),
)
_message(
    "deal.shared",
    _("A deal is shared"),
    ("{{ share }} % of {{ deal.customer_name }} is yours", "{{ share }} % von {{ deal.customer_name }} gehören Ihnen"),
    (
        "{{ deal.number }} for {{ deal.customer_name }} is shared between two partners. Your share of what is sold "
        "is {{ share }} %; you are protected until {{ deal.protected_until }}.",
        "{{ deal.number }} für {{ deal.customer_name }} wird zwischen zwei Partnern geteilt. Ihr Anteil am Verkauf "
        "beträgt {{ share }} %; Sie sind geschützt bis {{ deal.protected_until }}.",
    ),
    ("share",),
    share="40",
)

DISPUTE: dict[str, object] = {
    "answer_due_at": "Tue 24 Nov 2026, 14:00",
    "answer": "Decided anew",
    "reason": "Your offer was first.",
}


def _of_dispute(key: str, label: Promise, subject: tuple[str, str], body: tuple[str, str]) -> None:
    _message(key, label, subject, body, ("dispute",), dispute=DISPUTE)


_of_dispute(
    "dispute.received",
    _("A dispute has arrived"),
    ("We look at {{ deal.number }} again", "Wir prüfen {{ deal.number }} erneut"),
    (
        "you contest our answer to {{ deal.number }} for {{ deal.customer_name }}. Somebody of the deal desk decides "
        "by {{ dispute.answer_due_at }} at the latest.",
        "Sie widersprechen unserer Antwort zu {{ deal.number }} für {{ deal.customer_name }}. Der Deal-Desk "
        "entscheidet spätestens bis {{ dispute.answer_due_at }}.",
    ),
)
_of_dispute(
    "dispute.decided",
    _("A dispute is decided"),
    ("Decided: {{ deal.number }}", "Entschieden: {{ deal.number }}"),
    (
        "we have looked at {{ deal.number }} for {{ deal.customer_name }} again: {{ dispute.answer }}. "
        "{{ dispute.reason }}",
        "wir haben {{ deal.number }} für {{ deal.customer_name }} erneut geprüft: {{ dispute.answer }}. "
        "{{ dispute.reason }}",
    ),
)
register_message(
    "deals.batch_done",
    label=_("Some of many deals could not be done"),
    variables=["action", "done", "left"],
    sample={"action": "Extend", "done": 12, "left": 2},
    subject={
        "en": "{{ action }}: {{ done }} done, {{ left }} not",
        "de": "{{ action }}: {{ done }} erledigt, {{ left }} nicht",
    },
    body={
        "en": "“{{ action }}” was carried out for {{ done }} deals and not for {{ left }}.\n\n{{ url }}",
        "de": "„{{ action }}“ wurde für {{ done }} Deals ausgeführt und für {{ left }} nicht.\n\n{{ url }}",
    },
)
