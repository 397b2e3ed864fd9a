"""Stock Android phones with USB debugging, driven through adb's shell: no root, no app, no cloud."""

from device_drivers.android_adb.driver import DRIVER

__all__ = ["DRIVER"]
