"""Whatever the text: masked, it holds no literal and no comment, and all else in its order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.extracts.masking import MaskingError, mask_sql
from kada_dagster_tests.extracts.sql_scan import LexerError, scan, skeleton
from kada_dagster_tests.extracts.sql_texts import GAPS, PLANTED, TEXTS, TIGHT, TOKENS


def known(token: str) -> list[str]:
    """A generated token as the second lexer spells it: operators one character at a time."""
    return [token] if token in ("<string>", "<number>") else [part for _, part in scan(token)]


@given(data=st.data(), tokens=TOKENS)
@settings(max_examples=400, deadline=None)
def test_no_planted_secret_survives_and_every_other_token_does(
    data: st.DataObject, tokens: list[tuple[str, str]]
) -> None:
    text, kept = "", []
    for truth, spelling in tokens:
        if kept and not {kept[-1], truth} & set(TIGHT):
            text += "," if kept[-1] == truth == "<string>" else data.draw(GAPS)
            kept += [","] if kept[-1] == truth == "<string>" else []
        text += spelling
        kept.append(truth)
    masked = mask_sql(text + data.draw(GAPS), standard_conforming_strings=True)
    assert not [planted for planted in PLANTED if planted in masked]
    assert skeleton(masked) == [token for each in kept for token in known(each)]


@given(TEXTS)
@settings(max_examples=1500, deadline=None)
def test_any_text_is_refused_or_left_without_literals_and_comments(text: str) -> None:
    try:
        before = skeleton(text)
    except LexerError:
        with pytest.raises(MaskingError):
            mask_sql(text, standard_conforming_strings=True)
        return
    masked = mask_sql(text, standard_conforming_strings=True)
    assert skeleton(masked) == before
    left = {token for token in scan(masked) if token[0] in ("string", "number", "comment")}
    assert left <= {("string", "'***'"), ("number", "0")}
    assert not [spelling for kind, spelling in scan(masked) if kind == "space" and "-" in spelling]
    assert mask_sql(masked) == masked


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_without_the_setting_only_text_that_reads_alike_under_both_is_masked(text: str) -> None:
    try:
        masked = mask_sql(text)
    except MaskingError:
        return
    assert masked == mask_sql(text, standard_conforming_strings=True)
    assert masked == mask_sql(text, standard_conforming_strings=False)
