"""The dialect of a Chinese template SMS platform: JSON in and out, messages in Chinese.

Two published pages describe the same four endpoints. What is ours, because the pages leave it open: the answer to
`/api/sms/batch-send`, what a record has beside the five keys of the page, how numbers of other lengths are masked,
and that a body with a key that is not in the page is refused rather than half understood.
"""


def __getattr__(name: str) -> object:
    """`DIALECT`, imported on first use, so that declarations can be read without it."""
    if name != "DIALECT":
        raise AttributeError(name)
    from api.dialects.template_platform.dialect import TemplatePlatform

    return TemplatePlatform
