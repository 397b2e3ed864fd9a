"""What users of this machine are called."""

import pwd


def name_of(uid: int) -> str:
    """A user's name, or the number where the machine does not know it."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # a container need not know the users of its host
        return f"uid {uid}"
