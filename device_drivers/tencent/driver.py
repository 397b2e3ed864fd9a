"""The driver for Tencent Cloud SMS, as the core sees it."""

from device_drivers._cloud.driver import CloudDriver
from device_drivers.tencent.api import Tencent
from device_drivers.tencent.options import OPTIONS, Options, problems

DRIVER = CloudDriver("tencent", "Tencent Cloud SMS", OPTIONS, problems, Options, Tencent)
