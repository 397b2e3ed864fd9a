"""The only user of python-gsmmodem-new: its modem object on our transport.

The library's method resolution order does the work: `Session → GsmModem → Transport → SerialComms`, so its `connect`
and `write` come to our transport. Its connect sequence, PIN, USSD, network and properties are used as they are; what
it does with framing, sending and receiving is not. Everything but the two `_handle…` methods runs on the modem's one
worker thread; those two run on the reader thread.
"""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from gsmmodem.exceptions import (
    CmeError,
    CmsError,
    CommandError,
    GsmModemException,
    PukRequiredError,
    TimeoutException,
)
from gsmmodem.modem import GsmModem, Ussd

from bridge.errors import Refusal, SendRefused
from device_drivers.gsm_modem import bringup, causes, quirks, textmode
from device_drivers.gsm_modem.answers import Failed, News
from device_drivers.gsm_modem.bringup import Setup
from device_drivers.gsm_modem.quirks import Vendor
from device_drivers.gsm_modem.settings import Settings
from device_drivers.gsm_modem.transport import Transport
from device_drivers.gsm_modem.tries import Tries

__all__ = ["GsmModemException", "Session"]

#: seconds that a SIM or modem may take to start up (+CME ERROR: 14, +CMS ERROR: 515; SIM800 needs 5 to 30)
STARTUP_PATIENCE = 30.0
#: with so many PIN tries left, one more wrong one would block the SIM
LAST_TRY = 1

#: the library gives up when one of these fails; a modem works without them all the same
_DISPENSABLE = ("ATE0", "AT+CMEE=", "AT+CGMI", "AT+CSCA?")
#: the library reads these without looking whether they are there
_MUST_NAME = {"AT+CFUN?": "+CFUN:", "AT+WIND?": "+WIND:"}
#: done by ourselves afterwards, from what the modem offers; an error makes the library leave it alone
_OURS = "AT+CPMS=?"


class Session(GsmModem, Transport):  # type: ignore[misc]
    """One modem, connected, in PDU mode."""

    #: the library's own; it warns of what it does not do because it is ours to do
    log = logging.getLogger("gsmmodem.session")
    log.setLevel(logging.ERROR)

    def __init__(
        self,
        port: str,
        baudrate: int = 115200,
        *,
        tell: Callable[[News], None] | None = None,
        lost: Callable[[Exception], None] | None = None,
        rtscts: bool = False,
        patience: float = 10.0,
        smsc: str = "",
    ) -> None:
        super().__init__(port, baudrate, fatalErrorCallbackFunc=lost, rtscts=rtscts, patience=patience)
        self._tell = tell or (lambda news: None)
        self._starting = False
        self._smscNumber = smsc or None
        #: the PIN given to this session was tried and was wrong
        self.pin_was_refused = False
        self.vendor: Vendor = quirks.GENERIC
        self.setup = Setup()
        #: memories that nothing should be received into
        self.avoid: frozenset[str] = frozenset()
        #: what it was set to
        self.settings = Settings(self)
        #: question → its silences in a row, each of which the modem answered other questions after
        self.unanswered: dict[str, Tries] = {}
        #: raises SendRefused for another modem or SIM than the configured ones
        self.recognise: Callable[[], None] = lambda: None

    # -- connecting -----------------------------------------------------------------------------
    def begin(self, pin: str = "", extra: Sequence[str] = ()) -> None:
        """Open the port and set the modem up.

        Raises SendRefused for what needs a person (PIN, PUK, SIM), PortLost and serial.SerialException for the port,
        Silent, Failed and GsmModemException for a modem that will not do what it must.
        """
        self._starting = True
        try:
            library: Any = super()
            library.connect(pin or None)
            self.setup = bringup.bring_up(self, self._find_vendor(), extra, self.avoid)
            self._learn()
        except CommandError as error:
            raise _person_or(error) from None
        except (AttributeError, IndexError, TypeError, ValueError) as error:
            raise GsmModemException(f"the modem gave an answer that makes no sense ({error!r})") from error
        finally:
            self._starting = False

    def restore(self, pin: str = "", extra: Sequence[str] = ()) -> None:
        """Set up again after the modem restarted by itself. Raises like `begin`."""
        self._starting = True
        try:
            self.knock()
            bringup.attempt(self, "ATE0V1Q0")
            self._unlockSim(pin or None)
            self.setup = bringup.bring_up(self, self.vendor, extra, self.avoid)
            if centre := self.settings.service_centre:
                bringup.attempt(self, f'AT+CSCA="{centre}"')
            self._learn()
        except CommandError as error:
            raise _person_or(error) from None
        finally:
            self._starting = False

    def _learn(self) -> None:
        self.count_echoes()
        self.settings.learn()
        # it was told not to, and does it all the same
        self.always_echoes = self.count_echoes() > 0
        self.barrier = "AT+CMEE?" if "+CMEE?" in self.settings.values else ""

    def ask(self, command: str, timeout: float | None = None) -> list[str]:
        """Run a command; while starting, wait for a busy SIM."""
        deadline = time.monotonic() + STARTUP_PATIENCE
        while True:
            try:
                return super().ask(command, timeout)
            except Failed as failed:
                if not self._starting or not causes.is_busy(failed.final) or time.monotonic() > deadline:
                    raise
                self._closing.wait(0.2)

    def _find_vendor(self) -> Vendor:
        self.vendor = quirks.vendor_of(" ".join(bringup.attempt(self, "AT+CGMI") or []))
        return self.vendor

    # -- the library's commands -----------------------------------------------------------------
    def write(  # type: ignore[override]  # the library's order of parameters, which its calls rely on
        self,
        data: str,
        waitForResponse: bool = True,  # noqa: N803 - the library's names
        timeout: float = 10,
        parseError: bool = True,  # noqa: N803
        writeTerm: str = "\r",  # noqa: N803
        expectedResponseTermSeq: str | None = None,  # noqa: N803
    ) -> list[str] | None:
        """The library's way to run commands, with limited waiting for a busy SIM and with verbose errors understood.

        Raises CommandError and its kinds, TimeoutException, PortLost.
        """
        library: Any = super()
        seconds = timeout * self.patience / 10 * (3 if data.startswith("AT+CFUN=") else 1)

        def ask() -> Any:
            return library.write(data, waitForResponse, seconds, False, writeTerm, expectedResponseTermSeq)

        if not waitForResponse:
            ask()
            return None
        lines = self._while_busy(data, ask)
        if self._starting and data in _MUST_NAME and not any(line.startswith(_MUST_NAME[data]) for line in lines):
            raise CommandError(data)
        if not parseError or lines[-1] in {"OK", ">"}:
            return lines
        if self._starting and data.startswith(_DISPENSABLE):
            return ["", "OK"]
        raise _library_error(data, lines[-1])

    def _while_busy(self, data: str, ask: Callable[[], list[str]]) -> list[str]:
        """Retry while the SIM is busy, up to a limit; a PIN is never sent twice."""
        deadline, pause = time.monotonic() + STARTUP_PATIENCE, 0.1
        while True:
            lines = self._or_error(data, ask)
            if not causes.is_busy(lines[-1]) or data.startswith("AT+CPIN=") or time.monotonic() > deadline:
                return lines
            self._closing.wait(pause)
            pause = min(pause * 2, 1.0)

    def _or_error(self, data: str, ask: Callable[[], list[str]]) -> list[str]:
        """While starting, an unanswered command counts as unsupported."""
        if self._starting and data == _OURS:
            return ["ERROR"]
        try:
            return ask()
        except TimeoutException:
            if not self._starting or data.startswith(("AT+CPIN", "ATZ")):
                raise
            return ["ERROR"]

    # -- SIM ------------------------------------------------------------------------------------
    def _unlockSim(self, pin: str | None) -> None:  # noqa: N802 - the library's name
        """Enter the PIN only when the SIM asks for exactly that; the library would answer a PUK request, too."""
        self.recognise()
        state = self.sim_state()
        if state in {"READY", ""}:
            return
        if state != "SIM PIN":
            raise SendRefused(_what_to_do(state), Refusal.LINE)
        if self.pin_was_refused:
            raise SendRefused(
                "The SIM refused this PIN before; it is not tried again. Correct `pin` for this device, or enter the "
                "right one in a phone once and switch the PIN off.",
                Refusal.LINE,
            )
        if not pin:
            raise SendRefused("The SIM wants its PIN: set `pin` for this device, or switch the PIN off.", Refusal.LINE)
        left = self._pin_tries_left()
        if left is not None and left <= LAST_TRY:
            raise SendRefused(
                "The SIM wants its PIN and has one try left before it wants its PUK, so it was not tried. "
                "Enter the right PIN in a phone once, which resets the count.",
                Refusal.LINE,
            )
        self._try_pin(pin)

    def _try_pin(self, pin: str) -> None:
        try:
            library: Any = super()
            library._unlockSim(pin)
        except (CommandError, TimeoutException) as error:
            self.pin_was_refused = True
            left = self._pin_tries_left()
            rest = f"{left} tries are left" if left is not None else "at most two tries are left"
            if isinstance(error, PukRequiredError):
                rest = "no try is left: the SIM wants its PUK now; enter it in a phone"
            said = str(error).replace(pin, "****")  # a modem without codes for errors has the whole command in it
            raise SendRefused(
                f"The SIM refused the PIN ({said}). It was tried once and will not be tried again: {rest}, "
                "and after the third wrong one the SIM is blocked until its PUK is entered.",
                Refusal.LINE,
            ) from None

    def sim_state(self) -> str:
        """READY, SIM PIN, SIM PUK … from +CPIN; "" when unsupported. Raises SendRefused without a SIM."""
        try:
            lines = self.write("AT+CPIN?", timeout=15) or []
        except TimeoutException as silent:
            # Wavecom gives +CPIN without OK
            lines = silent.data or []
            if not lines:
                raise
        except CmeError as error:
            raise _person_or(error) from error
        except CommandError:
            return ""
        line = next((line for line in lines if line.startswith("+CPIN")), "")
        return line.partition(":")[2].strip().strip('"').upper()

    def _pin_tries_left(self) -> int | None:
        """Remaining tries from AT+CPINR (TS 27.007 §8.65); None when unsupported."""
        for line in bringup.attempt(self, 'AT+CPINR="SIM PIN"') or []:
            fields = line.partition(":")[2].split(",")
            if len(fields) > 1 and fields[1].strip().isdecimal():
                return int(fields[1])
        return None

    # -- USSD -----------------------------------------------------------------------------------
    def ussd(self, code: str, timeout: float = 30.0) -> str:
        """Dial a USSD code; returns the network's answer. Raises GsmModemException, PortLost."""
        answer = self.sendUssd(code, responseTimeout=timeout)
        if answer.sessionActive:
            with suppress(GsmModemException):
                answer.cancel()
        return textmode.readable(answer.message or "")

    def _handleUssd(self, lines: Sequence[str]) -> None:  # noqa: N802 - the library's name
        """Handle a +CUSD without text, which ends the session and which the library cannot parse (reader thread)."""
        if self._ussdSessionEvent is None:
            return
        if self.CUSD_REGEX.search("\r\n".join(lines)):
            super()._handleUssd(list(lines))
        else:
            self._ussdResponse = Ussd(self, False, "")
            self._ussdSessionEvent.set()

    def _handleModemNotification(self, lines: News) -> None:  # noqa: N802 - the library's name
        """Pass news on in order; the library would start a thread for each (reader thread)."""
        if lines[0].startswith("+CUSD"):
            self._handleUssd(lines)
        self._tell(lines)

    # -- giving up ------------------------------------------------------------------------------
    def reset(self) -> None:
        """Restart the modem without waiting, as it may be unable to answer. Raises PortLost."""
        with self._txLock:
            for command in dict.fromkeys((self.vendor.reset, quirks.GENERIC.reset)):
                self._put(f"\x1b{command}\r")


def _what_to_do(state: str) -> str:
    if "PUK" in state:
        return f"The SIM is blocked and wants its {state}: enter it in a phone; it is not tried here."
    return f"The SIM or modem wants {state}: unlock it in a phone or with the operator's code."


def _person_or(error: Exception) -> Exception:
    """SendRefused if only a person can fix it, else the error itself."""
    code, kind = getattr(error, "code", None), getattr(error, "type", None)
    if code is None:
        return error
    refused = causes.refusal(f"+{kind} ERROR: {code}")
    if refused.refusal is not Refusal.LINE:
        return error
    remedy = {10: "put a SIM in, the right way round", 12: "enter the PUK in a phone", 13: "try the SIM in a phone"}
    todo = remedy.get(code, "look at the SIM")
    return SendRefused(f"The modem cannot use its SIM: {refused.cause}; {todo}.", Refusal.LINE)


def _library_error(command: str, final: str) -> CommandError:
    """The library's exception for a refusal, verbose ones included."""
    coded = causes.code_of(final)
    if coded is None:
        return CommandError(f"{command} ({final})")
    return (CmeError if coded[0] == "CME" else CmsError)(command, coded[1])
