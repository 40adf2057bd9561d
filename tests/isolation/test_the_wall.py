"""The wall, tried on every table: generated from the models, so that a new one can't be forgotten."""

from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.utils import ProgrammingError

from prm.kernel.tenancy import wall
from prm.kernel.tenancy.context import NestedContext, NoTenant, acting, deciding
from prm.kernel.tenancy.proof import prove
from tests.cast import acme, bea, birch, cedar, olivia, partner, vendor, zenith

TENANT_TABLES = [model._meta.db_table for model in wall.tenant_models()]


def catalogue(superuser, query, *parameters):
    with superuser.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()


class TestEveryTable:
    def test_is_a_tenants_or_is_listed_with_its_reason(self):
        unlisted = [
            m._meta.label
            for m in apps.get_models(include_auto_created=True)
            if m not in wall.tenant_models() and m._meta.label not in wall.PLATFORM and m._meta.managed
        ]
        assert unlisted == []

    def test_forces_row_level_security(self, superuser):
        rows = catalogue(
            superuser,
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY(%s)"
            " AND NOT (relrowsecurity AND relforcerowsecurity)",
            TENANT_TABLES,
        )
        assert rows == []

    def test_leads_every_unique_index_with_its_tenant(self, superuser):
        rows = catalogue(
            superuser,
            """SELECT c.relname, i.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid
               JOIN pg_class i ON i.oid = x.indexrelid
               WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY(%s)
                 AND x.indisunique AND NOT x.indisprimary
                 AND (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum = x.indkey[0])
                     IS DISTINCT FROM 'tenant_id'""",
            TENANT_TABLES,
        )
        assert rows == []

    def test_has_no_foreign_key_that_could_cross_tenants(self, superuser):
        rows = catalogue(
            superuser,
            """SELECT c.conrelid::regclass::text, c.conname FROM pg_constraint c
               JOIN pg_class s ON s.oid = c.conrelid JOIN pg_class t ON t.oid = c.confrelid
               WHERE c.contype = 'f' AND s.relname = ANY(%s) AND t.relname = ANY(%s)
                 AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = s.oid
                                 AND a.attnum = ANY(c.conkey) AND a.attname = 'tenant_id')""",
            TENANT_TABLES,
            TENANT_TABLES,
        )
        assert rows == []

    def test_has_a_composite_key_for_every_reference_between_tenant_tables(self, superuser):
        wanted = {
            (m._meta.db_table, f.column)
            for m in wall.tenant_models()
            for f in m._meta.local_fields
            if f.is_relation and f.related_model in wall.tenant_models()
        }
        rows = catalogue(
            superuser,
            """SELECT s.relname, a.attname FROM pg_constraint c JOIN pg_class s ON s.oid = c.conrelid
               JOIN pg_attribute a ON a.attrelid = s.oid AND a.attnum = ANY(c.conkey)
               WHERE c.contype = 'f' AND cardinality(c.conkey) = 2 AND a.attname <> 'tenant_id'""",
        )
        assert wanted - set(rows) == set()

    def test_hides_behind_no_view_and_no_definer_function(self, superuser):
        assert catalogue(superuser, "SELECT viewname FROM pg_views WHERE schemaname IN ('public', 'app')") == []
        definers = catalogue(
            superuser,
            """SELECT proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace
               WHERE prosecdef AND nspname IN ('public', 'app')""",
        )
        assert definers == []

    def test_gives_no_serving_role_the_power_to_pass_the_wall(self, superuser):
        rows = catalogue(
            superuser,
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'prm\\_%%' AND (rolsuper OR rolbypassrls)",
        )
        assert rows == []


class TestTheProof:
    def test_finds_no_hole_and_no_jammed_door_in_any_cell(self):
        proof = prove()

        assert proof.holes == []
        assert proof.jammed == []
        assert {cell.model for cell in proof.cells} == {m._meta.label for m in wall.tenant_models()}

    def test_is_printed_for_an_auditor_by_a_command(self):
        out = StringIO()
        call_command("isolation", "prove", stdout=out)

        assert f"{len(list(wall.tenant_models()))} tenant tables" in out.getvalue()
        assert "The wall holds" in out.getvalue()

    @pytest.mark.parametrize(
        ("policy", "role", "stranger"),
        [
            ("wall_vendor", "prm_vendor", "vendor of another tenant"),
            ("wall_partner", "prm_partner", "sibling partner"),
        ],
    )
    def test_bites_when_one_policy_lets_everybody_in(self, superuser, policy, role, stranger):
        table = "partners_enrolment"
        with superuser.cursor() as cursor:
            cursor.execute(f"DROP POLICY {policy} ON {table}")
            cursor.execute(f"CREATE POLICY {policy} ON {table} FOR ALL TO {role} USING (true) WITH CHECK (true)")
        try:
            holes = prove(only=frozenset({"partners.Enrolment"})).holes
        finally:
            wall.apply("owner")
        assert stranger in {hole.who for hole in holes}

    def test_leaves_nothing_behind(self, superuser):
        before = catalogue(superuser, "SELECT count(*) FROM tenancy_tenant")
        prove(only=frozenset({"partners.Partner"}))
        assert catalogue(superuser, "SELECT count(*) FROM tenancy_tenant") == before

    def test_can_be_laid_again_without_a_change(self, superuser):
        query = "SELECT tablename, policyname, roles::text, qual, with_check FROM pg_policies ORDER BY 1, 2"
        before = catalogue(superuser, query)
        wall.apply("owner")
        assert catalogue(superuser, query) == before


class TestTheOneEntry:
    @pytest.mark.parametrize("model", [m for m in wall.tenant_models() if not m.wall.web], ids=lambda m: m._meta.label)
    def test_is_needed_for_every_tenant_table(self, model):
        with pytest.raises(ProgrammingError, match="permission denied"):
            model.objects.exists()

    def test_does_not_nest(self):
        with vendor(acme), pytest.raises(NestedContext), vendor(zenith):
            pass

    def test_refuses_an_unknown_tenant(self):
        with pytest.raises(NoTenant), acting(tenant=bea.person_id, audience="vendor"):
            pass

    def test_leaves_no_role_and_no_tenant_behind(self):
        with vendor(acme):
            pass
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, coalesce(current_setting('app.tenant_id', true), '')")
            assert cursor.fetchone() == ("prm_web", "")

    def test_sees_only_its_own_side(self):
        from partners.models import Partner

        with vendor(acme):
            assert set(Partner.objects.values_list("name", flat=True)) == {birch.name, cedar.name}
        with partner(birch):
            assert [p.pk for p in Partner.objects.all()] == [birch.id]

    def test_decides_beyond_the_wall_and_comes_back(self):
        from partners.models import Partner

        with partner(birch):
            with deciding():
                assert Partner.objects.count() == 2
            assert Partner.objects.count() == 1

    def test_comes_back_after_an_error_beyond_the_wall_too(self):
        from partners.models import Partner

        with partner(birch):
            with pytest.raises(ZeroDivisionError), deciding():
                assert Partner.objects.count() == 2
                _ = 1 / 0
            assert Partner.objects.count() == 1


class TestAForeignKey:
    def test_can_not_reach_another_tenants_row(self):
        from django.db.utils import IntegrityError

        from prm.kernel.reference.models import Product, ProductLine

        with vendor(zenith):
            foreign = ProductLine.objects.first().pk
        with pytest.raises(IntegrityError, match="within"), vendor(acme):
            Product.objects.create(line_id=foreign, sku="X", name="X")


class TestTheLogAndTheLedger:
    @pytest.mark.parametrize("verb", ["UPDATE audit_auditentry SET action = 'x'", "DELETE FROM audit_auditentry"])
    @pytest.mark.parametrize("audience", ["vendor", "auditor"])
    def test_16_4_2_can_not_be_changed_by_the_applications_roles(self, verb, audience):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            acting(tenant=acme.id, audience=audience),
            connection.cursor() as cursor,
        ):
            cursor.execute(verb)

    def test_16_4_2_can_not_be_changed_by_the_owner_either(self):
        from django.db.utils import IntegrityError

        from partners.models import Partner
        from prm.kernel import audit

        with vendor(acme) as now:
            audit.record("test.made", target=Partner.objects.first(), actor=olivia.actor, at=now)
        with (
            pytest.raises(IntegrityError, match="written once"),
            transaction.atomic(using="owner"),
            connections["owner"].cursor() as cursor,
        ):
            cursor.execute("UPDATE audit_auditentry SET action = 'x'")
