"""How long one press in the workflow designer takes, on the largest shipped workflow: 200 ms at most for 95 of 100.

`python -m bench.bench_designer` needs Chromium (or CHROMIUM=…). The gate is UI.md's for scripted interactions.
"""

import os
import sys

from bench import bench_pages as pages
from bench import designing


def main() -> int:
    if not (chromium := pages.chromium()):
        return 1
    from prm.embedded import ensure_started

    handle = ensure_started("bench")
    import django

    django.setup()
    pages.seeds.DATABASE = "prm_bench_designer"
    pages.seeds.own_database(handle)
    try:
        missed = measure(chromium)
    finally:
        pages.seeds.drop_database(handle)
    return 1 if missed else 0


def measure(chromium: str) -> list[str]:
    """Press again and again; gives the bars that were missed."""
    tenant = pages.seeds.a_vendor()
    with pages.site() as address, pages.browser(chromium) as chrome:
        missed = designing.measure(chrome, address, tenant, pages.opened, pages.signed_in)
    print(f"load while it ran (1, 5, 15 minutes): {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    print(f"bars missed: {', '.join(missed) or 'none'}")
    return missed


if __name__ == "__main__":
    sys.exit(main())
