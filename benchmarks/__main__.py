"""Benchmarks, one table: `python -m benchmarks`. Some of them: `python -m benchmarks sending soak`."""

import sys

from benchmarks import (
    accepting,
    bridges,
    bulk,
    crowding,
    disk,
    durability,
    gateways,
    growing,
    idle,
    lines,
    postgresql,
    receiving,
    sending,
    soak,
    starting,
    sweeping,
    watching,
    wearing,
    webhooks,
)
from benchmarks.table import main

ALL = {
    "accepting": accepting.measure,
    "bulk": bulk.measure,
    "durability": durability.measure,
    "sending": sending.measure,
    "receiving": receiving.measure,
    "webhooks": webhooks.measure,
    "watching": watching.measure,
    "idle": idle.measure,
    "lines": lines.measure,
    "growing": growing.measure,
    "wearing": wearing.measure,
    "disk": disk.measure,
    "gateways": gateways.measure,
    "starting": starting.measure,
}
#: take too long to be run with the others, or need what few have
LONG = {
    "soak": soak.measure,
    "sweeping": sweeping.measure,
    "crowding": crowding.measure,
    "postgresql": postgresql.measure,
    "bridges": bridges.measure,
}

if __name__ == "__main__":
    sys.exit(main(ALL, LONG))
