"""The answers to mails at the program's address, as shipped. `lines` are to be filled in and sent back."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from prm.kernel.messages.registry import register_message

SAMPLE: dict[str, object] = {
    "number": "D-2026-00042",
    "customer": "Nordwind Logistik GmbH",
    "answer_by": "Tue 24 Nov 2026, 14:00",
    "missing": "- Amount – Please fill this in.",
    "lines": "Customer: Nordwind Logistik GmbH\nAmount:",
    "files": "",
    "sender": "bo@birch.example",
    "subject": "New deal",
}
FILES = {
    "en": "{% if files != '' %}\n\nThese files could not be kept:\n{{ files }}{% endif %}",
    "de": "{% if files != '' %}\n\nDiese Dateien konnten wir nicht aufnehmen:\n{{ files }}{% endif %}",
}


def _answer(key: str, label: str | Promise, subject: tuple[str, str], body: tuple[str, str]) -> None:
    register_message(
        key,
        label=label,
        variables=("number", "customer", "answer_by", "missing", "lines", "files"),
        sample=SAMPLE,
        subject={"en": subject[0], "de": subject[1]},
        body={
            "en": f"Hello {{{{ recipient }}}},\n\n{body[0]}{FILES['en']}\n\n{{{{ url }}}}",
            "de": f"Guten Tag {{{{ recipient }}}},\n\n{body[1]}{FILES['de']}\n\n{{{{ url }}}}",
        },
    )


_answer(
    "intake.registered",
    _("A mail was registered"),
    ("Registered: {{ number }} for {{ customer }}", "Registriert: {{ number }} für {{ customer }}"),
    (
        "your mail is registered as {{ number }} for {{ customer }}. You get an answer by {{ answer_by }} at the "
        "latest.",
        "Ihre E-Mail ist als {{ number }} für {{ customer }} registriert. Sie erhalten spätestens bis {{ answer_by }} "
        "eine Antwort.",
    ),
)
_answer(
    "intake.already",
    _("A mail was registered already"),
    ("Already registered: {{ number }}", "Bereits registriert: {{ number }}"),
    (
        "this deal for {{ customer }} is already registered as {{ number }}. Nothing was registered a second time; "
        "what your mail says is kept with it.",
        "dieser Deal für {{ customer }} ist bereits als {{ number }} registriert. Nichts wurde doppelt registriert; "
        "was Ihre E-Mail enthält, liegt dort bei.",
    ),
)
_answer(
    "intake.incomplete",
    _("A mail lacks something"),
    ("Something is missing: {{ number }}", "Es fehlt noch etwas: {{ number }}"),
    (
        "your mail is kept as draft {{ number }}, but it is not registered yet:\n\n{{ missing }}\n\n"
        "Answer this mail with the lines below filled in, or finish the draft in the portal.\n\n{{ lines }}",
        "Ihre E-Mail ist als Entwurf {{ number }} gespeichert, aber noch nicht registriert:\n\n{{ missing }}\n\n"
        "Antworten Sie auf diese E-Mail mit den ausgefüllten Zeilen, oder beenden Sie den Entwurf im Portal.\n\n"
        "{{ lines }}",
    ),
)
register_message(
    "intake.assigned",
    label=_("A mail was assigned to a partner"),
    variables=("number", "sender", "subject"),
    sample=SAMPLE,
    subject={"en": "A draft waits for you: {{ number }}", "de": "Ein Entwurf wartet auf Sie: {{ number }}"},
    body={
        "en": "Hello {{ recipient }},\n\nwe have received a mail from {{ sender }} about “{{ subject }}” and kept it "
        "as your draft {{ number }}. Look at it and hand it in if it is yours.\n\n{{ url }}",
        "de": "Guten Tag {{ recipient }},\n\nwir haben eine E-Mail von {{ sender }} zu „{{ subject }}“ erhalten und "
        "als Ihren Entwurf {{ number }} gespeichert. Sehen Sie ihn an und reichen Sie ihn ein, wenn er von Ihnen "
        "ist.\n\n{{ url }}",
    },
)
