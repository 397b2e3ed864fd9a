"""From hex to what it says."""

from device_drivers.gsm_modem.pdu.tpdu import Deliver, StatusReport, Submit


def decode(pdu: str, *, from_mobile: bool = False, has_smsc: bool = True) -> Deliver | StatusReport | Submit:
    """Read a PDU as a modem prints it. Raises Malformed, and nothing else, for any string that is none.

    `from_mobile`: what a phone hands to the network, where only SUBMIT is of use; else what a modem holds, which may
    be a stored SUBMIT too. `has_smsc`: the service centre's address comes first.
    """
    raise NotImplementedError
