"""Runs several shell commands in one round trip; some programs take a second to start."""

import secrets
from collections.abc import Mapping

from device_drivers.android_adb.shell import Shell, Unheard

#: the mark after everything
_END = "end"


async def run(shell: Shell, commands: Mapping[str, str], word: str = "") -> dict[str, str]:
    """The output of each command by name; "" for one the phone does not have. Raises Unheard, also when cut short.

    The commands are written by us alone; names are words. What they print is told apart by a number nobody can guess.
    `word` is what they can read.
    """
    nonce = secrets.token_hex(8)
    script = "\n".join(steps({**commands, _END: ":"}, nonce))
    answer = await shell.script(script, 2 * shell.patience, word)
    if f"\n{nonce}:{_END}\n" not in answer.out:
        raise Unheard("the phone's shell ended before it had answered everything")
    return split(answer.out, nonce, commands)


def split(out: str, nonce: str, names: Mapping[str, str]) -> dict[str, str]:
    """Split the output by its marks."""
    said = dict.fromkeys(names, "")
    for piece in out.split(f"\n{nonce}:")[1:]:
        name, _, text = piece.partition("\n")
        if name in said:
            said[name] = text
    return said


def steps(commands: Mapping[str, str], nonce: str) -> list[str]:
    """The commands, each preceded by its mark."""
    # the line break before the mark belongs to the mark, whatever a command ends with
    return [f"echo; echo {nonce}:{name}; {command}" for name, command in commands.items()]
