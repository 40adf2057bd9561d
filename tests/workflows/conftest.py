from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.cast import Vendor, acme


@pytest.fixture
def forward(superuser: Any) -> Callable[..., None]:
    """Move a vendor's clock: `forward(hours=3)`."""

    def move(of: Vendor = acme, **by: float) -> None:
        with superuser.cursor() as cursor:
            cursor.execute(
                "UPDATE tenancy_tenant SET clock_offset = clock_offset + %s WHERE id = %s",
                [timedelta(**by), str(of.id)],
            )

    return move
