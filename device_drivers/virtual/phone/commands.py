"""The phone's shell commands by name; an unknown one fails with an error, as on a real phone."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from device_drivers.virtual.phone import dumpsys
from device_drivers.virtual.phone.content import Content
from device_drivers.virtual.phone.provider import MESSAGING, SHELL
from device_drivers.virtual.phone.radiolog import RadioLog, Request
from device_drivers.virtual.phone.service import Service
from device_drivers.virtual.phone.shell import Cut, Killed
from device_drivers.virtual.phone.state import State

Write = Callable[[int, bytes], None]
Run = Callable[[list[str], Write], Awaitable[int]]

#: `id` of the shell user
UID = 2000
#: what the linker may say of a maker's own libraries
_WARNING = b'WARNING: linker: /vendor/lib64/libqti.so: library "libperf.so" does not exist, ignored\n'
#: key a person has to switch on before MIUI lets the shell change anything
_MIUI = "java.lang.SecurityException: Requires “USB debugging (Security settings)” to be switched on\n"


class Commands:
    """What the shell finds on its PATH."""

    def __init__(
        self, state: State, log: RadioLog, content: Content, service: Service, mistake: Callable[[str], None]
    ) -> None:
        self._state = state
        self._log = log
        self._mistake = mistake
        #: argument lists of all commands so far
        self.calls: list[list[str]] = []
        self._commands: dict[str, Run] = {
            "am": self._am,
            "appops": self._appops,
            "cat": self._cat,
            "cmd": self._cmd,
            "content": content.run,
            "date": self._date,
            "dumpsys": lambda arguments, write: dumpsys.run(state, arguments, write),
            "getprop": self._getprop,
            "id": self._id,
            "logcat": self._logcat,
            "pm": self._pm,
            "service": service.run,
            "settings": self._settings,
        }

    @property
    def names(self) -> list[str]:
        """Of all of them."""
        return list(self._commands)

    async def run(self, words: list[str], write: Write) -> int:
        """Do one; the exit code."""
        self.calls.append(words)
        name, *arguments = words
        faults = self._state.faults
        if faults.linker_warns:
            write(2, _WARNING)
        if name in faults.hang_next:
            faults.hang_next.discard(name)
            await asyncio.Event().wait()  # until its shell is ended
        if name in faults.cut_next:
            faults.cut_next.discard(name)
            await self._commands[name](arguments, lambda _kind, _data: None)
            raise Cut(name)
        if name in faults.kill_next:
            faults.kill_next.discard(name)
            await self._commands[name](arguments, write)
            raise Killed(name)
        try:
            return await self._commands[name](arguments, write)
        except ValueError as wrong:
            self._mistake(str(wrong))
            write(2, f"{name}: {wrong}\n".encode())
            return 255

    @property
    def starts(self) -> Counter[str]:
        """How often each command was started."""
        return Counter(words[0] for words in self.calls)

    # -- the system --------------------------------------------------------------------------------
    async def _getprop(self, arguments: list[str], write: Write) -> int:
        properties = self._properties()
        match arguments:
            case []:
                text = "".join(f"[{name}]: [{value}]\n" for name, value in sorted(properties.items()))
            case [name]:
                text = properties.get(name, "") + "\n"
            case [name, default]:
                text = (properties.get(name) or default) + "\n"
            case _:
                raise ValueError(f"getprop {' '.join(arguments)}")
        write(1, text.encode())
        return 0

    def _properties(self) -> dict[str, str]:
        state = self._state
        cards = [state.card(slot) for slot in range(1, state.slots + 1)]
        served = [card is not None and not state.faults.airplane for card in cards]
        known = {
            "ro.build.version.sdk": str(state.sdk),
            "ro.build.version.release": state.release,
            "ro.product.manufacturer": state.manufacturer,
            "ro.product.brand": state.manufacturer,
            "ro.product.model": state.model,
            "ro.product.name": "virtual",
            "ro.product.device": "virtual",
            "ro.serialno": state.serial,
            "ro.boot.serialno": state.serial,
            "ro.build.type": "user",
            "ro.crypto.type": "file",
            "sys.boot_completed": "" if state.faults.booting else "1",
            "persist.sys.timezone": "UTC",
            "gsm.sim.state": ",".join("LOADED" if card else "ABSENT" for card in cards),
            "gsm.operator.alpha": ",".join(dumpsys.OPERATOR if on else "" for on in served),
            "gsm.operator.numeric": ",".join(dumpsys.NETWORK if on else "" for on in served),
            "gsm.sim.operator.alpha": ",".join(dumpsys.OPERATOR if card else "" for card in cards),
            "gsm.operator.isroaming": ",".join("false" for _ in cards),
            "gsm.network.type": ",".join("LTE" if on else "Unknown" for on in served),
        }
        if state.faults.miui:
            known |= {"ro.miui.ui.version.name": "V140", "ro.miui.ui.version.code": "14"}
        return {name: value for name, value in known.items() if value}

    async def _am(self, arguments: list[str], write: Write) -> int:
        if arguments != ["get-started-user-state", "0"]:
            raise ValueError(f"Unknown command: {' '.join(arguments)}")
        if self._state.faults.booting:
            write(1, b"User is not started: 0\n")
        else:
            write(1, b"RUNNING_LOCKED\n" if self._state.locked else b"RUNNING_UNLOCKED\n")
        return 0

    async def _cat(self, arguments: list[str], write: Write) -> int:
        if arguments != ["/proc/sys/kernel/random/boot_id"]:
            raise ValueError(f"{' '.join(arguments)}: No such file or directory")
        write(1, f"{self._state.boot_id}\n".encode())
        return 0

    async def _date(self, arguments: list[str], write: Write) -> int:
        if arguments not in (["+%s"], ["+%s%3N"], ["+%s.%N"]):
            raise ValueError(f"date {' '.join(arguments)}")
        seconds, milliseconds = divmod(self._state.now(), 1000)
        told = {
            "+%s": f"{seconds}",
            "+%s%3N": f"{seconds}{milliseconds:03}",
            "+%s.%N": f"{seconds}.{milliseconds:03}000000",
        }
        write(1, f"{told[arguments[0]]}\n".encode())
        return 0

    async def _id(self, arguments: list[str], write: Write) -> int:
        if arguments not in ([], ["-u"]):
            raise ValueError(f"id {' '.join(arguments)}")
        write(1, f"{UID}\n".encode() if arguments else f"uid={UID}(shell) gid={UID}(shell)\n".encode())
        return 0

    async def _logcat(self, arguments: list[str], write: Write) -> int:
        if self._state.faults.log_denied:
            write(2, b"logcat: Permission denied\n")
            return 1
        await self._log.logcat(Request.of(arguments), lambda data: write(1, data))
        return 0

    # -- packages ----------------------------------------------------------------------------------
    async def _pm(self, arguments: list[str], write: Write) -> int:
        enabled = self._state.faults.default_sms_app
        packages = [SHELL, *([MESSAGING] if enabled else [])]
        match arguments:
            case ["list", "packages", "-d"]:
                packages = [] if enabled else [MESSAGING]
            case ["list", "packages", "-e"]:
                pass
            case ["list", "packages"]:
                packages = [SHELL, MESSAGING]
            case _:
                raise ValueError(f"pm {' '.join(arguments)}")
        write(1, "".join(f"package:{package}\n" for package in packages).encode())
        return 0

    # -- settings ----------------------------------------------------------------------------------
    def _setting(self, key: str) -> str:
        state = self._state
        known = {
            "global airplane_mode_on": str(int(state.faults.airplane)),
            "global adb_enabled": "1",
            "global boot_count": str(state.boots),
            "global multi_sim_sms": str(state.preferred()),
            "secure sms_default_application": MESSAGING,
        }
        return {**known, **state.settings}.get(key, "null")

    async def _settings(self, arguments: list[str], write: Write) -> int:
        match arguments:
            case ["get", ("global" | "secure" | "system") as table, name]:
                write(1, f"{self._setting(f'{table} {name}')}\n".encode())
            case ["put", ("global" | "secure" | "system") as table, name, value]:
                if self._state.faults.miui:
                    write(2, _MIUI.encode())
                    return 255
                self._state.settings[f"{table} {name}"] = value
            case _:
                raise ValueError(f"settings {' '.join(arguments)}")
        return 0

    # -- app ops and the rest of cmd ---------------------------------------------------------------
    async def _cmd(self, arguments: list[str], write: Write) -> int:
        match arguments:
            case ["appops", *rest]:
                return await self._appops(rest, write)
            case ["package", *rest]:
                return await self._pm(rest, write)
            case ["connectivity", "airplane-mode", *rest] if self._state.sdk >= 30:
                return self._airplane(rest, write)
            case ["role", "get-role-holders", "android.app.role.SMS"] if self._state.sdk >= 29:
                write(1, f"{MESSAGING}\n".encode())
                return 0
        raise ValueError(f"cmd {' '.join(arguments)}")

    def _airplane(self, arguments: list[str], write: Write) -> int:
        if arguments in (["enable"], ["disable"]):
            self._state.faults.airplane = arguments == ["enable"]
        elif not arguments:
            write(1, b"enabled\n" if self._state.faults.airplane else b"disabled\n")
        else:
            raise ValueError(f"cmd connectivity airplane-mode {' '.join(arguments)}")
        return 0

    async def _appops(self, arguments: list[str], write: Write) -> int:
        match arguments:
            case ["get", package]:
                self._ours(package)
                names = [
                    "READ_SMS",
                    "SEND_SMS",
                    *(name for name in self._state.ops if name not in ("READ_SMS", "SEND_SMS")),
                ]
                write(1, "".join(f"{name}: {self._state.op(name)}\n" for name in names).encode())
            case ["get", package, name]:
                self._ours(package)
                known = name in self._state.ops or self._state.op(name) != "ignore"
                write(
                    1,
                    f"{name}: {self._state.op(name)}\n".encode()
                    if known
                    else b"No operations.\nDefault mode: ignore\n",
                )
            case ["set", package, name, ("allow" | "ignore" | "deny" | "default") as mode]:
                self._ours(package)
                return self._set_op(name, mode, write)
            case _:
                raise ValueError(f"appops {' '.join(arguments)}")
        return 0

    def _set_op(self, name: str, mode: str, write: Write) -> int:
        if name == "READ_RESTRICTED_MESSAGES" and self._state.sdk < 37:
            write(2, f"Error: Unknown operation string: {name}\n".encode())
            return 255
        if self._state.faults.miui:
            write(2, _MIUI.encode())
            return 255
        if mode == "default":
            self._state.ops.pop(name, None)
        else:
            self._state.ops[name] = mode
        return 0

    def _ours(self, package: str) -> None:
        if package != SHELL:
            raise ValueError(f"appops of {package}")
