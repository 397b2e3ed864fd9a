"""The Zhenzi dialect (smsow.zhenzikj.com): its users move over by changing the host.

What is ours, because the vendor's page leaves it open: the fields of a message that is looked up, the shape of the
status reports (`api.webhooks.payloads`, format `zhenzi`), and everything about `/sms/v2/send.do`, which the page does
not have but the vendor's SDKs call.
"""

from api.dialects.zhenzi.dialect import Zhenzi

DIALECT = Zhenzi
