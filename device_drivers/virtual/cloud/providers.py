"""The emulated providers by name, as a virtual network has them."""

from collections.abc import Callable, Mapping

from device_drivers.virtual.cloud.aliyun import Aliyun
from device_drivers.virtual.cloud.tencent import Tencent

Provider = Tencent | Aliyun
#: approved texts of every account: login codes, at home and abroad
_TENCENT = {"1110": "您的验证码是{1},{2}分钟内有效", "1111": "Your code is {1}", "9110": "Your code is {1}"}
_ALIYUN = {"SMS_110": "您的验证码是${code}", "SMS_111": "Your code is ${code}", "SMS_910": "Your code is ${code}"}

#: name of the driver → an account at that provider, listening at a port
PROVIDERS: Mapping[str, Callable[[int], Provider]] = {
    "tencent": lambda port: Tencent(_TENCENT, port),
    "aliyun": lambda port: Aliyun(_ALIYUN, port),
}
