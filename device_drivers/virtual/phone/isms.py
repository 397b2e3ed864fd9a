"""The binder service isms: which code is which method on which release, and what each reads of its parcel.

ISms.aidl of Android 6 to 16, as stated for 23 to 29 and from 30 on.
"""

from collections.abc import Callable

from bridge.dataclass import dataclass
from device_drivers.virtual.phone.parcel import (
    BAD_PARCELABLE,
    BROKEN_PIPE,
    NULL_POINTER,
    SECURITY,
    UNKNOWN_TRANSACTION,
    Broken,
    Parcel,
    exception,
    integers,
    noted,
    void,
)
from device_drivers.virtual.phone.provider import SHELL
from device_drivers.virtual.phone.sms import Sms
from device_drivers.virtual.phone.state import State


@dataclass(frozen=True, slots=True)
class Codes:
    """The transaction codes of a release."""

    text: int
    multipart: int
    preferred: int
    #: the last code there is
    last: int
    #: codes that change a setting of the phone
    setters: frozenset[int] = frozenset()


#: first SDK → its codes
_TABLE = {23: Codes(6, 9, 20, 26), 28: Codes(6, 10, 22, 28), 30: Codes(5, 8, 20, 28)}
#: Huawei's Android 8 has setEnabledSingleShiftTables and setSmsCodingNationalCode in between
_HUAWEI = {26: Codes(6, 9, 22, 28, frozenset({20, 21}))}
#: from here on a call has an attribution tag and an id of the message
TAGGED = 30
#: from here on what is left over in a parcel is an error
EXACT = 33


def codes(sdk: int, manufacturer: str = "") -> Codes:
    """Those of a release; of the newest known for one still newer."""
    table = {**_TABLE, **(_HUAWEI if manufacturer.upper() in ("HUAWEI", "HONOR") else {})}
    return table[max(first for first in table if first <= sdk)]


class Thrown(Exception):
    """The method threw: code and message for the reply."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)
        self.reply = exception(code, message)


class Isms:
    """The service. `mistake` hears of calls that no driver should make."""

    def __init__(self, state: State, send: Callable[[Sms], None], mistake: Callable[[str], None]) -> None:
        self._sdk = state.sdk
        self._faults = state.faults
        self._send = send
        self._preferred = state.preferred
        self._mistake = mistake
        self.codes = codes(state.sdk, state.manufacturer)

    @property
    def sending(self) -> frozenset[int]:
        """The codes that send."""
        return frozenset({self.codes.text, self.codes.multipart})

    def call(self, code: int, parcel: Parcel) -> bytes | Broken:
        """Do a transaction; the reply."""
        try:
            if code == self.codes.preferred:
                return self._preferred_subscription(parcel)
            if code == self.codes.text:
                return self._answer(self._text(parcel))
            if code == self.codes.multipart:
                return self._answer(self._multipart(parcel))
        except Thrown as thrown:
            return thrown.reply
        what = "changes a setting of this maker's" if code in self.codes.setters else "is not for us"
        self._mistake(f"isms {code} {what} on SDK {self._sdk}")
        return void() if 1 <= code <= self.codes.last else Broken(*UNKNOWN_TRANSACTION)

    def _answer(self, reply: bytes) -> bytes | Broken:
        """To a message that was taken: whether the answer comes through is another matter."""
        if self._faults.use_up("reply_broken_next"):
            return Broken(*BROKEN_PIPE)
        if self._faults.use_up("reply_null_next"):
            return b""
        return noted(reply) if self._faults.reply_header else reply

    def _preferred_subscription(self, parcel: Parcel) -> bytes:
        self._exact(parcel)
        if self._faults.wrong_code_table:
            return integers(0, 4711, 0)
        return integers(self._preferred())

    # -- sending -----------------------------------------------------------------------------------
    def _text(self, parcel: Parcel) -> bytes:
        """SendTextForSubscriber."""
        sub_id, package, recipient, centre = self._head(parcel)
        text = parcel.read_string16()
        self._no_intent(parcel)
        self._no_intent(parcel)
        persist, number = self._tail(parcel)
        self._permit(package, persist)
        self._post(Sms(sub_id, recipient or "", [text or ""], centre, persist, package or SHELL, number))
        return void()

    def _multipart(self, parcel: Parcel) -> bytes:
        """SendMultipartTextForSubscriber."""
        sub_id, package, recipient, centre = self._head(parcel)
        parts = parcel.read_strings()
        self._null_list(parcel)
        self._null_list(parcel)
        persist, number = self._tail(parcel)
        self._permit(SHELL if self._sdk >= TAGGED else package, persist)
        if not parts:
            raise Thrown(
                NULL_POINTER, "Attempt to invoke interface method 'int java.util.List.size()' on a null object"
            )
        self._post(Sms(sub_id, recipient or "", [part or "" for part in parts], centre, persist, SHELL, number))
        return void()

    def _head(self, parcel: Parcel) -> tuple[int, str | None, str | None, str | None]:
        sub_id, package = parcel.read_i32(), parcel.read_string16()
        if self._sdk >= TAGGED and parcel.read_string16() is not None:
            self._mistake("isms: an attribution tag that the shell does not have")
        recipient, centre = parcel.read_string16(), parcel.read_string16()
        if package != SHELL:
            self._mistake(f"isms: package {package!r}")
        if centre is not None:
            self._mistake(f"isms: service centre {centre!r} in place of null")
        return sub_id, package, recipient, centre

    def _no_intent(self, parcel: Parcel) -> None:
        """A PendingIntent that has to be null, for nothing of `service call` is one."""
        if parcel.read_i32() != 0:
            self._mistake("isms: a PendingIntent that is none")
            raise Thrown(NULL_POINTER, "Attempt to read a PendingIntent from a null binder")

    def _null_list(self, parcel: Parcel) -> None:
        count = parcel.read_i32()
        if count >= 0:  # a list, which would have to be as long as the parts
            self._mistake("isms: a list of PendingIntents in place of null")
        for _ in range(count):
            self._no_intent(parcel)

    def _tail(self, parcel: Parcel) -> tuple[bool, int]:
        if parcel.left < (12 if self._sdk >= TAGGED else 4):
            self._mistake("isms: the parcel ends before its arguments do")
        persist = parcel.read_i32() != 0
        number = parcel.read_i64() if self._sdk >= TAGGED else 0
        self._exact(parcel)
        return persist, number

    def _exact(self, parcel: Parcel) -> None:
        if parcel.left:
            self._mistake(f"isms: {parcel.left} octets too many")
            if self._sdk >= EXACT:
                raise Thrown(BAD_PARCELABLE, f"Parcel data not fully consumed, unread size: {parcel.left}")

    def _permit(self, package: str | None, persist: bool) -> None:
        if self._faults.permission_denied:
            raise Thrown(
                SECURITY, "Sending SMS message: Neither user 2000 nor current process has android.permission.SEND_SMS."
            )
        if package != SHELL:
            raise Thrown(SECURITY, f"Package {package} does not belong to 2000")
        if not persist:
            self._mistake("isms: persist is false")
            if self._sdk < TAGGED:
                raise Thrown(
                    SECURITY, "Neither user 2000 nor current process has android.permission.MODIFY_PHONE_STATE."
                )

    def _post(self, sms: Sms) -> None:
        self._send(sms)
        if sms.state == "lost" and not sms.taken:
            self._mistake(f"isms: {len(sms.parts)} parts that do not fit, or nobody to send to")
