"""Tencent Cloud SMS (API version 2021-01-11) as a line: approved templates, to China and abroad."""

from device_drivers.tencent.driver import DRIVER

__all__ = ["DRIVER"]
