"""Judges the rows of a batch: numbers, texts, duplicates. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from bridge.errors import BadRequest
from bridge.messages.phone_numbers import normalise
from bridge.model.batch import Plan, Row, RowState, Table

#: what a column with numbers may be called, in small letters
_NUMBERS = re.compile(
    r"number|phone|mobile|cell|tel|msisdn|recipient|^to$|gsm|handy|portable|móvil|手机|电话|号码", re.IGNORECASE
)
_PLACE = re.compile(r"\{([^{}\n]{1,100})\}")
#: rows that are looked at to find the column with the numbers
_LOOKED_AT = 50
#: a number, a text and how many parts it needs; raises BadRequest for what cannot be sent
Parts = Callable[[str, str], int]


def number_column(table: Table, country: str) -> str:
    """The column that looks most like numbers, by its cells and then by its name; "" when none does."""
    rows = table.rows[:_LOOKED_AT]
    scores = []
    for place, name in enumerate(table.columns):
        good = sum(_is_number(cells[place], country) for _, cells in rows)
        scores.append((good + len(rows) * bool(_NUMBERS.search(name)), good, -place, name))
    best = max(scores)
    return best[3] if best[1] * 2 >= len(rows) or _NUMBERS.search(best[3]) else ""


def _is_number(written: str, country: str) -> bool:
    try:
        return len(normalise(written, country)) >= 8
    except BadRequest:
        return False


def places(text: str) -> tuple[str, ...]:
    """The names of the places in a text, in order, without repeats."""
    return tuple(dict.fromkeys(name.strip() for name in _PLACE.findall(text)))


def check(plan: Plan, columns: Sequence[str]) -> None:
    """Raises BadRequest for a column or a place that there is not."""
    known = {name.casefold() for name in columns}
    listed = ", ".join(columns)
    if plan.number_column and plan.number_column not in columns:
        raise BadRequest(f"there is no column {plan.number_column!r}; there are: {listed}", "number_column")
    for name in places(plan.text):
        if name.casefold() not in known:
            raise BadRequest(
                f"the text has a place {{{name}}}, and no column is called so; there are: {listed}", "text"
            )


def rendered(text: str, columns: Sequence[str], cells: Sequence[str]) -> str:
    """The text of a row; in one pass, so that a value with braces in it stays what it is."""
    values = {name.casefold(): cell for name, cell in zip(columns, cells, strict=False)}
    return _PLACE.sub(lambda place: values.get(place[1].strip().casefold(), place[0]), text)


def judge(
    rows: Iterable[Row], plan: Plan, columns: Sequence[str], country: str, parts_of: Parts, first: dict[str, int]
) -> Iterator[Row]:
    """Each row with what is to become of it; `first` remembers the row of each number from call to call."""
    place = columns.index(plan.number_column) if plan.number_column else -1
    for row in rows:
        yield _judged(row, plan, columns, place, country, parts_of, first)


def _judged(
    row: Row, plan: Plan, columns: Sequence[str], place: int, country: str, parts_of: Parts, first: dict[str, int]
) -> Row:
    plain = replace(row, state=RowState.BAD, number="", parts=0, problem="")
    if place < 0:
        return replace(plain, problem="say which column has the numbers")
    try:
        number = normalise(row.cells[place], country)
        parts = parts_of(number, rendered(plan.text, columns, row.cells)) if plan.text else 0
    except BadRequest as error:
        return replace(plain, problem=error.message)
    if first.setdefault(number, row.row) != row.row:
        problem = f"row {first[number]} has the same number"
        return replace(plain, state=RowState.DUPLICATE, number=number, problem=problem)
    return replace(plain, state=RowState.OK, number=number, parts=parts)


def without(rows: Iterable[Row], stopped: Mapping[str, str]) -> Iterator[Row]:
    """The rows, those to suppressed numbers marked as such; number → why nothing is sent to it."""
    for row in rows:
        if row.state is RowState.OK and row.number in stopped:
            yield replace(row, state=RowState.SUPPRESSED, parts=0, problem=stopped[row.number])
        else:
            yield row
