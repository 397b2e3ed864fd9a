"""`sim`."""

import click


@click.group()
def sim() -> None:
    """x"""
