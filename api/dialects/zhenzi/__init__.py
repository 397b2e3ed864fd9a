"""The Zhenzi dialect (smsow.zhenzikj.com): its users move over by changing the host.

What is ours, because the vendor's page leaves it open: the fields of a message that is looked up, the shape of the
status reports (`payloads`), and everything about `/sms/v2/send.do`, which the page does
not have but the vendor's SDKs call.
"""


def __getattr__(name: str) -> object:
    """`DIALECT`, imported on first use, so that declarations can be read without it."""
    if name != "DIALECT":
        raise AttributeError(name)
    from api.dialects.zhenzi.dialect import Zhenzi

    return Zhenzi
