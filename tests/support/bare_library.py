"""What has to be minded with python-gsmmodem-new as it comes."""

import threading


def let_handlers_end() -> None:
    """One thread a notification: one that outlives its port would die in the middle of another test."""
    for thread in threading.enumerate():
        if "HandleModemNotification" in thread.name:
            thread.join()
