"""What a person is told of memories that fill up."""

from collections.abc import Iterable, Mapping

#: deletions that failed before somebody is told
TOLD_AFTER = 2
#: a memory with so much of it used is worth a word
NEARLY_FULL = 0.8


def describe(stuck: Iterable[str], fill: Mapping[str, tuple[int, int]], announced_full: bool) -> str:
    """A sentence about problems of the memories; "" without any.

    `stuck`: slots that are not deleted; `fill`: memory → used and total; `announced_full`: the modem said so itself.
    """
    if names := " and ".join(sorted({slot.partition(":")[0] or "its memory" for slot in stuck})):
        return f"The modem does not delete SMS from {names}: when that is full, nothing more can be received."
    full = [f"{name} holds {used} of {total}" for name, (used, total) in fill.items() if total and used >= total]
    if full or announced_full:
        how = full[0] if full else "as the modem says"
        return f"The memory for SMS is full ({how}): it is emptied as messages are committed."
    nearly = [name for name, (used, total) in fill.items() if total and used >= NEARLY_FULL * total]
    return f"The memory for SMS is nearly full ({', '.join(nearly)})." if nearly else ""
