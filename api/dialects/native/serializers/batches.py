"""Files of messages."""

from collections.abc import Sequence

from api.dialects.native.serializers.shape import Shape, format_time
from bridge.model.batch import Batch, Progress, RowState
from bridge.model.message import State


def batch(row: Batch, progress: Progress, columns: Sequence[Shape], same: Sequence[Batch]) -> Shape:
    """A file that is sent, or is to be."""
    plan = row.plan
    made = sum(progress.counts.values())
    return {
        "id": row.id,
        "account": row.account,
        "name": plan.name,
        "state": row.state.value,
        "reason": row.reason,
        "columns": list(columns),
        "number_column": plan.number_column,
        "text": plan.text,
        "country": plan.country,
        "line": plan.line,
        "not_before": format_time(plan.not_before),
        "per_minute": plan.per_minute,
        "tag": plan.tag,
        "rows": row.rows,
        "sendable": row.judged.get(RowState.OK, 0),
        "bad": row.judged.get(RowState.BAD, 0),
        "duplicates": row.judged.get(RowState.DUPLICATE, 0),
        "suppressed": row.judged.get(RowState.SUPPRESSED, 0),
        "parts": row.parts,
        "made": made,
        "counts": {state.value: progress.counts.get(state, 0) for state in State},
        "rate_per_minute": round(progress.rate_per_minute, 1),
        "done_at": format_time(progress.done_at),
        "same_as": [
            {"id": each.id, "name": each.plan.name, "created_at": format_time(each.created_at)} for each in same
        ],
        "created_by": row.created_by,
        "created_at": format_time(row.created_at),
        "started_at": format_time(row.started_at),
        "finished_at": format_time(row.finished_at),
    }
