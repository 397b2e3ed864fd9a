"""All benchmarks, one table: `python -m benchmarks`. One of them: `python -m benchmarks.sending`."""

import sys

from benchmarks import accepting, bulk, growing, idle, receiving, sending, watching, wearing, webhooks
from benchmarks.table import main

ALL = {
    "accepting": accepting.measure,
    "bulk": bulk.measure,
    "sending": sending.measure,
    "receiving": receiving.measure,
    "webhooks": webhooks.measure,
    "watching": watching.measure,
    "idle": idle.measure,
    "growing": growing.measure,
    "wearing": wearing.measure,
}

if __name__ == "__main__":
    sys.exit(main(ALL))
