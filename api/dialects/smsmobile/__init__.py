"""The SMSMobileAPI dialect: its users move over by changing the base URL.

The vendor publishes fragments; where two of them disagree, both kinds of client must find what they look for.
What is ours, because nobody outside knows: the answers of `/resend` and `/deletesms`, most keys of log rows,
page sizes, and that `onlyunread=yes` marks what it returns as read.
"""

from api.dialects.smsmobile.dialect import SmsMobile

DIALECT = SmsMobile
