"""Pack an sdist again without what differs between two builds of the same source: times, owners, order.

SOURCE_DATE_EPOCH=… repack.py dist/sms_bridge-1.0.0.tar.gz
"""

import gzip
import io
import os
import sys
import tarfile
from pathlib import Path


def repack(sdist: Path, epoch: int) -> None:
    """Replace the file by its normalised form. `epoch` is in Unix seconds."""
    packed = io.BytesIO()
    with tarfile.open(sdist) as old, tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as new:
        for member in sorted(old.getmembers(), key=lambda each: each.name):
            member.mtime, member.uid, member.gid, member.uname, member.gname = epoch, 0, 0, "", ""
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            member.pax_headers = {}
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
    sdist.write_bytes(gzip.compress(packed.getvalue(), mtime=epoch))


if __name__ == "__main__":
    repack(Path(sys.argv[1]), int(os.environ["SOURCE_DATE_EPOCH"]))
