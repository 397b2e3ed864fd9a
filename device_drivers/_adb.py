"""Where adb is on this machine."""

import os
import shutil


def program() -> str:
    """This machine's own, else what adbutils brings on x86. Raises FileNotFoundError with what to install."""
    if found := os.environ.get("ADBUTILS_ADB_PATH") or shutil.which("adb"):
        return found
    from adbutils import AdbError, adb_path  # 9 MB with all that it imports: for the few who have no adb

    try:
        return str(adb_path())
    except AdbError:
        raise FileNotFoundError(
            "adb is not installed: apt install adb (Debian), or the Android platform tools"
        ) from None
