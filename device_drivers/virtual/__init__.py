"""A virtual SMS network: a service centre, other people's phones, GSM modems on
pseudo-terminals and Android phones behind adb.

Not a mock: whatever speaks to a modem's serial port speaks to these. It is the demo, the way to develop without
hardware, and the far end of the tests. `World` has it all; nothing here is a driver.
"""
