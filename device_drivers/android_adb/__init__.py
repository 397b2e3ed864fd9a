"""Stock Android phones with USB debugging, spoken to through adb's shell: no root, no app, no cloud."""

from device_drivers.android_adb.driver import DRIVER

__all__ = ["DRIVER"]
