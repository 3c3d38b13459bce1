"""The vendor's `get_generic_logger`: times in UTC, set up once, never in the application's way."""

from __future__ import annotations

import logging
import re
from datetime import datetime, timedelta, timezone

import pytest

from kada_dagster.logs import get_generic_logger


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    return f"kada_test.{request.node.name}"


def test_a_message_goes_to_standard_error_with_its_utc_time(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Australia/Sydney")
    get_generic_logger(name).info("begun")
    out, err = capsys.readouterr()
    assert out == ""
    match = re.fullmatch(r"(.{19})\.\d{3} UTC INFO (\S+): begun\n", err)
    assert match is not None
    assert match[2] == name
    logged = datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
    assert abs(datetime.now(timezone.utc) - logged) < timedelta(hours=1)


def test_asking_twice_does_not_double_the_messages(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert get_generic_logger(name) is get_generic_logger(name)
    get_generic_logger(name).warning("once")
    assert capsys.readouterr().err.count("once") == 1


def test_a_logger_the_application_set_up_is_left_alone(name: str) -> None:
    logger = logging.getLogger(name)
    own = logging.NullHandler()
    logger.addHandler(own)
    logger.setLevel(logging.ERROR)
    assert get_generic_logger(name).handlers == [own]
    assert logger.level == logging.ERROR
