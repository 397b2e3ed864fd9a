"""Shared by template dialects: a message's template and provider, encoded in its tag."""

from collections.abc import Mapping

#: of a template: who comes from the vendor has those that the vendor has
UNKNOWN = "不存在或未通过审核(请用 sms-bridge template add 添加)"
#: what `Dialect.sample` of these dialects sends with: an account that has this template can send any text
SAMPLE_ID, SAMPLE_TEXT = "text", "{text}"


def tag(**told: str) -> str:
    """Encode as `template_id=…;provider=…`, without empty values; ids and names contain no `;`."""
    return ";".join(f"{name}={value}" for name, value in told.items() if value)


def told(tag: str) -> Mapping[str, str]:
    """Decode what `tag` made; empty for any other text."""
    pairs = [part.partition("=") for part in tag.split(";")] if tag.startswith("template_id=") else []
    return {name: value for name, _, value in pairs}
