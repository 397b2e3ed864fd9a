"""How a phone's apps write numbers into its store, which may differ from what was dialled."""

from device_drivers.virtual.phone.faults import Faults

#: country code → what people of the country dial in its place
TRUNKS = {"+1": "", "+7": "8", "+36": "06", "+39": "", "+44": "0", "+47": "", "+49": "0", "+54": "0", "+86": ""}
_ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def written(number: str, faults: Faults) -> str:
    """The number as this phone stores it."""
    if faults.national_numbers:
        number = national(number)
    if faults.spaced_numbers and len(number) > 6:
        number = f"{number[:-7]} ({number[-7:-4]}) {number[-4:]}"
    return number.translate(_ARABIC) if faults.arabic_digits else number


def national(number: str) -> str:
    """Without its country code, where the country is known."""
    for code, trunk in TRUNKS.items():
        if number.startswith(code):
            return trunk + number.removeprefix(code)
    return number
