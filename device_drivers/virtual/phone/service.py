"""The command `service`: typed arguments to a parcel, the parcel to a service, the reply to hex (AOSP service.cpp)."""

import re
from collections.abc import Callable

from device_drivers.virtual.phone.faults import Faults
from device_drivers.virtual.phone.isms import Isms
from device_drivers.virtual.phone.parcel import Parcel, printed

Write = Callable[[int, bytes], None]
Mistake = Callable[[str], None]

_USAGE = (
    b"Usage: service [-h|-?]\n       service list\n       service check SERVICE\n       service call SERVICE CODE "
    b"[i32 N | i64 N | f N | d N | s16 STR | null | fd f | nfd n | afd f ] ...\n"
)


class Service:
    """The command; exits 0 whatever the service said."""

    def __init__(self, isms: Isms, faults: Faults, mistake: Mistake) -> None:
        self._isms = isms
        self._faults = faults
        self._mistake = mistake

    async def run(self, arguments: list[str], write: Write) -> int:
        """Do it; the exit code."""
        match arguments:
            case ["check", name]:
                write(1, f"Service {name}: {'found' if self._known(name) else 'not found'}\n".encode())
                return 0
            case ["call", name, code, *typed]:
                return self._call(name, code, typed, write)
        self._mistake(f"service {' '.join(arguments)}")
        write(1, _USAGE)
        return 10

    def _known(self, name: str) -> bool:
        return name == "isms" and not self._faults.isms_missing

    def _call(self, name: str, code: str, typed: list[str], write: Write) -> int:
        if not self._known(name):
            write(2, f"service: Service {name} does not exist\n".encode())
            return 10
        parcel = Parcel()
        wrong = _fill(parcel, typed)
        if wrong:
            self._mistake(f"service: {wrong}")
            write(2, f"service: {wrong}\n".encode())
            write(1, _USAGE)
        reply = self._isms.call(_number(code), parcel)
        if not (_number(code) in self._isms.sending and self._faults.use_up("reply_lost_next")):
            write(1, printed(reply).encode())
        return 10 if wrong else 0


def _fill(parcel: Parcel, typed: list[str]) -> str:
    """Write the arguments; what is wrong with them, "" for nothing. What came before it stays written."""
    left = list(typed)
    while left:
        kind = left.pop(0)
        if kind == "null":
            parcel.write_null_binder()
        elif kind not in ("i32", "i64", "s16"):
            return f"unknown option {kind}"
        elif not left:
            return f"no {'string' if kind == 's16' else 'integer'} supplied for '{kind}'"
        elif kind == "s16":
            parcel.write_string16(left.pop(0))
        elif kind == "i32":
            parcel.write_i32(_number(left.pop(0)))
        else:
            parcel.write_i64(_number(left.pop(0)))
    return ""


def _number(text: str) -> int:
    """C's atoi: as many digits as there are, else 0."""
    found = re.match(r"\s*([+-]?\d+)", text)
    return int(found[1]) if found else 0
