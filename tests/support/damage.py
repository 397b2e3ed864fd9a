"""What a dying card does to a store: pages that are not what was written."""

from pathlib import Path

PAGE = 2048


def pages_with(database: Path, words: bytes) -> list[int]:
    """The pages of a closed store that have these bytes."""
    content = database.read_bytes()
    return [number for number in range(len(content) // PAGE) if words in content[number * PAGE : (number + 1) * PAGE]]


def flip(database: Path, *pages: int) -> None:
    """Every bit of them."""
    with database.open("r+b") as file:
        for page in pages:
            file.seek(page * PAGE)
            turned = bytes(255 - each for each in file.read(PAGE))
            file.seek(page * PAGE)
            file.write(turned)
