"""A command on the virtual phone: hands its argument list to the phone and prints what comes back.

Started as `python -I -S stub.py DIRECTORY NAME ARGUMENT…` with the shell's SESSION in the environment. Imports only
what the interpreter has built in, for each command waits for its start.
"""

import _socket
import posix
import sys

STDOUT, STDERR, EXIT = 1, 2, 3


def _read(link: _socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = link.recv(size - len(data))
        if not chunk:
            posix._exit(255)
        data += chunk
    return data


def _send(link: _socket.socket, data: bytes) -> None:
    while data:
        data = data[link.send(data) :]


def _main() -> None:
    directory, *words = (word.encode(sys.getfilesystemencoding(), "surrogateescape") for word in sys.argv[1:])
    posix.chdir(directory)
    link = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    link.connect("commands")
    request = b"\0".join([posix.environ[b"SESSION"], *words])
    _send(link, len(request).to_bytes(4, "little") + request)
    while True:
        head = _read(link, 5)
        data = _read(link, int.from_bytes(head[1:], "little"))
        if head[0] == EXIT:
            posix._exit(data[0])
        while data:
            data = data[posix.write(head[0], data) :]


if __name__ == "__main__":
    _main()
