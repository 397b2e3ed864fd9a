"""The driver for Alibaba Cloud SMS, as the core sees it."""

from device_drivers._cloud.driver import CloudDriver
from device_drivers.aliyun.api import Aliyun
from device_drivers.aliyun.options import OPTIONS, Options, problems

DRIVER = CloudDriver("aliyun", "Alibaba Cloud SMS", OPTIONS, problems, Options, Aliyun)
