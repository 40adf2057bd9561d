"""Who runs the platform: sees that its vendors run, and nothing of what is in them."""

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, transaction
from django.test import Client

from prm.kernel.identity import operators
from prm.kernel.identity.models import Membership, Operator, Person, SecurityEvent
from tests.cast import PASSWORD, ada, bo, client_of, vendor, zenith
from tests.identity.test_sign_in import give_factor

PAT = "pat@platform.example"


@pytest.fixture
def in_the_demo(settings):
    settings.DEMO = True


def let_in(email: str = PAT) -> Person:
    person = Person.objects.filter(email=email).first() or Person.objects.create_user(email, PASSWORD, name="Pat")
    return operators.add_operator(person.email, using="owner")


def browser_of(person: Person) -> Client:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.mark.usefixtures("in_the_demo")
class TestTheHomeOfAnOperator:
    def test_is_where_signing_in_leads_and_shows_every_vendor_with_its_people(self):
        let_in()
        browser = Client()

        assert browser.post("/account/login/", {"login": PAT, "password": PASSWORD}).url == "/operator/"
        page = browser.get("/operator/").content.decode()

        assert "Acme" in page and "Zenith" in page
        assert "Birch" not in page, "a vendor's partners are its own matter"
        with vendor(zenith):
            own = Membership.objects.filter(partner=None, ended_at=None).count()
        row = operators.vendors().get(slug="zenith")
        assert (row.staff, row.partner_people) == (own, 1)

    def test_opens_no_vendor(self):
        browser = browser_of(let_in())
        for path in ("/console/", "/portal/", "/admin/"):
            assert browser.get(path).url == "/account/choose/"
        assert "/operator/" in browser.get("/account/choose/").content.decode()

    def test_is_shut_to_every_vendors_admin_and_changes_nothing(self):
        assert client_of(ada).get("/operator/").status_code == 403
        assert client_of(bo).get("/operator/").status_code == 403
        assert Client().get("/operator/").url.startswith("/account/login/")
        assert browser_of(let_in()).post("/operator/", {"bulk": "suspend"}).status_code == 405

    def test_who_belongs_to_a_vendor_too_chooses(self):
        let_in(ada.email)
        browser = client_of(ada)
        assert browser.get("/operator/").status_code == 200
        assert browser.get("/").url == "/console/", "as chosen in this session"
        chooser = browser.get("/account/choose/").content.decode()
        assert "/operator/" in chooser and "Acme" in chooser

    def test_shuts_at_once_when_somebody_is_an_operator_no_more(self):
        browser = browser_of(let_in())
        call_command("operator", "remove", PAT)
        assert browser.get("/operator/").status_code == 403


class TestOutsideTheDemo:
    def test_a_password_alone_opens_nothing(self):
        person = let_in()
        browser = browser_of(person)
        assert browser.get("/operator/").url == "/account/second-factor/"
        assert "runs the platform" in browser.get("/account/second-factor/").content.decode()

    def test_two_factors_do(self):
        let_in(ada.email)
        give_factor(ada)
        assert client_of(ada).get("/operator/").status_code == 200


class TestBecomingAnOperator:
    def test_is_beyond_the_webs_login(self):
        person = Person.objects.create_user("mallory@nowhere.example", PASSWORD)
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            Operator.objects.create(person=person)

    def test_is_told_at_the_server_and_kept_in_the_persons_history(self, capsys):
        call_command("operator", "add", "New@Platform.example", "--name", "Nia")
        call_command("operator", "add", "new@platform.example")

        assert "/account/password/reset/" in capsys.readouterr().out
        events = SecurityEvent.objects.filter(person__email="new@platform.example")
        assert [event.kind for event in events] == ["operator.added"]
        with pytest.raises(CommandError, match="no such operator"):
            call_command("operator", "remove", "nobody@platform.example")
