"""Masked SQL is known to the character for texts written by hand, and bounded for hostile ones."""

from __future__ import annotations

import re

import pytest

from kada_dagster.extracts.masking import Masker, MaskingError, mask_sql
from kada_dagster_tests.extracts.sql_scan import skeleton
from kada_dagster_tests.extracts.sql_texts import DIGITS, SECRET

CASES = [
    ("", ""),
    ("SELECT 'x'", "SELECT '***'"),
    ("SELECT ''", "SELECT '***'"),
    ("SELECT 'it''s'", "SELECT '***'"),
    ("SELECT ''''", "SELECT '***'"),
    ("SELECT 'a\\\\'", "SELECT '***'"),
    ("SELECT 'c:\\dir', 'x'", "SELECT '***', '***'"),
    ("SELECT E'it\\'s', b", "SELECT '***', b"),
    ("SELECT e'\\\\', b", "SELECT '***', b"),
    ("SELECT E'a''b\\''''", "SELECT '***'"),
    ("SELECT E'a'\n  'b\\'c' d", "SELECT '***' d"),
    ("SELECT E'a' -- first\n -- second\n 'b\\'c' d", "SELECT '***' d"),
    ("SELECT 'a'\n'b' c", "SELECT '***'\n c"),
    ("SELECT 'a' /* no continuation */ \n'b' c", "SELECT '***'   \n c"),
    ("SELECT U&'d\\0061t', x", "SELECT '***', x"),
    ("SELECT U&'d!0061t' UESCAPE '!', x", "SELECT '***', x"),
    ("SELECT u&'a'\n'b'uescape'!' x", "SELECT '***' x"),
    ('SELECT U&"d\\0061t", 1', 'SELECT U&"d\\0061t", 0'),
    ("SELECT U&\"d!0061t\" UESCAPE '!', 1", "SELECT U&\"d!0061t\" UESCAPE '!', 0"),
    ("SELECT B'1010', x'1F'::bit(8)", "SELECT '***', '***'::bit(0)"),
    ("SELECT N'secret'", "SELECT '***'"),
    ("SELECT date'2020-01-01'", "SELECT date'***'"),
    ("SELECT note'x', be'y', u_'z'", "SELECT note'***', be'***', u_'***'"),
    ("SELECT $$it's$$, b", "SELECT '***', b"),
    ("SELECT $a$ $$ $b$ 'x' $a$, b", "SELECT '***', b"),
    ("SELECT $é$x$é$, b", "SELECT '***', b"),
    ("SELECT $a$x$$a$, b", "SELECT '***', b"),
    ("SELECT $A$x$a$y$A$, b", "SELECT '***', b"),
    ("SELECT $$a$$$$b$$", "SELECT '***'"),
    ("SELECT a$b, a$b$c, $1, x$$y$$z", "SELECT a$b, a$b$c, $1, x$$y$$z"),
    ("SELECT $1$$x$$", "SELECT $1'***'"),
    ("LIMIT $1OFFSET $2, $3E'a\\'b'", "LIMIT $1OFFSET $2, $3'***'"),
    ("SELECT U&$$x$$", "SELECT U& '***'"),
    ("SELECT U&E'x'", "SELECT U& '***'"),
    ("DO $do$ BEGIN PERFORM 'x'; END $do$ LANGUAGE plpgsql", "DO '***' LANGUAGE plpgsql"),
    ('SELECT "it\'s", "a""b 1", "-- no"', 'SELECT "it\'s", "a""b 1", "-- no"'),
    ('SELECT "/*" FROM "$$" WHERE "x"=1', 'SELECT "/*" FROM "$$" WHERE "x"=0'),
    ("a/* x */b", "a b"),
    ("a/* x /* 'y' */ -- z */b", "a b"),
    ("a/*/*/ */ */b", "a b"),
    ("a/***/b/**/c", "a b c"),
    ("a//*x*/b", "a/ b"),
    ("a */*x*/ b", "a *  b"),
    ("a--x\nb", "a\nb"),
    ("a--x\r\nb", "a\r\nb"),
    ("a -- it's /* open", "a "),
    ("a+--x\n-b", "a+\n-b"),
    ("a <-/**/- b", "a <- - b"),
    ("a - -5, 3-1, -.5", "a - -0, 0-0, -0"),
    ("a--5", "a"),
    ("a->>'k'->0, b#>>'{a,1}', c@>'x', d?'k'", "a->>'***'->0, b#>>'***', c@>'***', d?'***'"),
    ("1, 1., .5, 1.5, 1e10, 1.e-5, .5E+3", "0, 0, 0, 0, 0, 0, 0"),
    ("1_000, 0x1F, 0XAB_CD, 0o17, 0b1_0, 1_0.5_0e1_0", "0, 0, 0, 0, 0, 0"),
    ("FOR i IN 1..10 LOOP", "FOR i IN 0..0 LOOP"),
    ("FOR i IN 1.5..x LOOP", "FOR i IN 0..x LOOP"),
    ("FOR i IN a..5 LOOP", "FOR i IN a..0 LOOP"),
    ("1.5.5 .5.5", "0 0 0 0"),
    ("1...5", "0..0"),
    ("1.5.a", "0 .a"),
    ('a.5, $1.5, "a".5, (.5)', 'a 0, $1 0, "a"0, (0)'),
    ("t1.c2, a1b2, _9, é1", "t1.c2, a1b2, _9, é1"),
    ("varchar(10), numeric(10,2), a[1][2:3]", "varchar(0), numeric(0,0), a[0][0:0]"),
    ("'1'::int::text", "'***'::int::text"),
    ("x := 5; f(a => 'b', c := 1)", "x := 0; f(a => '***', c := 0)"),
    ("interval '1' day, timestamp(3)'x'", "interval '***' day, timestamp(0)'***'"),
    (
        "#variable_conflict use_column\n<<top>> a%TYPE",
        "#variable_conflict use_column\n<<top>> a%TYPE",
    ),
    ("SELECT 'é😀', é😀 FROM 表", "SELECT '***', é😀 FROM 表"),
    ("SELECT 'a'\xa0'b'", "SELECT '***'\xa0'***'"),
    ("SELECT 'a\nb' \f\v, 1", "SELECT '***' \f\v, 0"),
    ("'***', 0", "'***', 0"),
]
REFUSED = [
    "'x hunter2", "SELECT 'it''s hunter2", "E'hunter2\\'", "E'a\\", "E'a''b\\' hunter2",
    "E'a'\n'b\\' hunter2", "U&'hunter2", "B'hunter2", "n'hunter2", "$$ hunter2", "$a$ hunter2 $A$",
    "$a$ hunter2 $a", '"hunter2', 'U&"hunter2', '"a""', "/* hunter2", "/* /* hunter2 */", "/*/",
    "982451653hunter2", "1_", "1__0", "0x", "0xG", "0b12", "0o8", "1e", "1e+", "1.a", "1.5_", "1$1",
    "1$$hunter2$$", "$ 1", "$a", "$", "a$b $c", "\\", "\\'hunter2'", "{{ 'hunter2' }}",
    "`it's` = 'hunter2'", "a\0b", "a\x1fb", "a\x7fb",
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_a_known_text_is_masked_exactly(text: str, expected: str) -> None:
    assert mask_sql(text) == expected
    assert mask_sql(expected) == expected
    assert skeleton(expected) == skeleton(text)


@pytest.mark.parametrize("text", REFUSED)
def test_text_that_cannot_be_tokenised_is_refused_without_quoting_it(text: str) -> None:
    for setting in (None, True, False):
        with pytest.raises(MaskingError) as caught:
            mask_sql(text, standard_conforming_strings=setting)
        assert SECRET not in str(caught.value)
        assert DIGITS not in str(caught.value)
        assert re.search(r", at character [0-9]+$", str(caught.value))


def test_where_the_setting_decides_the_end_of_a_string_only_the_known_setting_masks() -> None:
    on, off = "SELECT replace(a, '\\', '/'), 'hunter2'", "SELECT 'it\\'s hunter2', b"
    for text in (on, off):
        with pytest.raises(MaskingError):
            mask_sql(text)
    for text in ("B'1\\' hunter2'", "U&'1\\' hunter2'"):  # no escapes there, whatever the setting
        for setting in (None, False):
            with pytest.raises(MaskingError):
                mask_sql(text, standard_conforming_strings=setting)
    masked = mask_sql(on, standard_conforming_strings=True)
    assert masked == "SELECT replace(a, '***', '***'), '***'"
    assert mask_sql(off, standard_conforming_strings=False) == "SELECT '***', b"
    with pytest.raises(MaskingError):
        mask_sql(off, standard_conforming_strings=True)


@pytest.mark.parametrize(
    ("text", "reason", "position"),
    [
        ("a 'x", "a string without an end", 3),
        ("a U&'x", "a string without an end", 3),
        ('a "x', "a quoted identifier without an end", 3),
        ("a /* x", "a comment without an end", 3),
        ("a $q$ x", "a dollar-quoted string without an end", 3),
        ("a 12x", "a number that runs into a word", 3),
        ("a {", "a character PostgreSQL does not know here", 3),
    ],
)
def test_the_error_says_what_is_wrong_and_where(text: str, reason: str, position: int) -> None:
    with pytest.raises(MaskingError, match=rf"{reason}.*, at character {position}$"):
        mask_sql(text)


def test_the_masker_blanks_and_counts_what_it_cannot_mask() -> None:
    masker = Masker(True)
    assert masker("SELECT 'x'") == "SELECT '***'"
    assert masker("BEGIN RETURN 5; END", "plpgsql") == "BEGIN RETURN 0; END"
    assert masker("") == masker("", "c") == ""
    assert masker.blanked == 0
    assert masker("SELECT 'x") == ""
    assert masker("return 'hunter2'", "plpython3u") == masker("hunter2", "c") == ""
    assert masker.blanked == 3
    assert Masker(True, standard_conforming_strings=True)("x LIKE y ESCAPE '\\'").endswith("'***'")


def test_a_masker_that_is_off_changes_nothing() -> None:
    masker = Masker(False)
    for text, language in (("SELECT 'x -- y", "sql"), ("return 'x'", "plperl"), ("", "sql")):
        assert masker(text, language) == text
    assert masker.blanked == 0


LONG = 250_000  # characters
ADVERSARIAL = {
    "doubled quotes": ("'", "''", ""),
    "escaped quotes": ("E'", "\\'", ""),
    "continued strings": ("E'a'", "\n'b'", "\n'"),
    "continuation that is none": ("E'a'\n", "-", ""),
    "comment lines behind a string": ("E'a'", "\n-------- ", "x"),
    "space behind a string": ("U&'a'", " ", "x"),
    "unicode names": ("U&", '"a"', '"'),
    "open comments": ("", "/*", ""),
    "nested comments": ("/*" * (LONG // 4), "*/", ""),
    "stars": ("/", "*", ""),
    "dollars": ("", "$", ""),
    "almost tags": ("$aaaaaaaa$", "$aaaaaaab", ""),
    "open tag": ("$", "a", ""),
    "digit groups": ("", "1_", ""),
    "fractions": ("", ".5", ""),
    "ranges": ("", "1..", ""),
    "minus": ("", "-\n", ""),
    "words": ("", "e ", ""),
    "backslashes": ("'", "\\", ""),
}


@pytest.mark.parametrize("shape", ADVERSARIAL)
def test_a_long_text_made_to_backtrack_is_masked_or_refused(shape: str) -> None:
    """Anything worse than linear would take an hour here: 6 * 10^10 steps."""
    first, again, last = ADVERSARIAL[shape]
    text = first + again * (LONG // len(again)) + last
    for setting in (None, True, False):
        try:
            masked = mask_sql(text, standard_conforming_strings=setting)
        except MaskingError as error:
            assert len(str(error)) < 200  # noqa: PT017 - either outcome is right
        else:
            assert len(masked) <= len(text) + 1
            assert mask_sql(masked, standard_conforming_strings=setting) == masked
