"""The SMS PDU codec (3GPP TS 23.040, TS 23.038): hex strings as modems use them, to and from fields."""

from bridge.messages.segmentation import join
from device_drivers.gsm_modem.pdu.decoding import decode
from device_drivers.gsm_modem.pdu.encoding import deliver_of_submit, encode_deliver, encode_report, encode_submit
from device_drivers.gsm_modem.pdu.reader import Malformed
from device_drivers.gsm_modem.pdu.status import outcome
from device_drivers.gsm_modem.pdu.tpdu import Deliver, StatusReport, Submit

__all__ = [
    "Deliver",
    "Malformed",
    "StatusReport",
    "Submit",
    "decode",
    "deliver_of_submit",
    "encode_deliver",
    "encode_report",
    "encode_submit",
    "join",
    "outcome",
]
