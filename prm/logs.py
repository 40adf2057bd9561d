"""Log lines as JSON, each with tenant, request and cause where there is one; no line can forge another."""

import json
import logging
from typing import Any


class LineFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": record.getMessage(),
            **_where(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _where() -> dict[str, str]:
    from prm.kernel.tenancy.context import current, is_acting

    if not is_acting():
        return {}
    context = current()
    return {"tenant": str(context.tenant_id), "audience": context.audience}
