"""Certificates as an authority issues them, made by openssl."""

import subprocess
from pathlib import Path
from typing import NamedTuple

NAME = "sms.example.com"


class Files(NamedTuple):
    """A certificate and its key on disk."""

    certificate: Path
    key: Path

    def copy_to(self, other: "Files") -> None:
        """Renew the other one as certbot does: each file appears whole, one after the other."""
        for mine, theirs in zip(self, other, strict=True):
            fresh = theirs.with_suffix(".fresh")
            fresh.write_bytes(mine.read_bytes())
            fresh.replace(theirs)


def openssl(*arguments: str | Path, stdin: bytes = b"") -> str:
    """What the command says."""
    command = ["openssl", *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def issue(
    folder: Path,
    serial: int = 1,
    days: int = 90,
    kind: str = "ec",
    password: str = "",
    name: str = NAME,
    authority: Files | None = None,
) -> Files:
    """A certificate for a name, of an authority or itself; negative `days` make one that has ended."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Files(folder / f"{serial}-cert.pem", folder / f"{serial}-key.pem")
    key = ("-newkey", "rsa:2048") if kind == "rsa" else ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    lock = ("-passout", f"pass:{password}") if password else ("-nodes",)
    names = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}")
    request = folder / "request.pem"
    openssl("req", "-new", *key, *lock, "-keyout", made.key, *names, "-out", request)
    secret = ("-passin", f"pass:{password}") if password else ()
    by = ("-CA", authority.certificate, "-CAkey", authority.key) if authority else ("-signkey", made.key, *secret)
    sign = ("x509", "-req", "-in", request, *by, "-set_serial", str(serial))
    openssl(*sign, "-days", str(days), "-copy_extensions", "copy", "-out", made.certificate)
    return made


def authority(folder: Path) -> Files:
    """One that issues certificates for others."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Files(folder / "authority.pem", folder / "authority-key.pem")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", made.key)
    openssl("req", "-x509", "-new", *key, "-subj", "/CN=Our own authority", "-days", "90", "-out", made.certificate)
    return made
