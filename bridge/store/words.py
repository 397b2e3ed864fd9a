"""The words by which FTS5 finds a part of a text or number: each three characters that follow each other.

It keeps the beginnings of these words, too, and so finds one or two characters, which are a word in Chinese. What is
found is compared with the row before it is given out: the index may say too much, and never too little.
"""

#: ends each text, so that its last characters begin three, too; nobody writes or looks for it
_END = "\ue0ff\ue0ff"
#: begins the word that stands for the row's account
_ACCOUNT = "\ue0fe"
#: of the tokenizer's letters: lower case, and what is no letter or digit out of the private use area
_LETTERS = {code: chr(code).lower() if chr(code).isalnum() else chr(0xE000 + code) for code in range(128)}


#: more than these tell nothing more
_MOST = 32


def words_of(account: str, *texts: str) -> str:
    """What the index keeps of a row. Also known to SQLite as `words_of`, for what is deleted leaves the index, too."""
    found = {_ACCOUNT + account.translate(_LETTERS)} if account else set[str]()
    for text in texts:
        found |= _threes(text.translate(_LETTERS) + _END)
    return " ".join(found)


def _threes(text: str) -> set[str]:
    return {text[start : start + 3] for start in range(len(text) - 2)}


def expression(account: str, keyword: str) -> str:
    """FTS5's for the rows that may have this in a text or number."""
    wanted = keyword.translate(_LETTERS)
    # three or more: each three of them; fewer: what begins like that
    words = [f'"{each}"' for each in sorted(_threes(wanted))[:_MOST]] or [f'"{wanted}" *']
    if account:
        words.append(f'"{_ACCOUNT}{account.translate(_LETTERS)}"')
    return " AND ".join(words)
