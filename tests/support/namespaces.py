"""A mount namespace of one's own: what is mounted in it is seen by nobody else."""

import os

#: in a chroot `/` is no mount point, but what the tests mount over is
_PRIVATE = "mount --make-rprivate / 2>/dev/null || { mount --make-rprivate /run && mount --make-rprivate /dev; }"


def apart(*command: str) -> list[str]:
    """How to start a command in one."""
    root = () if os.geteuid() == 0 else ("--map-root-user",)
    unshare = ["unshare", *root, "--mount", "--propagation", "unchanged"]
    return [*unshare, "sh", "-c", f'{{ {_PRIVATE}; }} && exec "$@"', "sh", *command]
