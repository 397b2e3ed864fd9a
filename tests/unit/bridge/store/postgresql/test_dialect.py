"""SQLite's statements in PostgreSQL's words."""

import pytest

from bridge.store.postgresql.dialect import translated


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("SELECT 1 FROM t WHERE a = ? AND b LIKE '%?%'", "SELECT 1 FROM t WHERE a = %s AND b LIKE '%%?%%'"),
        ("SELECT a % 4 FROM t WHERE b = :user", "SELECT a %% 4 FROM t WHERE b = %(user)s"),
        ("SELECT ?2, ?1, ? FROM t", "SELECT %(2)s, %(1)s, %(3)s FROM t"),
        ("SELECT user, offset FROM t LIMIT ? OFFSET ?", 'SELECT "user", "offset" FROM t LIMIT %s OFFSET %s'),
        ("SELECT 1 FROM m INDEXED BY m_x WHERE +recipient = ?", "SELECT 1 FROM m WHERE recipient = %s"),
        ("SELECT 1 FROM a CROSS JOIN m x ON x.b = 1", "SELECT 1 FROM a JOIN m x ON x.b = 1"),
        ("SELECT 1 FROM p WHERE NOT p.paused", "SELECT 1 FROM p WHERE p.paused = 0"),
        ("SELECT 1 FROM p WHERE a = 1 AND unsure", "SELECT 1 FROM p WHERE a = 1 AND unsure <> 0"),
        ("SELECT 1 FROM p WHERE substr(a, -7) = ?", "SELECT 1 FROM p WHERE right(a, 7) = %s"),
        ("SELECT 1 FROM k WHERE coalesce(k.read_at, 0) = 0", "SELECT 1 FROM k WHERE coalesce(k.read_at, 0) < 1"),
        ("SELECT 1 FROM p WHERE a IN ()", "SELECT 1 FROM p WHERE a IN (SELECT CAST(NULL AS TEXT) WHERE false)"),
        ("INSERT INTO events (id) VALUES (?)", "INSERT INTO events (id) VALUES (%s) RETURNING seq"),
        ("INSERT INTO slots VALUES (?) ON CONFLICT DO NOTHING", "INSERT INTO slots VALUES (%s) ON CONFLICT DO NOTHING"),
    ],
)
def test_says_the_same_in_its_own_words(said: str, meant: str) -> None:
    assert translated(said).text == meant


def test_hands_numbered_values_over_by_their_numbers() -> None:
    assert translated("SELECT ?2, ?1").values(("a", "b")) == {"1": "a", "2": "b"}
    assert translated("SELECT ?").values(("a",)) == ("a",)
