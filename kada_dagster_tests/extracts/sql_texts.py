"""Hypothesis strategies for SQL text: literals with a secret in them, tokens, any text at all."""

from __future__ import annotations

from hypothesis import strategies as st

SECRET = "hunter2"
DIGITS = "982451653"
PLANTED = (SECRET, DIGITS, "c0ffee", "101010011", "982_451")
CONTENT = st.lists(
    st.sampled_from([*"ab1'\"\\ $\n!-é", "''", "$$", "$t$", "--", "/*", "*/", "\\'", "1.5"]),
    max_size=6,
).map("".join)


@st.composite
def contents(draw: st.DrawFn) -> str:
    return draw(CONTENT) + SECRET + draw(CONTENT)


def doubled(content: str) -> str:
    return content.replace("'", "''")


@st.composite
def string_literals(draw: st.DrawFn) -> str:
    """Any form of string, valid under standard_conforming_strings = on, a secret in it."""
    form = draw(st.sampled_from(["", "N", "E", "U&", "uescape", "dollar", "bits", "continued"]))
    content = draw(contents())
    if form == "bits":
        return draw(st.sampled_from(["B'101010011'", "b'101010011'", "X'c0ffee'", "x'c0ffee'"]))
    if form == "dollar":
        tags = [t for t in ("", "t", "é1", "_Q") if f"${t}$" not in f"{content}${t}"]
        tag = draw(st.sampled_from(tags))
        return f"${tag}${content}${tag}$"
    if form == "E":
        quote = draw(st.sampled_from(["''", "\\'"]))
        text = content.replace("\\", "\\\\").replace("'", quote)
        gap = draw(st.sampled_from(["", "'\n'", "' -- it's\n -- \n '"]))
        return f"E'{text}{gap}x'" if gap else f"e'{text}'"
    if form == "U&":
        return "U&'" + doubled(content.replace("\\", "\\\\")) + "'"
    if form == "uescape":
        return "u&'" + doubled(content.replace("!", "!!")) + "' UEscape '!'"
    if form == "continued":
        return f"'{doubled(content)}'  \n  '{doubled(content)}'"
    return f"{form}'{doubled(content)}'"


NUMBERS = st.sampled_from(
    [
        "982451653",
        "982451653.",
        ".982451653",
        "1e982451653",
        "0x982451653",
        "982_451",
        "1.982451653E-3",
    ]
)
NAMES = st.from_regex(r"[A-Za-z_é表][A-Za-z0-9_$é]{0,6}", fullmatch=True).filter(
    lambda name: name.lower() != "uescape"
)
QUOTED = (CONTENT.filter(bool)).map(lambda name: '"' + name.replace('"', '""') + '"')
TIGHT = (",", "(", ")", ";", "=", "[", "]")
OPERATORS = st.sampled_from([*TIGHT, "->>", "||", "::", "-", "@>", "#>>", "&", "*", "/", ":=", "."])
TOKENS = st.lists(
    st.one_of(
        st.tuples(st.just("<string>"), string_literals()),
        st.tuples(st.just("<number>"), NUMBERS),
        st.one_of(NAMES, QUOTED, OPERATORS, st.just("$1")).map(lambda kept: (kept, kept)),
    ),
    min_size=1,
    max_size=14,
)
GAPS = st.sampled_from(
    [" ", " ", "\n", "/* hunter2 ' */", "/*/* hunter2 */ $$ */", " -- hunter2 it's\n", " --\r\n"]
)

ATOMS = st.sampled_from(
    [
        *"'\"\\$-*/+.:0159_eEuUbxnaé&|[]();<=~!@#?%^ \n\r\t\v`{",
        "''",
        "$$",
        "$a$",
        "--",
        "/*",
        "*/",
        "..",
    ]
    + [
        "E'",
        "U&'",
        'U&"',
        "N'",
        "B'",
        "1e5",
        "0x1F",
        "1_0",
        " UESCAPE '!'",
        "\n'b'",
        "'x'",
        "$1",
        "😀",
    ]
)
TEXTS = st.one_of(st.lists(ATOMS, max_size=16).map("".join), st.text(max_size=30))
