"""Every figure of the pipeline and the reports against SQL that is written here, past the wall and past the ORM."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dealreg.models import Deal, PipelineStage, StageProbability
from prm.kernel.clock import local_date
from tests.cast import acme, ada, aud, bea, birch, bo, cam, client_of, olivia, partner, vendor, zed, zoe
from tests.dealreg.past import live
from tests.exports import exported
from tests.identity.test_tokens import call, key_of

PIPELINE = "/console/deals/pipeline/"
OUTCOMES = "/console/reports/deals/"
AGEING = "/console/reports/deals/ageing/"
LAPSING = "/console/reports/deals/lapsing/"
MANY = 90

# What each open protected deal is worth today and what is likely to come, in one place, independent of the product.
OPEN = """
WITH probability(stage, share) AS (VALUES
  ('discovery', 0.10), ('qualified', 0.25), ('proposal', 0.60), ('negotiation', 0.75), ('committed', 0.90)),
open AS (
  SELECT d.*, CASE d.currency WHEN 'EUR' THEN d.amount WHEN 'USD' THEN round(d.amount * 0.8734567891, 2) END AS value,
    p.share FROM dealreg_deal d JOIN probability p ON p.stage = d.pipeline_stage
  WHERE d.status = 'approved' AND d.tenant_id = %(tenant)s),
deals AS (SELECT *, round(value * share, 2) AS weighted FROM open)
"""

PIVOTS = {
    "partner": ("p.name", "JOIN partners_partner p ON p.id = d.partner_id"),
    "region": ("coalesce(t.name, 'No region')", "LEFT JOIN reference_territory t ON t.id = d.territory_id"),
    "cam": ("coalesce(m.name, 'Nobody')", "LEFT JOIN identity_membership m ON m.id = d.owner_cam_id"),
    "stage": ("initcap(d.pipeline_stage)", ""),
}


@pytest.fixture
def past(superuser: Any) -> Any:
    """The deals, one probability of the vendor's own, and a way to ask PostgreSQL about them."""
    live(MANY)
    with vendor():
        StageProbability.objects.create(stage="proposal", probability=Decimal("0.6"))

    def ask(sql: str, **given: Any) -> list[tuple[Any, ...]]:
        with superuser.cursor() as cursor:
            cursor.execute(sql, {"tenant": str(acme.id), **given})
            return list(cursor.fetchall())

    return ask


def page_of(path: str, who: Any = olivia) -> Any:
    answer = client_of(who).get(path)
    assert answer.status_code == 200
    return answer.context


def three(one: Any) -> tuple[int, Decimal, Decimal]:
    return one.deals, one.worth, one.likely


class TestTheForecast:
    def test_by_month_is_what_sql_says(self, past):
        for by, (name, join) in PIVOTS.items():
            page = page_of(f"{PIPELINE}?by={by}&months=12")["page"]

            shown = {(row.label, slot): three(cell) for row in page.rows for slot, cell in row.slots.items()}
            rows = past(
                OPEN
                + f"""SELECT {name},
                  CASE WHEN expected_close_on < %(today)s THEN DATE '0001-01-01'
                       WHEN expected_close_on >= (date_trunc('month', %(today)s::date) + interval '12 months')::date
                       THEN DATE '9999-01-01' ELSE date_trunc('month', expected_close_on)::date END,
                  count(*), sum(value), sum(weighted) FROM deals d {join} WHERE value IS NOT NULL GROUP BY 1, 2""",
                today=page.today,
            )
            assert shown == {(label, slot): (n, w, w2) for label, slot, n, w, w2 in rows}
        ((n, worth, likely),) = past(
            OPEN + "SELECT count(*), sum(value), sum(weighted) FROM deals WHERE value IS NOT NULL"
        )
        assert three(page.total) == (n, worth, likely)
        assert n and likely != worth

    def test_by_product_line_shares_every_deal_out_to_the_cent(self, past):
        page = page_of(f"{PIPELINE}?by=line")["page"]

        rows = past(
            OPEN
            + """, cut AS (
              SELECT d.id, l.product_line_id, value, weighted,
                bool_and(coalesce(l.amount, 0) > 0) OVER deal AS priced, sum(l.amount) OVER deal AS priced_sum,
                count(*) OVER deal AS n,
                sum(l.amount) OVER upto AS amount_upto, row_number() OVER upto AS place, l.amount AS own
              FROM deals d JOIN dealreg_dealline l ON l.deal_id = d.id WHERE value IS NOT NULL
              WINDOW deal AS (PARTITION BY d.id), upto AS (PARTITION BY d.id ORDER BY l.product_line_id)),
            ends AS (SELECT *,
              CASE WHEN priced THEN amount_upto / priced_sum ELSE place::numeric / n END AS till,
              CASE WHEN priced THEN (amount_upto - own) / priced_sum ELSE (place - 1)::numeric / n END AS since
              FROM cut)
            SELECT r.name, count(*), sum(round(value * till, 2) - round(value * since, 2)),
              sum(round(weighted * till, 2) - round(weighted * since, 2))
            FROM ends JOIN reference_productline r ON r.id = product_line_id GROUP BY 1"""
        )
        assert {row.label: three(row.total) for row in page.rows} == {name: (n, v, w) for name, n, v, w in rows}
        ((n, worth, likely),) = past(
            OPEN + "SELECT count(*), sum(value), sum(weighted) FROM deals WHERE value IS NOT NULL"
        )
        assert three(page.total) == (n, worth, likely)

    def test_tells_a_currency_without_a_rate_instead_of_guessing(self, past):
        context = page_of(PIPELINE)
        ((n, amount),) = past(OPEN + "SELECT count(*), sum(amount) FROM deals WHERE value IS NULL AND currency = 'CHF'")

        ((code, deals, told, url),) = context["page"].unknown
        assert (code, deals, told) == ("CHF", n, amount) and n
        assert page_of(url)["list"].count == n

    @pytest.mark.parametrize("by", ["region", "line"])
    def test_leads_from_every_figure_to_its_deals(self, past, by):
        page = page_of(f"{PIPELINE}?by={by}")["page"]

        row = page.rows[-1]
        for cell in (page.total, *page.columns[::3], row.total, *row.cells[::3]):
            if cell.deals:
                behind = page_of(cell.url)
                sums = behind["sums"]
                assert (sums["deals"], sums["worth_sum"], sums["likely_sum"]) == three(cell), cell.url
                assert behind["list"].count == cell.deals

    def test_keeps_its_filters_on_the_way_to_the_deals(self, past):
        query = f"partner={birch.id}&stage=proposal&close=next30"
        page = page_of(f"{PIPELINE}?{query}")["page"]
        ((n, worth),) = past(
            OPEN
            + """SELECT count(*), coalesce(sum(value), 0) FROM deals WHERE value IS NOT NULL
              AND partner_id = %(partner)s AND pipeline_stage = 'proposal'
              AND expected_close_on BETWEEN %(today)s AND %(today)s + 30""",
            partner=str(birch.id),
            today=page.today,
        )
        assert (page.total.deals, page.total.worth) == (n, worth)
        if page.total.deals:
            column = next(one for one in page.columns if one.deals)
            assert page_of(column.url)["sums"]["deals"] == column.deals

    def test_of_the_board_counts_every_stage_and_shows_the_largest(self, past):
        stages = page_of(f"{PIPELINE}board/")["page"].stages

        rows = past(OPEN + "SELECT pipeline_stage, count(*), sum(value), max(value) FROM deals GROUP BY 1")
        found = {str(PipelineStage(key).label): (n, v, top) for key, n, v, top in rows}
        shown = {str(one["label"]): (one["sum"].deals, one["sum"].worth, one["deals"][0].worth) for one in stages}
        assert shown == found
        assert all(one["more"] == max(0, one["sum"].deals - 8) for one in stages)

    def test_of_a_partner_is_its_own(self, past):
        page = page_of("/portal/pipeline/?by=stage", bo)["page"]

        ((n, worth, likely),) = past(
            OPEN
            + "SELECT count(*), sum(value), sum(weighted) FROM deals WHERE value IS NOT NULL AND partner_id = %(p)s",
            p=str(birch.id),
        )
        assert three(page.total) == (n, worth, likely)
        assert page_of(page.total.url, bo)["list"].count == n
        html = client_of(bo).get("/portal/pipeline/board/").content.decode()
        assert "Cedar" not in html and "Channel manager" not in html
        assert page_of("/portal/pipeline/", zed)["page"].total.deals == 0
        assert page_of(PIPELINE, zoe)["page"].total.deals == 0

    def test_is_taken_along_as_a_file(self, past):
        page = page_of(f"{PIPELINE}?by=region")["page"]
        rows = exported(client_of(olivia), f"{PIPELINE}?by=region")
        assert len(rows) == len(page.rows) + 2
        assert Decimal(rows[-1][-4]) == page.total.likely and rows[-1][-2:] == [str(page.total.deals), "EUR"]

    def test_asked_for_with_nonsense_still_answers(self):
        live(5)
        browser = client_of(aud)
        queries = (
            "by=x&months=99&figure=y&page=-1&line=x&region=none&cam=none",
            "page=999999999999&partner=' OR 1=1&stage=x&age=x&outcome=x",
            "page=%C2%B2&close_from=9999-12-31&close_to=0001-01-01&submitted_at_from=0001-01-01",
            "rate=unknown&submitted_at_to=9999-12-31&lapsing=99",
        )
        for path in (PIPELINE, f"{PIPELINE}board/", f"{PIPELINE}deals/", OUTCOMES, AGEING, LAPSING):
            for query in queries:
                assert browser.get(f"{path}?{query}").status_code == 200, f"{path}?{query}"


COHORTS = {
    "month": "to_char(date_trunc('month', submitted_at AT TIME ZONE 'Europe/Berlin'), 'Mon YYYY')",
    "partner": "(SELECT name FROM partners_partner p WHERE p.id = partner_id)",
    "region": "coalesce((SELECT name FROM reference_territory t WHERE t.id = territory_id), 'No region')",
}


class TestOutcomes:
    def test_are_what_sql_says(self, past):
        for by, name in COHORTS.items():
            page = page_of(f"{OUTCOMES}?by={by}")["page"]

            rows = past(
                f"""SELECT {name}, count(*), count(decided_at),
                  count(*) FILTER (WHERE decided_at IS NOT NULL AND status <> 'rejected'),
                  count(*) FILTER (WHERE status = 'rejected'), count(*) FILTER (WHERE status = 'won'),
                  count(*) FILTER (WHERE EXISTS (SELECT FROM dealreg_dealassessment a
                    WHERE a.deal_id = d.id AND a.outcome = 'conflict')),
                  extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY decided_at - submitted_at)),
                  extract(epoch FROM percentile_cont(0.95) WITHIN GROUP (ORDER BY decided_at - submitted_at))
                FROM dealreg_deal d WHERE tenant_id = %(tenant)s AND submitted_at IS NOT NULL
                  AND (submitted_at AT TIME ZONE 'Europe/Berlin')::date BETWEEN %(first)s AND %(last)s GROUP BY 1""",
                first=page.first,
                last=page.last,
            )
            shown = {
                line.label.replace("Sept", "Sep"): (
                    line.registered, line.decided, line.approved, line.rejected, line.won, line.conflicts,
                    _seconds(line.median), _seconds(line.p95),
                )
                for line in page.lines
            }  # fmt: skip
            assert shown == {row[0]: (*row[1:7], _rounded(row[7]), _rounded(row[8])) for row in rows}
            assert page.total.registered == sum(row[1] for row in rows) > 20

    def test_lead_from_every_count_to_its_deals(self, past):
        for by in ("month", "cam"):
            context = page_of(f"{OUTCOMES}?by={by}")
            for row in (context["page"].foot, context["page"].shown[-1]):
                line = row["line"]
                for name, count in (("registered", line.registered), ("approved", line.approved), ("won", line.won),
                                    ("rejected", line.rejected), ("conflict", line.conflicts)):  # fmt: skip
                    assert page_of(row[name])["list"].count == count, row[name]

    def test_are_compared_with_the_same_number_of_days_before(self, past):
        page = page_of(f"{OUTCOMES}?submitted_at=90d")["page"]
        days = (page.last - page.first).days + 1
        ((n, decided, approved),) = past(
            """SELECT count(*), count(decided_at),
              count(*) FILTER (WHERE decided_at IS NOT NULL AND status <> 'rejected')
            FROM dealreg_deal WHERE tenant_id = %(tenant)s
              AND (submitted_at AT TIME ZONE 'Europe/Berlin')::date BETWEEN %(first)s AND %(last)s""",
            first=page.first - timedelta(days=days),
            last=page.first - timedelta(days=1),
        )
        assert (page.before.registered, page.before.decided, page.before.approved) == (n, decided, approved)
        assert page.trend("approval_rate") == pytest.approx(page.total.approval_rate - approved / decided)


def _seconds(wait: timedelta | None) -> int | None:
    return None if wait is None else round(wait.total_seconds())


def _rounded(seconds: Any) -> int | None:
    return None if seconds is None else round(float(seconds))


class TestAgeing:
    def test_is_what_sql_says_and_leads_to_its_deals_the_oldest_first(self, past):
        ageing = page_of(AGEING)["ageing"]
        with vendor() as now:
            pass
        rows = past(
            """SELECT status, width_bucket(extract(epoch FROM %(now)s - CASE status WHEN 'approved' THEN decided_at
                WHEN 'action_required' THEN changed_at ELSE submitted_at END) / 86400,
                ARRAY[1, 3, 7, 14, 30]::double precision[]), count(*)
            FROM dealreg_deal WHERE tenant_id = %(tenant)s
              AND status IN ('submitted', 'in_review', 'action_required', 'approved') GROUP BY 1, 2""",
            now=now,
        )
        shown = {
            (row.status, index): cell.count for row in ageing.rows for index, cell in enumerate(row.cells) if cell.count
        }
        assert shown == {(status, bucket): n for status, bucket, n in rows}
        cell = ageing.rows[1].cells[-1]
        behind = page_of(cell.url)["list"]
        assert behind.count == cell.count
        listed = [row.since for row in behind.list.slice.rows]
        assert listed == sorted(listed)


class TestLapsing:
    def test_is_what_sql_says_at_every_distance(self, past):
        context = page_of(LAPSING)
        for one in context["stretches"]:
            ((n, worth),) = past(
                OPEN
                + """SELECT count(*), coalesce(sum(value), 0) FROM deals
                  WHERE protected_until BETWEEN %(today)s AND %(today)s + %(days)s""",
                today=_today(),
                days=one["days"],
            )
            assert (one["all"], one["worth_sum"]) == (n, worth)
            assert page_of(one["url"])["list"].count == n
        assert [one["days"] for one in context["stretches"]] == [30, 14, 3]
        assert context["list"].count == context["stretches"][0]["all"]


def _today() -> Any:
    with vendor() as now:
        return local_date(now)


class TestTheApi:
    def test_gives_the_same_figures(self, past):
        secret = key_of(ada, "ops")
        page = page_of(f"{PIPELINE}?by=region")["page"]
        told = call(secret, "/api/v1/reports/forecast?by=region").json()
        assert told["total"] == {
            "deals": page.total.deals,
            "value": str(page.total.worth),
            "weighted": str(page.total.likely),
        }
        assert [row["name"] for row in told["rows"]] == [row.label for row in page.rows]
        assert told["without_rate"][0]["currency"] == "CHF"
        outcomes, figures = page_of(OUTCOMES)["page"], call(secret, "/api/v1/reports/outcomes").json()
        assert [row["won"] for row in figures["rows"]] == [line.won for line in outcomes.lines]
        assert figures["total"]["p95_hours"] == outcomes.total.p95_hours
        ages = call(secret, "/api/v1/reports/ageing").json()
        assert [row["deals"] for row in ages] == [row.total.count for row in page_of(AGEING)["ageing"].rows]
        assert [one["days"] for one in call(secret, "/api/v1/reports/lapsing").json()] == [30, 14, 3]

    def test_shows_a_partners_key_its_own_forecast_and_no_report_of_the_vendor(self, past):
        secret = key_of(bea, "seller")
        told = call(secret, "/api/v1/reports/forecast").json()
        with partner(birch):
            own = Deal.objects.filter(status="approved").exclude(currency="CHF").count()
        assert told["total"]["deals"] == own and told["by"] == "stage"
        assert call(secret, "/api/v1/reports/outcomes").status_code == 403


class TestTheProbabilities:
    def test_are_set_by_an_admin_and_weigh_at_once(self, past):
        before = page_of(PIPELINE)["page"].total.likely
        form = {"stage": "committed", "probability": "0.95"}
        assert client_of(ada).post("/admin/dealreg/stageprobability/add/", form).status_code == 302
        assert page_of(PIPELINE)["page"].total.likely > before
        assert client_of(cam).get("/admin/dealreg/stageprobability/").status_code in (302, 403)
        with vendor():
            assert StageProbability.objects.count() == 2

    @pytest.mark.parametrize("given", ["1.2", "-0.1", "x", ""])
    def test_are_shares(self, given):
        client_of(ada).post("/admin/dealreg/stageprobability/add/", {"stage": "committed", "probability": given})
        with vendor():
            assert not StageProbability.objects.exists()


class TestQueries:
    def test_are_as_few_for_ten_times_the_deals(self):
        pages = [
            (olivia, PIPELINE), (olivia, f"{PIPELINE}?by=line"), (olivia, f"{PIPELINE}board/"),
            (olivia, f"{PIPELINE}deals/"), (olivia, OUTCOMES), (olivia, f"{OUTCOMES}?by=partner"), (olivia, AGEING),
            (olivia, LAPSING), (bo, "/portal/pipeline/"), (bo, "/portal/pipeline/board/"),
            (olivia, "/console/exports/"),
        ]  # fmt: skip

        def counted() -> list[int]:
            found = []
            for who, path in pages:
                client = client_of(who)
                client.get(path)
                with CaptureQueriesContext(connection) as asked:
                    assert client.get(path).status_code == 200
                found.append(len(asked))
            return found

        live(9)  # of these some stand on every page
        few = counted()
        live(60, seed=2)
        many = counted()
        assert [more for more, less in zip(many, few, strict=True) if more > less] == []
        assert max(many) <= 25, dict(zip([path for _who, path in pages], many, strict=True))
