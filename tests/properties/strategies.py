"""What strangers send: JSON that spells lone surrogates, infinities, NUL, deep nesting and duplicate keys."""

from typing import Any

from hypothesis import strategies as st

texts = st.text(st.characters(exclude_categories=()), max_size=20)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts)
values: st.SearchStrategy[Any] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)
odd_json = st.sampled_from(
    [
        b"",
        b"{",
        b"[NaN]",
        b'{"type":"\\ud800"}',
        b'{"type":1e400}',
        b'{"type":"\\u0000"}',
        b'{"type":"a","type":null}',
        b'\xef\xbb\xbf{"type":"a"}',
        b'{"type":"\xff"}',
        b'{"type":' + b"[" * 1000 + b"]" * 1000 + b"}",
        b"[" * 100_000,
        b"9" * 310,
        b'{"type":-' + b"9" * 310 + b"}",
        b"9" * 5000,
        b'"\\',
        b"--b\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 1000,
        b"a=1&" * 1001,
    ]
)
