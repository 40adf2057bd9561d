"""Replay: a draft walked over the events that really happened, purely (docs/replay.md)."""

from workflows.replay.path import Around, Path, Queue, Rulings, change_between
from workflows.replay.recorded import Recorded, recorded_of
from workflows.replay.walking import walk_event

__all__ = ["Around", "Path", "Queue", "Recorded", "Rulings", "change_between", "recorded_of", "walk_event"]
