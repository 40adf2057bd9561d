"""One event walked over a tree, with nothing but what is known of it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.workflows.past import heavy_first
from tests.workflows.things import KEEP, TELL, THROW, WEIGH, approval, tree
from workflows.definition import program
from workflows.replay import Around, Queue, walk_event

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def walked(*blocks: dict[str, Any], facts: dict[str, Any] | None = None, around: Around | None = None, **head: Any):
    around = around or Around(NOW + timedelta(days=365))
    return walk_event(program(tree(*blocks, **head)), facts or {}, at=NOW, around=around)


class TestAWalkOverNothingButFacts:
    def test_follows_the_branch_that_its_facts_lead_to(self):
        over_ten = {"field": "thing.weight", "operator": ">", "value": "10"}
        blocks = (heavy_first(THROW, {"id": "e", "type": "end", "result": "thrown"}, when=over_ten), TELL)
        assert walked(*blocks, facts={"thing.weight": "40"}).decision == "thrown"
        light = walked(*blocks, facts={"thing.weight": "4"})
        assert (light.decision, light.way) == ("done", [("which", "otherwise"), ("keep", "done"), ("tell", "sent")])

    def test_says_that_it_would_not_have_started(self):
        heavy = {"field": "thing.weight", "operator": ">", "value": "10"}
        path = walked(KEEP, trigger={"event": "test.thing.found", "when": heavy}, facts={"thing.weight": "3"})
        assert path.decision == "not_started"

    def test_ends_as_unknown_where_a_branch_asks_for_an_answer_that_nobody_has(self):
        path = walked(WEIGH, heavy_first(THROW))
        assert (path.decision, path.why) == ("unknown", "steps.weight")

    def test_goes_on_over_an_unknown_answer_that_no_way_depends_on(self):
        either = {
            "combinator": "or",
            "rules": [
                {"field": "steps.weight", "operator": "=", "value": "heavy"},
                {"field": "steps.weight", "operator": "=", "value": "light"},
            ],
        }
        assert walked(WEIGH, heavy_first(THROW, when=either)).way[-1] == ("throw", "done")

    def test_calls_a_fact_unknown_that_the_event_of_that_time_did_not_have(self):
        new = {"field": "thing.keep_until", "operator": "is_empty"}
        path = walked(heavy_first(THROW, when=new), facts={"thing.weight": "3"})
        assert (path.decision, path.why) == ("unknown", "thing.keep_until")

    def test_people_answer_as_they_mostly_do_and_it_is_marked(self):
        queues = {"things": Queue(Counter(approve=3, reject=1), timedelta(hours=2))}
        path = walked(approval(), around=Around(NOW + timedelta(days=1), queues))
        assert [(stop.value, stop.source) for stop in path.stops] == [("approve", "assumed")]
        assert path.asked[0].until == NOW + timedelta(hours=2)

    def test_a_question_that_people_could_not_have_answered_yet_stays_open(self):
        queues = {"things": Queue(Counter(approve=3), timedelta(hours=2))}
        path = walked(approval(), around=Around(NOW + timedelta(hours=1), queues))
        assert (path.decision, path.asked[0].until) == ("waiting", None)

    def test_nobody_ever_answered_in_that_queue(self):
        approved = {"field": "steps.review", "operator": "=", "value": "approve"}
        assert walked(approval(), heavy_first(THROW, when=approved)).decision == "unknown"

    def test_waits_take_their_time_and_promises_count_it(self):
        clock = {"id": "c", "type": "sla_start", "clock": "answer", "minutes": 60}
        stop = {"id": "s", "type": "sla_stop", "clock": "answer"}
        short = walked(clock, {"id": "w", "type": "wait", "minutes": 50}, stop)
        long = walked(clock, {"id": "w", "type": "wait", "minutes": 70}, stop)
        assert (short.promises, long.promises) == ({"answer": "in_time"}, {"answer": "late"})

    def test_a_fact_of_a_wrong_type_is_a_broken_walk_and_no_error(self):
        over = {"field": "thing.weight", "operator": ">", "value": "1"}
        assert walked(heavy_first(THROW, when=over), facts={"thing.weight": "many"}).decision == "broken"

    def test_an_answer_of_its_own_is_given_for_its_reasons_alone(self):
        cheap = {"field": "thing.price", "operator": "<=", "value": "100"}
        answer = {"reasons": ["task.asked"], "when": cheap, "outcome": "approve"}
        again = {**approval(answers=[answer]), "id": "again", "save_as": "again"}
        path = walked(approval(answers=[answer]), again, facts={"thing.price": "50.00"})
        assert path.way == [("review", "approve"), ("again", "unknown")]
        assert [one.block for one in path.asked] == ["again"]
        assert walked(approval(answers=[answer]), facts={"thing.price": "500.00"}).asked
