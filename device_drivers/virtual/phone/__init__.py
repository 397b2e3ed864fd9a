"""A virtual Android phone behind the real adb.

`Phone` is an adbd that a real adb server attaches to with `adb connect`. What a driver asks of it runs in Android's
own shell (mksh), where the PATH holds nothing but the commands that the phone has; they check their arguments, and
keep SMS by the rules, of the Android release that the phone is. `AdbServer` is an adb server of its own for them.
"""

from device_drivers.virtual.phone.calllog import Kind
from device_drivers.virtual.phone.faults import Faults
from device_drivers.virtual.phone.phone import Phone
from device_drivers.virtual.phone.profile import PROFILES, Profile
from device_drivers.virtual.phone.provider import Box, Row
from device_drivers.virtual.phone.server import AdbServer, NoServer
from device_drivers.virtual.phone.sms import Sms

__all__ = ["PROFILES", "AdbServer", "Box", "Faults", "Kind", "NoServer", "Phone", "Profile", "Row", "Sms"]
