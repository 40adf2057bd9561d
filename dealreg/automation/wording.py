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
    "answer_due_at": "Tue 24 Nov 2026, 14:00",
    "reason": "Please tell us the city of the site.",
}
SAMPLE: dict[str, object] = {"deal": DEAL, "partner": {"name": "Birch Systems"}}
GREETING = {"en": "Hello {{ recipient }},\n\n", "de": "Guten Tag {{ recipient }},\n\n"}


def _message(
    key: str,
    label: str | Promise,
    subject: tuple[str, str],
    body: tuple[str, str],
    variables: tuple[str, ...] = (),
    **sample: object,
) -> None:
    register_message(
        key,
        label=label,
        variables=("deal", "partner", *variables),
        sample={**SAMPLE, **sample},
        subject={"en": subject[0], "de": subject[1]},
        body={"en": GREETING["en"] + body[0] + "\n\n{{ url }}", "de": GREETING["de"] + body[1] + "\n\n{{ url }}"},
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
        "{% if deal.protected_until %}, and yours until {{ deal.protected_until }}{% endif %}.",
        "gute Nachrichten: „{{ deal.name }}“ für {{ deal.customer_name }} ist registriert"
        "{% if deal.protected_until %} und für Sie geschützt bis {{ deal.protected_until }}{% endif %}.",
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
