"""The commands of the virtual modems, by subject. Importing this fills the table."""

from device_drivers.virtual.modem.commands import calls, equipment, general, radio, reading, sending, settings
from device_drivers.virtual.modem.registry import COMMANDS, Entry

#: each module registers its commands when imported
SUBJECTS = (calls, equipment, general, radio, reading, sending, settings)

__all__ = ["COMMANDS", "SUBJECTS", "Entry"]
