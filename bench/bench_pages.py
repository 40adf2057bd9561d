"""The gates of every screen, on a seeded program: 50,000 deals and 2,000 exceptions beside two other vendors.

`python -m bench.bench_pages [--quick] [--times 5]` needs Chromium (or CHROMIUM=…). Each page is opened at
1366x768 and 390x844, light and dark, the median of five loads; decide-to-next is measured from the key to the
next exception's heading, a press in the designer (designing.py) until the page shows it. Beside the figures
stands this machine's commit rate.
"""

import argparse
import gzip
import os
import random
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from shutil import which
from socketserver import ThreadingMixIn
from threading import Thread
from time import perf_counter
from typing import Any
from uuid import UUID
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
os.environ.setdefault("PRM_EMBEDDED", "bench")

from bench import bench_conflict_check as seeds
from bench import designing

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SIZES = {"desk": {"width": 1366, "height": 768}, "phone": {"width": 390, "height": 844}}
LOOKS = [("desk", "light"), ("desk", "dark"), ("phone", "light"), ("phone", "dark")]
CONSOLE = (
    "/console/",
    "/console/queue/",
    "/console/deals/",
    "/console/customers/",
    "/console/partners/",
    "/console/deals/pipeline/",
    "/console/deals/pipeline/?by=line",
    "/console/deals/pipeline/board/",
    "/console/deals/pipeline/deals/",
    "/console/reports/deals/",
    "/console/reports/deals/ageing/",
    "/console/reports/deals/lapsing/",
)
PORTAL = ("/portal/", "/portal/deals/", "/portal/deals/new/", "/portal/pipeline/")
LCP, CLS, FIRST, WARM, REQUESTS, QUERIES, SCRIPTS, NEXT = 1000.0, 0.05, 200_000, 40_000, 15, 25, 80_000, 300.0
WATCH = """
window.__lcp = 0; window.__cls = 0;
new PerformanceObserver(list => { for (const e of list.getEntries()) window.__lcp = e.startTime })
  .observe({type: 'largest-contentful-paint', buffered: true});
new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput) window.__cls += e.value })
  .observe({type: 'layout-shift', buffered: true});
"""
READ = """() => {
  const all = ['navigation', 'resource'].flatMap(type => performance.getEntriesByType(type));
  return [window.__lcp, window.__cls, all.reduce((sum, e) => sum + e.transferSize, 0), all.length] }"""


def main() -> int:
    options = _options()
    if not (found := chromium()):
        return 1
    from prm.embedded import ensure_started

    handle = ensure_started("bench")
    import django

    django.setup()
    seeds.DATABASE = "prm_bench_pages"
    seeds.own_database(handle)
    try:
        missed = measure(found, options)
    finally:
        seeds.drop_database(handle)
    return 1 if missed else 0


def chromium() -> str:
    """Where the browser is; says what to do where there is none."""
    found = os.environ.get("CHROMIUM") or which("chromium") or ""
    if not found:
        print("There is no Chromium: install Debian's package `chromium`, or say where it is with CHROMIUM=…")
    return found


def measure(found: str, options: argparse.Namespace) -> list[str]:
    """Seed, open every page, print the figures; gives the gates that were missed."""
    tenant, staff, seller = program(2_000 if options.quick else 50_000, 100 if options.quick else 2_000)
    missed: list[str] = []
    with site() as address, browser(found) as chrome:
        for member, paths in ((staff, CONSOLE), (seller, PORTAL)):
            cookies = signed_in(member)
            for path in paths:
                missed += page(chrome, address, path, cookies, options.times)
        missed += designing.measure(chrome, address, tenant, opened, signed_in)
        missed += triage(chrome, address, signed_in(staff), 10 if options.quick else 40)
    missed += scripts()
    print(f"this machine: {seeds.commit_rate(tenant):,.0f} small commits a second")
    print(f"load while it ran (1, 5, 15 minutes): {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    print("every gate met" if not missed else f"MISSED: {'; '.join(missed)}")
    return missed


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="2,000 deals and 100 exceptions")
    parser.add_argument("--times", type=int, default=5)
    return parser.parse_args()


# --- the program ------------------------------------------------------------------------------


def program(deals: int, exceptions: int) -> tuple[UUID, Any, Any]:
    """A vendor with its deals and exceptions beside two smaller ones; one of its people and one of a partner."""
    from prm.demo.names import generate
    from prm.kernel.tenancy.context import acting

    seeds.DEALS = deals
    tenant = seeds.a_vendor()
    records = list(islice(generate(7, min(deals, 18_000)), deals))
    seeds.import_all(tenant, records)
    seeds.fill_with_deals(tenant, records)
    staff, seller = people(tenant)
    with acting(tenant=tenant, audience="vendor") as now:
        ask(exceptions, now)
    for number in (2, 3):
        neighbour(f"bench-{number}", records[:500])
    seeds.analyse()
    print(f"seeded: {deals:,} deals, {exceptions:,} exceptions")
    return tenant, staff, seller


def neighbour(slug: str, records: list[Any]) -> None:
    """Another vendor in the same tables."""
    from prm.kernel.tenancy.context import acting
    from prm.setup import configure_vendor, create_tenant

    other = create_tenant(slug=slug, name=slug, time_zone="Europe/Berlin", currency="EUR").pk
    with acting(tenant=other, audience="vendor") as now:
        configure_vendor(now=now)
        seeds.partners(now)
    seeds._known.clear()
    seeds.DEALS = 1_000
    seeds.import_all(other, records)
    seeds.fill_with_deals(other, records)


def people(tenant: UUID) -> tuple[Any, Any]:
    from partners.models import Partner
    from prm.kernel.identity.models import Membership, Person
    from prm.kernel.tenancy.context import acting

    ops = Person.objects.create(email="olivia@bench.example", name="Olivia")
    bo = Person.objects.create(email="bo@birch.example", name="Bo")
    with acting(tenant=tenant, audience="vendor"):
        partner = Partner.objects.order_by("name").first()
        return (
            Membership.objects.create(person_id=ops.pk, name="Olivia", email=ops.email, roles=["ops", "approver"]),
            Membership.objects.create(
                person_id=bo.pk, name="Bo", email=bo.email, roles=["seller", "partner_admin"], partner=partner
            ),
        )


def ask(count: int, now: Any) -> None:
    """So many questions of the published workflow about open deals, as its approval block leaves them."""
    from dealreg.models import Deal
    from prm.kernel.tenancy.ids import uuid7
    from workflows.models import HumanTask, Run, Work, WorkflowVersion

    version = WorkflowVersion.objects.select_related("workflow").get(
        status="published", workflow__key="deal-registration"
    )
    block = next(b for b in _approvals(version.tree["blocks"]) if b["assign"].get("kind") == "role")
    rng = random.Random(5)
    deals = list(Deal.objects.filter(status="submitted").select_related("partner").order_by("number")[:count])
    runs = [
        Run(
            workflow=version.workflow,
            version=version,
            event_id=uuid7(),
            subject_type="deal",
            subject_id=deal.pk,
            subject_name=deal.number,
            partner_id=deal.partner_id,
            started_at=now,
            context={"facts": {}, "steps": {}, "before": {}},
        )
        for deal in deals
    ]
    Run.objects.bulk_create(runs, batch_size=1000)
    works = [Work(run=run, block=block["id"], status="waiting", due_at=now) for run in runs]
    Work.objects.bulk_create(works, batch_size=1000)
    HumanTask.objects.bulk_create(
        [
            HumanTask(
                run=work.run,
                work_id=work.pk,
                block=block["id"],
                queue=block["queue"],
                title=str(block["title"]),
                outcomes=list(block.get("outcomes") or ("approve", "reject")),
                reasons=[{"key": "deal.rival_open", "text": "A possible rival has registered this customer."}],
                role="ops",
                subject_type="deal",
                subject_id=deal.pk,
                subject_name=f"{deal.number} · {deal.customer_name}",
                partner_id=deal.partner_id,
                partner_name=deal.partner.name,
                value=deal.amount_vendor,
                currency="EUR",
                due_at=now + seeds.timedelta(minutes=rng.randrange(30, 6_000)),
                opened_at=now,
            )
            for deal, work in zip(deals, works, strict=True)
        ],
        batch_size=1000,
    )


def _approvals(blocks: list[Any]) -> Iterator[Any]:
    for block in blocks:
        if block["type"] == "approval":
            yield block
        for case in (*(block.get("cases") or ()), *(block.get("branches") or ())):
            yield from _approvals(case.get("blocks") or [])
        yield from _approvals(block.get("otherwise") or [])


# --- the browser ------------------------------------------------------------------------------


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@contextmanager
def site() -> Iterator[str]:
    """The program as it is served, static files and all, by threads of this process on the bench's database."""
    from django.core.wsgi import get_wsgi_application

    server = _Server(("127.0.0.1", 0), _Quiet)
    server.set_app(get_wsgi_application())
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


@contextmanager
def browser(path: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chrome
        chrome.close()


def signed_in(member: Any) -> dict[str, str]:
    """The cookies of a browser in which the person is signed in and has chosen this membership."""
    from django.test import Client

    from prm.kernel.identity.models import Person

    client = Client()
    client.force_login(
        Person.objects.get(pk=member.person_id), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    session = client.session
    session["membership_id"] = str(member.pk)
    session.save()
    return {name: item.value for name, item in client.cookies.items()}


def page(chrome: Any, address: str, path: str, cookies: dict[str, str], times: int) -> list[str]:
    """Open one page in every look; prints its figures and gives the gates that it misses."""
    queries = statements(path, cookies)
    missed = [] if queries <= QUERIES else [f"{path}: {queries} queries"]
    for size, scheme in LOOKS:
        loads = [load(chrome, address, path, cookies, size, scheme) for _time in range(times)]
        lcp = statistics.median(first[0] for first, _warm in loads)
        cls = max(first[1] for first, _warm in loads)
        first_bytes, requests = loads[0][0][2], loads[0][0][3]
        warm_bytes = loads[0][1][2]
        print(
            f"{path:22} {size:5} {scheme:5} LCP {lcp:4.0f} ms  CLS {cls:.3f}  first {first_bytes / 1000:4.0f} kB"
            f"  warm {warm_bytes / 1000:3.0f} kB  {requests:2} requests  {queries:2} queries"
        )
        where = f"{path} {size} {scheme}"
        missed += [f"{where}: LCP {lcp:.0f} ms"] if size == "desk" and lcp > LCP else []
        missed += [f"{where}: CLS {cls:.3f}"] if cls > CLS else []
        missed += [f"{where}: {first_bytes} bytes at first"] if first_bytes > FIRST else []
        missed += [f"{where}: {warm_bytes} bytes when warm"] if warm_bytes > WARM else []
        missed += [f"{where}: {requests} requests"] if requests > REQUESTS else []
    return missed


def load(chrome: Any, address: str, path: str, cookies: dict[str, str], size: str, scheme: str) -> tuple[Any, Any]:
    """One first load and one warm one: LCP in ms, CLS, bytes over the wire, requests."""
    context = opened(chrome, address, cookies, size, scheme)
    tab = context.new_page()
    tab.add_init_script(WATCH)
    told = []
    for _visit in ("first", "warm"):
        tab.goto(address + path, wait_until="networkidle")
        tab.wait_for_timeout(150)
        told.append(tab.evaluate(READ))
    context.close()
    return told[0], told[1]


def opened(chrome: Any, address: str, cookies: dict[str, str], size: str, scheme: str) -> Any:
    context = chrome.new_context(viewport=SIZES[size], color_scheme=scheme)
    context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies.items()])
    return context


def statements(path: str, cookies: dict[str, str]) -> int:
    """How many SQL statements the page takes, once the process is warm."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    for name, value in cookies.items():
        client.cookies[name] = value
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200, path
    return len(captured)


def triage(chrome: Any, address: str, cookies: dict[str, str], count: int) -> list[str]:
    """Press 1 again and again; the time from each key to the next exception's heading."""
    context = opened(chrome, address, cookies, "desk", "light")
    tab = context.new_page()
    tab.goto(f"{address}/console/queue/", wait_until="networkidle")
    took = []
    for _decision in range(count):
        heading = tab.locator(".queue-title h2").first.inner_text()
        began = perf_counter()
        tab.keyboard.press("1")
        tab.wait_for_function(
            "was => { const h = document.querySelector('.queue-title h2'); return h && h.innerText !== was }",
            arg=heading,
            polling="raf",
            timeout=20_000,
        )
        took.append((perf_counter() - began) * 1000)
        tab.wait_for_timeout(100)
    context.close()
    took.sort()
    p50, p95 = took[len(took) // 2], took[int(len(took) * 0.95)]
    print(f"decide to next: p50 {p50:.0f} ms, p95 {p95:.0f} ms ({count} decisions)")
    return [f"decide to next p95 {p95:.0f} ms"] if p95 > NEXT else []


def scripts() -> list[str]:
    """JavaScript, gzipped, that a page may load; the designer's own is apart."""
    from django.conf import settings

    found = [path for path in Path(settings.STATICFILES_DIRS[0]).rglob("*.js") if "designer" not in str(path)]
    size = sum(len(gzip.compress(path.read_bytes())) for path in found)
    print(f"JavaScript of our own and vendored, gzipped, all files: {size / 1000:.0f} kB")
    return [f"JavaScript {size} bytes"] if size > SCRIPTS else []


if __name__ == "__main__":
    sys.exit(main())
