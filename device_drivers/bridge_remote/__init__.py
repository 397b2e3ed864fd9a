"""The driver for the lines of another sms-bridge, a site, that is reached over HTTP."""

from device_drivers.bridge_remote.driver import DRIVER

__all__ = ["DRIVER"]
