"""What a new vendor still has to set up. Each app registers steps that look at the real state."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Found:
    """How a step stands: whether it is done, and what there is, in words."""

    done: bool
    text: Text


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to set up. `look` reads the state; `url_name` (and a query) is where it is done."""

    key: str
    label: Text
    why: Text
    look: Callable[[], Found]
    url_name: str
    action: Text
    group: str = "program"
    order: int = 50
    optional: bool = False
    query: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """A step as it stands now."""

    step: Step
    done: bool
    text: Text
    url: str


steps: dict[str, Step] = {}


def register_step(step: Step) -> None:
    steps[step.key] = step


def standing() -> list[Standing]:
    """Every step in order, looked at now."""
    return [_stand(step) for step in sorted(steps.values(), key=lambda step: (step.order, step.key))]


def still_open() -> tuple[list[Standing], int]:
    """The steps that a vendor needs and has not done, and how many it needs in all."""
    needed = [one for one in standing() if not one.step.optional]
    return [one for one in needed if not one.done], len(needed)


def _stand(step: Step) -> Standing:
    found = step.look()
    try:
        url = reverse(step.url_name) + step.query
    except NoReverseMatch:
        url = ""
    return Standing(step, found.done, found.text, url)
