"""What the dialects that send by template share: which template and provider a message was made with, in its tag."""

from collections.abc import Mapping

#: what `Dialect.sample` of these dialects sends with: an account that has this template can send any text
SAMPLE_ID, SAMPLE_TEXT = "text", "{text}"


def tag(**told: str) -> str:
    """`template_id=…;provider=…`, without what is empty; ids and names have no `;` in them."""
    return ";".join(f"{name}={value}" for name, value in told.items() if value)


def told(tag: str) -> Mapping[str, str]:
    """What `tag` was made of; nothing when it is a text of somebody else's."""
    pairs = [part.partition("=") for part in tag.split(";")] if tag.startswith("template_id=") else []
    return {name: value for name, _, value in pairs}
