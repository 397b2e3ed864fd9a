"""`make demo-cluster`: two processes with an API and two with modems on one database; one of each is killed.

Prints what happens, and the books: what was accepted, what became of it, and what the world outside saw. Exits with 0
when nothing was lost and nothing sent twice.
"""

import argparse
import asyncio
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import aiohttp

from bridge.tasks import Tasks
from tests.campaign.serve import NotStarted
from tests.cluster.books import Balance, Books, balance
from tests.cluster.stage import BRIDGES, FRONTS, MODEMS, Stage, stage

#: seconds between two messages of one caller
PACE = 0.02
#: seconds for which the killed ones are away
AWAY = 3.0
#: of the messages, when the kills come and how many customers write
FIRST_KILL, ANSWERS = 1 / 3, 1 / 5
_BEGAN = time.monotonic()


def put(line: str) -> None:
    """Print one line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def say(words: str) -> None:
    """One line of the report, at once."""
    put(f"{time.monotonic() - _BEGAN:5.1f} s  {words}")


async def send(made: Stage, books: Books, numbers: range) -> None:
    """Submit messages one after the other, to the processes in turn, each until it was accepted by one."""
    for number in numbers:
        text, tried = f"message {number}", 0
        while text not in books.accepted:
            name = FRONTS[(number + tried) % len(FRONTS)]
            body = {"to": made.world.customers[number % len(made.world.customers)], "text": text}
            headers = {"Authorization": f"Bearer {made.key}", "Idempotency-Key": text}
            with suppress(aiohttp.ClientError, TimeoutError):
                url = f"{made.fronts[name].url}/v1/messages"
                async with made.http.post(url, json=body, headers=headers) as answer:
                    if answer.status < 300:
                        books.accepted[text] = (await answer.json())["id"]
                        books.by[name] += 1
                        break
            tried += 1
            books.repeated += 1
            await asyncio.sleep(PACE)
        await asyncio.sleep(PACE)


async def write(made: Stage, books: Books, count: int) -> None:
    """Customers write to the lines."""
    for number in range(count):
        line = made.world.modems[number % len(made.world.modems)].number
        books.written.append(f"answer {number}")
        made.world.network.handset(made.world.customers[number % len(made.world.customers)]).send(
            line, books.written[-1]
        )
        await asyncio.sleep(PACE * 2)


async def reach(books: Books, count: int) -> None:
    """Until so many are accepted."""
    while len(books.accepted) < count:
        await asyncio.sleep(PACE)


async def play(count: int) -> Balance:
    """The whole demo."""
    say("starting PostgreSQL, two processes with the API and two with modems")
    async with stage() as made:
        say(f"PostgreSQL    a server of its own in {made.server.folder}")
        for name, front in made.fronts.items():
            say(f"{name:<12}  {front.url}")
        for name in made.bridges:
            say(f"{name:<12}  {MODEMS} emulated modems")
        books = Books()
        tasks = Tasks("callers")
        callers = [
            tasks.start(send(made, books, range(0, count, 2)), "even"),
            tasks.start(send(made, books, range(1, count, 2)), "odd"),
            tasks.start(write(made, books, round(count * ANSWERS)), "customers"),
        ]
        try:
            say(f"sending {count} messages over both APIs, while customers write back")
            await reach(books, round(count * FIRST_KILL))
            await kill(made, FRONTS[0], BRIDGES[0])
            await asyncio.gather(*callers)
        finally:
            await tasks.close()
        say(f"all {count} are accepted; {books.repeated} requests were repeated with the same idempotency key")
        say("waiting until nothing is under way any more")
        return await balance(made, books)


async def kill(made: Stage, *names: str) -> None:
    """Kill these, and start them again a little later."""
    for name in names:
        say(f"kill -9 {name}, with messages under way")
        await made.processes[name].kill()
    await asyncio.sleep(AWAY)
    for name in names:
        await made.processes[name].start()
        say(f"{name} is started again")


def show(found: Balance) -> bool:
    """Print the table; whether nothing was lost or doubled."""
    put("")
    for name, count, words in found.rows:
        put(f"  {name:<22}{count:>6}   {words}".rstrip())
    put(f"\n{found.lost} lost, {found.doubled} doubled")
    return not found.lost and not found.doubled


async def run(count: int) -> int:
    """Play until the end or a signal; the exit code."""
    playing = asyncio.get_running_loop().create_task(play(count))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, playing.cancel)
    try:
        return 0 if show(await playing) else 1
    except asyncio.CancelledError:
        say("stopped; everything is ended and removed")
        return 130
    except NotStarted as error:
        say(f"a process did not start: {error}")
    except TimeoutError:
        say("something is under way for too long")
    return 1


def main() -> int:
    """Read what is wanted, and play."""
    parser = argparse.ArgumentParser(prog="make demo-cluster", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--messages", type=int, default=300, help="how many are sent")
    wanted = parser.parse_args()
    if not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")) and not shutil.which("initdb"):
        sys.stderr.write("PostgreSQL is missing: sudo apt-get install postgresql\n")
        return 2
    return asyncio.run(run(wanted.messages))


if __name__ == "__main__":
    sys.exit(main())
