"""The account/MD5 dialect, as «短信接口文档» 1.0 with its additions of 2019-12-25 describes it.

What is ours, because the page leaves it open: the codes of errors, the words for failures beside `MBBLACK`, that
`data` of the two lists is a JSON array (the page prints none that parses), and `extNo` of an SMS that came in: that
of the last message to its sender.
"""


def __getattr__(name: str) -> object:
    """`DIALECT`, imported on first use, so that declarations can be read without it."""
    if name != "DIALECT":
        raise AttributeError(name)
    from api.dialects.account_v1.dialect import AccountV1

    return AccountV1
