"""/v1/batches: files that are sent, a text with places for each row."""

import asyncio
from collections.abc import Sequence
from typing import Any

from api.dialects.native import serializers, validators
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer, answer, nothing
from bridge.messages import csv_text, segmentation
from bridge.model.batch import Batch, RowResult, RowState

#: bytes of a file
LARGEST = 16 * 1024 * 1024
#: rows that are looked at to show what a column holds
SAMPLES = 3
#: messages a minute; no line is faster
MOST_A_MINUTE = 100_000
NEW = {"name": validators.short(200, least=1)}
LIST = validators.listing()
ROWS = validators.listing(state=validators.choice(RowState))
RESULT = {"state": validators.choice(RowState)}
CHANGE = {
    "name": validators.short(200, least=1),
    "number_column": validators.short(200),
    "text": validators.short(10_000),
    "country": validators.short(2),
    "line": validators.short(100),
    "not_before": validators.moment,
    "per_minute": validators.number(0, MOST_A_MINUTE),
    "tag": validators.short(256),
}
START = {"again": validators.flag}
_HEADING = ("row", "number", "state", "problem", "message", "sent_at", "delivered_at")


async def add(call: Call) -> Answer:
    """Make a draft of a CSV or XLSX file."""
    raw = await call.file(LARGEST)
    made = await call.gateway.batches.add(call.who, call.account, call.query.get("name", "file"), raw)
    return answer(await _shape(call, made), 201, {"Location": f"{call.prefix}/v1/batches/{made.id}"})


async def find(call: Call) -> Answer:
    """List batches, newest first."""
    page = await call.gateway.batches.find(call.account, call.query.get("limit", 100), call.query.get("cursor", ""))
    rows = [await _shape(call, row, samples=False) for row in page.rows]
    return answer({"batches": rows, "cursor": page.cursor or None})


async def show(call: Call) -> Answer:
    """Show a batch with its progress."""
    return answer(await _shape(call, await call.gateway.batches.get(call.account, call.id)))


async def change(call: Call) -> Answer:
    """Change a draft; its rows are looked at again."""
    asked: dict[str, Any] = await call.fields(CHANGE)
    return answer(await _shape(call, await call.gateway.batches.change(call.account, call.id, asked)))


async def start(call: Call) -> Answer:
    """Begin to send."""
    asked = await call.fields(START)
    moved = await call.gateway.batches.start(call.who, call.account, call.id, asked.get("again", False))
    return answer(await _shape(call, moved))


async def pause(call: Call) -> Answer:
    """Accept no more rows for now."""
    return answer(await _shape(call, await call.gateway.batches.pause(call.who, call.account, call.id)))


async def resume(call: Call) -> Answer:
    """Go on."""
    return answer(await _shape(call, await call.gateway.batches.resume(call.who, call.account, call.id)))


async def cancel(call: Call) -> Answer:
    """Accept no more rows, and take back what waits."""
    return answer(await _shape(call, await call.gateway.batches.cancel(call.who, call.account, call.id)))


async def remove(call: Call) -> Answer:
    """Delete a batch with its rows; messages stay."""
    await call.gateway.batches.remove(call.who, call.account, call.id)
    return nothing()


async def rows(call: Call) -> Answer:
    """List rows in the order of the file, each with the text that it gets."""
    batch = await call.gateway.batches.get(call.account, call.id)
    after, limit = validators.digits(0, 1 << 40)(call.query.get("cursor", "0")), call.query.get("limit", 100)
    found = await call.gateway.batches.rows(call.account, call.id, call.query.get("state"), after, limit + 1)
    cursor = str(found[limit - 1].row.row) if len(found) > limit else None
    return answer({"rows": [_row(call, batch, each) for each in found[:limit]], "cursor": cursor})


async def result(call: Call) -> Answer:
    """Write what became of every row as CSV."""
    batch = await call.gateway.batches.get(call.account, call.id)
    lines: list[Sequence[str]] = []
    after, state = 0, call.query.get("state")
    while found := await call.gateway.batches.rows(call.account, call.id, state, after, validators.MAX_LIMIT):
        lines += [_line(each) for each in found]
        after = found[-1].row.row
    text = await asyncio.to_thread(csv_text.written, (*_HEADING, *batch.columns), lines)
    headers = {"Content-Disposition": f'attachment; filename="batch-{batch.id}.csv"'}
    return Answer(200, text.encode("utf-8-sig"), "text/csv", headers)


def _line(each: RowResult) -> Sequence[str]:
    row = each.row
    state = each.state or ("" if row.state is RowState.OK else row.state.value)
    times = (serializers.format_time(at) or "" for at in (each.sent_at, each.delivered_at))
    return (str(row.row), row.number, state, row.problem or each.error, row.message, *times, *row.cells)


def _row(call: Call, batch: Batch, each: RowResult) -> serializers.Shape:
    row, text = each.row, call.gateway.batches.text(batch, each.row)
    return {
        "row": row.row,
        "number": row.number,
        "cells": list(row.cells),
        "text": text,
        "parts": row.parts,
        "encoding": segmentation.alphabet(text).value,
        "state": row.state.value,
        "problem": row.problem,
        "message": {"id": row.message, "state": each.state, "error": each.error} if each.state else None,
    }


async def _shape(call: Call, batch: Batch, samples: bool = True) -> serializers.Shape:
    progress = await call.gateway.batches.progress(batch)
    same = await call.gateway.batches.same_files(batch) if samples else []
    seen = await call.gateway.batches.rows(call.account, batch.id, None, 0, SAMPLES) if samples else []
    columns = [
        {"name": name, "samples": [each.row.cells[place] for each in seen]} for place, name in enumerate(batch.columns)
    ]
    return serializers.batch(batch, progress, columns, same)
