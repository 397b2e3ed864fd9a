"""What a driver's bench must offer so that the contract can be held against the driver."""

from contextlib import AbstractAsyncContextManager
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol, cast

from bridge.errors import Refusal
from bridge.ports.driver import Answering, Device, Driver, Link


class Bench(Protocol):
    """A device of one kind, and the person at the far end."""

    #: the line's number, and the far end's
    ours: str
    theirs: str

    @property
    def device(self) -> Device:
        """As the configuration has it; short of patience, so that silence is noticed within a second."""
        ...

    async def received(self, count: int) -> list[str]:
        """Texts that the far end has got, oldest first, once there are so many."""
        ...

    def reply(self, text: str) -> None:
        """The far end writes to the line."""
        ...

    def refuse(self, refusal: Refusal) -> None:
        """The next message meets this kind of refusal."""
        ...

    def fall_silent(self) -> None:
        """The next message reaches the device and goes out, and the device never says what became of it."""
        ...

    def unplug(self) -> None:
        """The device goes away."""
        ...


class AnsweringBench(Bench, Protocol):
    """The bench of a driver whose links are `Answering`: its device calls the bridge."""

    def answer_by(self, link: Answering) -> None:
        """From now on the device's calls are for this link."""
        ...


async def open_on(driver: Driver, bench: Bench) -> Link:
    """A link to the bench's device, as the bridge opens it. Raises what `Driver.open` does."""
    link = await driver.open(bench.device)
    if isinstance(link, Answering):
        cast(AnsweringBench, bench).answer_by(link)
    return link


def programs_for(driver: str) -> tuple[str, ...]:
    """What a driver's bench starts besides Python, as its `NEEDS` says."""
    module = f"tests.contract.benches.{driver}"
    return getattr(import_module(module), "NEEDS", ()) if find_spec(module) else ()


def bench_for(driver: str) -> AbstractAsyncContextManager[Bench]:
    """The bench of a driver; fails with what to add when there is none."""
    module = f"tests.contract.benches.{driver}"
    if find_spec(module) is None:
        raise AssertionError(
            f"The driver {driver} has no bench: add tests/contract/benches/{driver}.py with `bench()`, an async "
            "context manager giving what `tests.contract.bench.Bench` describes, so that the contract holds for it too."
        )
    return cast(AbstractAsyncContextManager[Bench], import_module(module).bench())
