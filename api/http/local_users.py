"""Names of local users."""

import pwd


def name_of(uid: int) -> str:
    """The name of a user, or the number if unknown."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # a container need not know the users of its host
        return f"uid {uid}"
