"""No task runs without saying for whom: a sweeper takes no arguments, another its tenant from the headers."""

import pytest

from prm.celery import PlatformTask, TenantTask, app
from prm.kernel.tenancy.context import NoTenant, current

app.loader.import_default_modules()
OURS = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


@pytest.mark.pure
@pytest.mark.parametrize("name", sorted(OURS))
class TestATask:
    def test_is_a_sweeper_or_belongs_to_a_tenant(self, name):
        assert isinstance(OURS[name], (PlatformTask, TenantTask))

    def test_refuses_what_it_must_not_be_given(self, name):
        task = OURS[name]
        if isinstance(task, PlatformTask):
            with pytest.raises(TypeError, match="takes no arguments"):
                task("somebody's data")
        else:
            with pytest.raises(NoTenant):
                task()


@pytest.mark.pure
def test_there_are_tasks_to_try():
    assert len(OURS) >= 4


@app.task(name="tests.who_am_i")
def who_am_i() -> str:
    return current().audience


class TestATenantsTask:
    def test_enters_the_tenant_of_its_headers(self, as_worker):
        from tests.cast import acme

        answer = who_am_i.apply(headers={"tenant": str(acme.id), "audience": "vendor"})

        assert answer.get() == "vendor"
