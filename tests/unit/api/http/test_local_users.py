"""What users of this machine are called."""

import os
import pwd

from api.http.local_users import name_of


def test_a_user_is_told_by_name() -> None:
    assert name_of(os.geteuid()) == pwd.getpwuid(os.geteuid()).pw_name


def test_a_user_whom_the_machine_does_not_know_is_told_by_number() -> None:
    unknown = next(uid for uid in range(60_000, 65_000) if uid not in {each.pw_uid for each in pwd.getpwall()})
    assert name_of(unknown) == f"uid {unknown}"
