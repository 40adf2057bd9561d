"""An export as a person gets it: asked for on a page, written by the worker, fetched by its link."""

import csv
from io import BytesIO, StringIO
from typing import Any

from django.test import Client
from openpyxl import load_workbook

from prm.kernel.ui.exports import work
from tests.world import logged_in_as


def ask(browser: Client, address: str, kind: str = "csv") -> str:
    """Ask for a page's table; gives the page of the exports."""
    home = "/portal/exports/" if address.startswith("/portal/") else "/console/exports/"
    answer = browser.post(home, {"address": address, "format": kind})
    assert answer.status_code == 302, answer.status_code
    return str(answer["Location"])


def written() -> int:
    """A worker passes by."""
    with logged_in_as("worker"):
        return work.write_due()


def fetched(browser: Client, home: str) -> bytes:
    """The newest file of the page."""
    links = [one["url"] for one in browser.get(home).context["rows"] if one["url"]]
    answer: Any = browser.get(links[0])
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def exported(browser: Client, address: str) -> list[list[str]]:
    """The rows of the CSV file, its head first."""
    home = ask(browser, address)
    assert written() == 1
    return list(csv.reader(StringIO(fetched(browser, home).decode("utf-8-sig"))))


def exported_xlsx(browser: Client, address: str) -> Any:
    """The one sheet of the XLSX file."""
    home = ask(browser, address, "xlsx")
    assert written() == 1
    return load_workbook(BytesIO(fetched(browser, home))).active
