"""Locates the adb program."""

import os
import shutil


def program() -> str:
    """The machine's own adb, else the one shipped with adbutils on x86. Raises FileNotFoundError naming what to
    install.
    """
    if found := os.environ.get("ADBUTILS_ADB_PATH") or shutil.which("adb"):
        return found
    from device_drivers._adbutils import AdbError, adb_path  # 1 MB: for the few who have no adb

    try:
        return str(adb_path())
    except AdbError:
        raise FileNotFoundError(
            "adb is not installed: sudo apt install adb (Debian), or the Android platform tools"
        ) from None
