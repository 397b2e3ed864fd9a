"""Alibaba Cloud SMS (Dysmsapi 2017-05-25) as a line: approved templates, to China and abroad."""

from device_drivers.aliyun.driver import DRIVER

__all__ = ["DRIVER"]
