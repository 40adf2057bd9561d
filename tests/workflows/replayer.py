"""Reads an event log (OCEL 2.0, JSON) and nothing else: rebuilds the path of each run and says whether the tree of
its version allows it. Parallel branches may interleave."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOVES = ("waiting", "step", "branch", "arrived", "cancelled_branch")  # what says where a run went


@dataclass(frozen=True)
class Event:
    id: str
    kind: str
    block: str
    outcome: str


@dataclass(frozen=True)
class Replay:
    """One run: its version's tree, what it did, how it ended ("" while it is on its way)."""

    run: str
    tree: Mapping[str, Any]
    events: tuple[Event, ...]
    status: str


class DoesNotConform(AssertionError):
    """The version does not allow this path."""


def replays(log: Mapping[str, Any]) -> list[Replay]:
    """The runs of a log."""
    objects = {one["id"]: one for one in log["objects"]}
    trees = {
        name: json.loads(attributes(one)["tree"]) for name, one in objects.items() if one["type"] == "workflow version"
    }
    paths: dict[str, list[Event]] = defaultdict(list)
    for event in log["events"]:
        told = {one["name"]: one["value"] for one in event["attributes"]}
        run = next(one["objectId"] for one in event["relationships"] if one["qualifier"] == "run")
        paths[run].append(Event(event["id"], told["kind"], told.get("block", ""), told.get("outcome", "")))
    found = []
    for name, one in objects.items():
        if one["type"] == "run":
            version = next(r["objectId"] for r in one["relationships"] if r["qualifier"] == "follows")
            path = tuple(sorted(paths[name], key=lambda event: event.id))
            found.append(Replay(name, trees[version], path, attributes(one)["status"]))
    return found


def attributes(one: Mapping[str, Any]) -> dict[str, str]:
    return {attribute["name"]: attribute["value"] for attribute in one["attributes"]}


def conforms(replay: Replay) -> None:
    """Raises DoesNotConform."""
    kinds = [event.kind for event in replay.events]
    expect(kinds[:1] == ["started"], "a run begins with `started`")
    expect(kinds.count("started") == 1, "it begins once")
    ends = [kind for kind in kinds if kind in ("ended", "cancelled")]
    expect(ends == {"ended": ["ended"], "cancelled": ["cancelled"], "running": []}[replay.status], "it ends as it says")
    expect(replay.status != "ended" or kinds[-1] == "ended", "nothing happens after its end")
    known = set(identities(replay.tree["blocks"]))
    moves = [event for event in replay.events if event.kind in MOVES]
    expect({event.block for event in moves} <= known, "only blocks of its tree")
    over = chain(replay.tree["blocks"], moves)
    expect(replay.status != "ended" or over is not None, "a run that ended has come to an end of its tree")
    if replay.status == "ended":
        expect(over in (None, "", replay.events[-1].outcome) or over == "done", "it ends with its end's result")


def chain(items: Sequence[Mapping[str, Any]], events: Sequence[Event]) -> str | None:
    """Follow a list of blocks. Gives the result at an `end`, "" when it went through, None when it stopped on the
    way. Everything of a block happens before anything of the next."""
    rest = list(events)
    for index, item in enumerate(items):
        mine = set(identities([item]))
        inside = [event for event in rest if event.block in mine]
        later = set(identities(items[index + 1 :]))
        if inside:
            last = rest.index(inside[-1])
            expect(not any(event.block in later for event in rest[:last]), f"{item['id']} comes before what follows it")
        over = block(item, inside)
        if over is None:
            expect(not any(event.block in later for event in rest), f"nothing behind {item['id']}")
            return None
        if over != "":
            return over
    return ""


def block(item: Mapping[str, Any], events: Sequence[Event]) -> str | None:
    kind = item["type"]
    if kind == "end":
        return str(item.get("result") or "done")
    if kind == "branch":
        return branch(item, events)
    if kind == "parallel":
        return parallel(item, events)
    steps = [event for event in events if event.kind == "step"]
    expect(len(steps) <= 1, f"{item['id']} is done once")
    waits = [event for event in events if event.kind == "waiting"]
    if item["type"] == "approval" and steps:
        expect(bool(waits) and waits[0].id < steps[0].id, f"{item['id']} is asked before it is answered")
        allowed = {*(item.get("outcomes") or ("approve", "reject")), "skipped", "timed_out"}
        expect(steps[0].outcome in allowed, f"{item['id']} can't answer {steps[0].outcome}")
    return "" if steps else None


def branch(item: Mapping[str, Any], events: Sequence[Event]) -> str | None:
    taken = [event for event in events if event.kind == "branch" and event.block == item["id"]]
    if not taken:
        return None
    expect(len(taken) == 1, f"{item['id']} takes one way")
    ways = {case["id"]: case["blocks"] for case in item["cases"]} | {"otherwise": item.get("otherwise") or []}
    expect(taken[0].outcome in ways, f"{item['id']} has no way {taken[0].outcome}")
    here = set(identities(ways[taken[0].outcome]))
    others = [event for event in events if event.block != item["id"]]
    expect({event.block for event in others} <= here, f"{item['id']} takes no other way than {taken[0].outcome}")
    return chain(ways[taken[0].outcome], others)


def parallel(item: Mapping[str, Any], events: Sequence[Event]) -> str | None:
    """Each branch by itself is a path; as many as the join needs have arrived when it is over."""
    own = [event for event in events if event.block == item["id"]]
    arrived = {event.outcome for event in own if event.kind == "arrived"}
    dropped = {event.outcome for event in own if event.kind == "cancelled_branch"}
    for way in item["branches"]:
        inside = set(identities(way["blocks"]))
        over = chain(way["blocks"], [event for event in events if event.block in inside])
        if over not in (None, ""):
            return over  # an `end` inside ends the run
        expect((over == "") == (way["id"] in arrived) or way["id"] in dropped, f"{way['id']} arrives at its end")
    joined = [event for event in own if event.kind == "step"]
    if not joined:
        return None
    join, total = item.get("join", "all"), len(item["branches"])
    expect(len(arrived) >= {"all": total, "any": 1}.get(join, join), f"{item['id']} has its branches together")
    expect(arrived | dropped == {way["id"] for way in item["branches"]}, f"{item['id']} leaves no branch open")
    return ""


def identities(items: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for item in items:
        yield item["id"]
        for way in (*item.get("cases", ()), *item.get("branches", ())):
            yield from identities(way["blocks"])
        yield from identities(item.get("otherwise") or ())


def expect(holds: bool, rule: str) -> None:
    if not holds:
        raise DoesNotConform(rule)
