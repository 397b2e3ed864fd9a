"""The dialect of a Chinese SMS platform that sends by template: JSON in, JSON out, told in Chinese.

Two published pages describe the same four endpoints. What is ours, because the pages leave it open: the answer to
`/api/sms/batch-send`, what a record has beside the five keys of the page, how numbers of other lengths are masked,
and that a body with a key that is not in the page is refused rather than half understood.
"""


def __getattr__(name: str) -> object:
    """`DIALECT`, imported when it is asked for: what the dialect declares is known without it."""
    if name != "DIALECT":
        raise AttributeError(name)
    from api.dialects.template_platform.dialect import TemplatePlatform

    return TemplatePlatform
