"""Bodies of the account/MD5 dialect's pushes."""

from api.dialects.account_v1.rows import pushed_received, pushed_report

BODIES = {"account_v1_status": pushed_report, "account_v1_inbound": pushed_received}
