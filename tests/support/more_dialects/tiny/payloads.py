"""The body of the tiny dialect's push."""

BODIES = {"tiny_push": lambda event, zone: {"sent": event.data["client_ref"]}}
