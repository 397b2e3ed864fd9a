"""GSM modems on a serial port, spoken to with AT commands (3GPP TS 27.005, TS 27.007)."""

from device_drivers.gsm_modem.driver import DRIVER

__all__ = ["DRIVER"]
