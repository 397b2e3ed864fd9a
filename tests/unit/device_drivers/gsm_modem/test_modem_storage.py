"""What is told of a modem's memories, over the order in which they were looked at."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest

from device_drivers.gsm_modem.answers import Failed
from device_drivers.gsm_modem.doubts import Doubt, Doubts
from device_drivers.gsm_modem.memories import Hint, Listing, Memories, Stored
from device_drivers.gsm_modem.settings import NotAsSetUp
from device_drivers.gsm_modem.sights import Sights
from device_drivers.gsm_modem.storage import Storage
from device_drivers.gsm_modem.tries import Tries

#: a report of delivery, which is decoded well
PDU = "07915155100199F9066A0B815155100199F1{:02X}112921100000112921100000006200"


@dataclass
class Lists(Memories):
    """A modem's memories by script: each list is answered with the next one."""

    lists: list[Listing] = field(default_factory=list)
    #: whether it deletes what it is to delete
    deletes: bool = True
    #: memories that it has lost its settings at
    upset: set[str] = field(default_factory=set)

    def list_all(self, memory: str) -> Listing:
        self.asked.append("list")
        if memory in self.upset:
            raise NotAsSetUp("it restarted")
        return self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]

    #: memories that it deletes from and lists in one line, and whether it refuses such a line all the same
    joins: frozenset[str] = frozenset()
    refuses: bool = False
    #: what it was asked
    asked: list[str] = field(default_factory=list)

    def may_join(self, memory: str) -> bool:
        return memory in self.joins

    def delete_and_list(self, memory: str, deleting: Iterable[Stored]) -> Listing:
        self.asked.append("delete and list " + " ".join(str(each.index) for each in deleting))
        if self.refuses:
            raise Failed("AT+CPMS", "ERROR", ())
        return self.list_all(memory)

    def read(self, memory: str, index: int) -> Stored | None:
        return next(iter(self.lists[0].at(index)), None)

    def delete(self, stored: Stored) -> list[Stored] | None:
        self.asked.append(f"delete {stored.index}")
        return [] if self.deletes else None


def stored(index: int) -> Stored:
    """Read just now."""
    return Stored("SM", index, PDU.format(index))


def listed(*found: Stored) -> Listing:
    return Listing(found, len(found), 50)


def storage(*lists: Listing, deletes: bool = True) -> Storage:
    looked_at = Storage(Lists(list(lists), deletes))
    looked_at.names = ("SM",)
    return looked_at


def forget(memories: Storage, *committed: Stored) -> None:
    """They are committed."""
    for each in committed:
        memories.errands.release(each.slot)
    memories.tend()


def test_what_came_after_a_look_is_not_told_as_gone() -> None:
    """The look is told after what was found later: that was forgotten, and received once more after a restart."""
    first, second = stored(1), stored(2)
    memories = storage(listed(first), listed(first, second))
    assert memories.sweep("SM") == [first]
    assert memories.look([Hint("SM", 2)]) == [second]
    for place, slots in memories.sights():
        assert (place, set(slots)) == ("SM:", {first.slot, second.slot})


def test_what_was_deleted_is_told_as_gone() -> None:
    first, second = stored(1), stored(2)
    memories = storage(listed(first, second))
    memories.sweep("SM")
    forget(memories, first)
    assert memories.sights() == [("SM:", (first.slot, second.slot)), (first.slot, ())]


def test_what_went_by_itself_is_told_as_gone() -> None:
    first, second = stored(1), stored(2)
    memories = storage(listed(first, second), listed(second))
    memories.sweep("SM")
    memories.sights()
    memories.sweep("SM")
    assert memories.sights() == [("SM:", (second.slot,))]


def test_two_that_lay_in_one_place_go_with_one_look() -> None:
    """The list left something out, so that the first one was not known to have gone; the device was opened anew."""
    first, second = stored(1), Stored("SM", 1, PDU.format(2))
    memories = storage(Listing((first,), 2, 50), Listing((second,), 2, 50), listed(), deletes=False)
    for each in (first, second):
        assert memories.sweep("SM") == [each]
        forget(memories, each)
    for tries in memories._deleting.values():
        tries.due = 0.0
    assert memories.retry() == []
    assert memories.due_at == float("inf")


@dataclass
class Interrupted(Tries):
    """While the loop looks at it, the modem's thread goes on with something else."""

    work: Callable[[], object] = lambda: None

    def __getattribute__(self, name: str) -> object:
        if name in {"due", "count"}:
            object.__getattribute__(self, "work")()
        return object.__getattribute__(self, name)


@pytest.mark.parametrize("told", ["due_at", "trouble"])
def test_what_is_told_while_the_modem_is_worked_with_is_no_mistake(told: str) -> None:
    """An SMS was deleted while the loop asked when the next deletion is due: the task that minds the modem ended."""
    first, second = stored(1), stored(2)
    memories = storage(listed(first, second), listed(second), deletes=False)
    memories.sweep("SM")
    forget(memories, first)
    memories._deleting[first.slot] = Interrupted(work=lambda: memories._deleting.setdefault(second.slot, Tries()))
    assert getattr(memories, told) in (0.0, "")


def test_when_to_read_again_is_told_while_something_else_is_read_badly() -> None:
    doubts = Doubts()
    doubts._doubts["SM", 1] = Doubt(tries=Interrupted(work=lambda: doubts.put_off(stored(2))))
    assert doubts.due_at == 0.0


def test_what_was_read_before_the_modem_turned_out_to_have_restarted_is_given_out_later() -> None:
    """It was known from then on, so that it was new no more, and nobody had got it."""
    first = stored(1)
    lists = Lists([listed(first)], upset={"ME"})
    memories = Storage(lists)
    memories.names = ("SM", "ME")
    with pytest.raises(NotAsSetUp):
        memories.look([Hint()])
    lists.upset.clear()
    lists.lists = [listed(first), listed()]
    assert memories.look([Hint("SM", 1)]) == [first]
    assert memories.look([Hint("SM", 1)]) == []


def joining(*lists: Listing, refuses: bool = False) -> tuple[Lists, Storage]:
    """A modem that has the first list read by now."""
    modem = Lists(list(lists), joins=frozenset({"SM"}), refuses=refuses)
    memories = Storage(modem)
    memories.names = ("SM",)
    memories.errands.announce([Hint("SM", 1)])
    memories.tend()
    memories.sights()
    modem.asked.clear()
    return modem, memories


def test_what_is_committed_is_deleted_with_the_question_for_what_arrived() -> None:
    """Each message's report cost a deletion and a list, between which the next message waited."""
    first, second = stored(1), stored(2)
    modem, memories = joining(listed(first), listed(second))
    memories.errands.release(first.slot)
    memories.errands.announce([Hint("SM", 2)])
    assert memories.tend() == [second]
    assert modem.asked == ["delete and list 1", "list"]
    assert memories.sights() == [("SM:", (second.slot,))], "what the memory holds says that the other one has gone"
    assert memories.due_at == float("inf")
    assert memories.tend() == []
    assert modem.asked == ["delete and list 1", "list"]


def test_what_a_list_does_not_prove_to_be_gone_is_kept() -> None:
    """The modem counts more than it lists: what is not listed may lie there."""
    first, second = stored(1), stored(2)
    _, memories = joining(listed(first), Listing((second,), 3, 50))
    memories.errands.announce([Hint("SM", 2)])
    forget(memories, first)
    assert first.slot not in dict(memories.sights())
    assert memories.due_at < float("inf")


def test_a_line_of_deletion_and_list_that_is_refused_is_asked_for_twice_and_no_more() -> None:
    first, second, third = stored(1), stored(2), stored(3)
    modem, memories = joining(listed(first, second, third), refuses=True)
    for each in (first, second, third):
        memories.errands.announce([Hint("SM", 9)])
        forget(memories, each)
        memories.moves.doubtful.clear()
    assert modem.asked == ["delete and list 1", "list", "delete and list 2", "list", "list", "delete 3"]


def test_several_are_deleted_from_the_last_one_on() -> None:
    """Some modems move up what lies behind a place that gets empty."""
    first, second, third = stored(1), stored(2), stored(3)
    modem, memories = joining(listed(first, second, third), listed())
    memories.errands.announce([Hint("SM", 4)])
    forget(memories, first, third, second)
    assert modem.asked == ["delete and list 3 2 1", "list"]


def test_what_was_announced_is_looked_for_again_where_reading_failed() -> None:
    first, second = stored(1), stored(2)
    modem, memories = joining(listed(first), listed(first, second))
    memories.errands.announce([Hint("SM", 2)])
    modem.upset.add("SM")
    with pytest.raises(NotAsSetUp):
        memories.tend()
    modem.upset.clear()
    assert memories.tend() == [second]


def test_nothing_is_deleted_with_a_list_that_shows_where_it_lies_by_now() -> None:
    """The list is asked for because a deletion moved up what lay behind: what lies in the old place is another SMS."""
    first, second = stored(1), stored(2)
    modem, memories = joining(listed(first, second), listed(first, second))
    memories.moves.doubtful.add("SM")
    forget(memories, second)
    assert modem.asked == ["list", "delete 2"]


def test_what_the_look_at_a_memory_says_of_a_place_in_it_is_told_once() -> None:
    sights = Sights()
    sights.note("SM:1:0a")
    sights.note("ME:1:0a")
    sights.note_memory("SM", ("SM:2:0b",))
    assert sights.take([]) == [("ME:1:0a", ()), ("SM:", ("SM:2:0b",))]


def test_that_an_sms_went_is_told_before_one_that_is_the_same_lies_in_its_place() -> None:
    """Both are named alike: the second one is new because the first one was seen to be gone."""
    sights = Sights()
    sights.note("SM:1:0a")
    sights.note_memory("SM", ("SM:1:0a",))
    assert sights.take([]) == [("SM:1:0a", ()), ("SM:", ("SM:1:0a",))]
