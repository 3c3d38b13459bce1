"""What the fields of a SAS token say about a refusal, and what is not taken for a token."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from kada_dagster.errors import ConfigError
from kada_dagster.landing.azure_token import clean_token, refusal

NOW = datetime(2024, 5, 1, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize("text", ["sv=1&sig=x", "?sv=1&sig=x", " ?sv=1&sig=x\n"])
def test_a_token_is_taken_with_and_without_question_mark(text: str) -> None:
    assert clean_token(text) == "sv=1&sig=x"


@pytest.mark.parametrize(
    "text", ["", "Q29uZmlkZW50aWFs==", "https://a.b/c?sv=1&sig=x", "a b sig=x"]
)
def test_what_is_no_token_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ConfigError, match="not a SAS token") as caught:
        clean_token(text)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "needs", "over_tls", "said"),
    [
        ("se=2024-05-01T11:59:59Z", "w", True, "expired at 2024-05-01 11:59:59 UTC"),
        ("se=2024-05-01T12:00:00Z", "w", True, "expired at 2024-05-01 12:00:00 UTC"),
        ("se=2024-05-01T11:00Z", "r", True, "expired at 2024-05-01 11:00:00 UTC"),
        ("se=2024-05-01", "w", True, "expired at 2024-05-01 00:00:00 UTC"),
        ("st=2024-05-01T12%3A00%3A01Z", "w", True, "valid from 2024-05-01 12:00:01 UTC on"),
        ("sp=rl", "w", True, r"lacks the permission write \(w\), it has rl"),
        ("sp=cw", "r", True, r"lacks the permission read \(r\), it has cw"),
        ("sp=rw&ss=qf&srt=o", "w", True, "not for the Blob service"),
        ("sp=rw&ss=b&srt=sc", "w", True, "not for objects"),
        ("sp=rw&sr=b", "w", True, "for a single blob"),
        ("sp=rw&sr=c&spr=https", "w", False, "for https only"),
    ],
)
def test_a_field_explains_a_refusal(fields: str, needs: str, over_tls: bool, said: str) -> None:
    found = refusal(f"sv=1&{fields}&sig=hidden", needs, NOW, over_tls=over_tls)
    with pytest.raises(ValueError, match=said):
        raise ValueError(found)
    assert "hidden" not in str(found)


@pytest.mark.parametrize(
    "fields",
    [
        "sp=rcw&sr=c&st=2024-05-01T12:00:00Z&se=2024-05-01T12:00:01Z&spr=https,http",
        "sp=rwdlac&ss=bfqt&srt=sco&se=2030-01-01",
        "si=policy&sr=c",
        "sp=w&sr=d&se=2024-06-01T00:00:00Z",
        "sp=w&se=nonsense",
    ],
)
def test_good_fields_explain_nothing(fields: str) -> None:
    assert refusal(f"{fields}&sig=hidden", "w", NOW, over_tls=True) is None
