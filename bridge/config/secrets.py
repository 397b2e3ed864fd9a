"""Resolves references to texts kept elsewhere, and knows which settings are secret.

`{ file = "/path" }` is what is in that file, `{ credential = "name" }` what systemd hands to the service
(systemd.exec(5), "Credentials"); a line break at the end is not part of it.
"""

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from bridge.config import obstacles
from bridge.config.field import Secret
from bridge.model.finding import Finding

#: where systemd says which directory has the credentials of a service
DIRECTORY = "CREDENTIALS_DIRECTORY"
#: the same, as root and the service's user find it while the service runs
OF_THE_SERVICE = Path("/run/credentials/sms-bridge.service")
#: what a reference may say
WAYS = ("file", "credential")
#: bytes; a secret is not longer
LARGEST = 65_536

_SECRET = re.compile(r"(.*_)?(pin|puk|password|passphrase|secret|token|key|apikey)")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")


class Unresolved(Exception):
    """A reference that cannot be resolved; the message says why and how to fix it."""


def is_secret(name: str) -> bool:
    """Whether a setting or option of this name is secret."""
    return _SECRET.fullmatch(name.lower().replace("-", "_")) is not None


def is_reference(value: object) -> bool:
    """Whether this value refers to a text instead of being it."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in WAYS


def resolve(
    reference: Mapping[str, object], folder: Path, environment: Mapping[str, str]
) -> tuple[Secret, Finding | None]:
    """Resolve a reference: the text, and a finding about where it is kept. Raises Unresolved.

    A path that is not absolute begins at `folder`, where the configuration is.
    """
    (way, where), *_ = reference.items()
    if not isinstance(where, str) or not where:
        raise Unresolved(f'must say {{ {way} = "…" }} with a text')
    if way == "file":
        path = folder / str(where)
        return _read(path, f"the file {path}"), _too_open(path)
    if not _NAME.fullmatch(where) or where in (".", ".."):
        raise Unresolved(f'"{where}" cannot be the name of a credential')
    return _read(_directory(environment) / where, f'the credential "{where}"'), None


def _directory(environment: Mapping[str, str]) -> Path:
    given = environment.get(DIRECTORY, "")
    if given:
        return Path(given)
    if os.access(OF_THE_SERVICE, os.X_OK):
        return OF_THE_SERVICE
    raise Unresolved(
        "systemd hands credentials to the service alone: run this as root while the service runs, "
        f"or set {DIRECTORY} to where they are"
    )


def _read(path: Path, what: str) -> Secret:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
        text = raw.decode()
    except FileNotFoundError:
        mend = "make it" if what.startswith("the file") else "add a LoadCredential= to the service"
        raise Unresolved(obstacles.misled(path) or f"{what} is not there: {mend}, or correct the name") from None
    except PermissionError:
        raise Unresolved(
            f"{what} may not be read by this user: sudo chgrp sms-bridge {path} && sudo chmod 640 {path}"
        ) from None
    except UnicodeDecodeError:
        raise Unresolved(f"{what} is not UTF-8 text") from None
    except OSError as error:
        raise Unresolved(obstacles.told(error, path)) from None
    if len(raw) > LARGEST:
        raise Unresolved(f"{what} is larger than {LARGEST} bytes, which is no secret")
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise Unresolved(f"{what} is empty")
    return Secret(text)


def _too_open(path: Path) -> Finding | None:
    if path.stat().st_mode & stat.S_IROTH:
        return Finding("warn", "secrets", f"{path} may be read by every user of this machine", f"sudo chmod o= {path}")
    return None


def written_openly(path: Path, keys: list[str]) -> Finding | None:
    """A finding when the configuration contains secrets and others can read it."""
    if not keys or not path.stat().st_mode & stat.S_IROTH:
        return None
    words = f"{', '.join(keys)} stands in {path}, which may be read by every user of this machine"
    return Finding("warn", "secrets", words, f"sudo chgrp sms-bridge {path} && sudo chmod 640 {path}")
