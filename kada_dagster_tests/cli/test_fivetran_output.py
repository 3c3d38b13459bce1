"""What the command says: lines that steer no terminal, JSON that stays JSON, signals in order."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.cli.fivetran.ending import Log, json_text, moment
from kada_dagster.cli.interruption import terminable
from kada_dagster.cli.session import Session
from kada_dagster.secrets import Secret

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(JSON)
def test_json_means_the_same_and_holds_nothing_that_steers_a_terminal(value: object) -> None:
    text = json_text(value)
    assert json.loads(text) == value
    assert all(char.isprintable() or char == "\n" for char in text)


def test_json_is_readable() -> None:
    assert json_text({"name": "Größe"}) == '{\n  "name": "Größe"\n}'


def test_moments_are_written_as_the_api_writes_them() -> None:
    at = datetime(2026, 11, 2, 10, 30, 1, 275000, timezone(timedelta(hours=2)))
    assert moment(at) == "2026-11-02T08:30:01.275000Z"
    assert moment(None) is None
    assert json_text([at]) == '[\n  "2026-11-02T08:30:01.275000Z"\n]'


def test_what_is_no_json_is_an_error_and_not_a_repr() -> None:
    with pytest.raises(TypeError, match="Secret is not for JSON"):
        json_text([Secret(value="pl4nted")])


def test_an_event_is_one_line_with_its_time_and_without_secrets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = Log(Session(secrets=[Secret(value="pl4nted-secret")]))
    log("first\n  second \x1b[31m pl4nted-secret")
    said = capsys.readouterr()
    assert said.out == ""
    line = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d first second \N{REPLACEMENT CHARACTER}\[31m \*\*\*\n"
    assert re.fullmatch(line.replace(r"\N{REPLACEMENT CHARACTER}", "\ufffd"), said.err)


def test_the_signal_to_terminate_interrupts_once() -> None:
    before = signal.getsignal(signal.SIGTERM)
    cleaned: list[bool] = []

    def cancelled() -> None:
        with terminable():
            try:
                os.kill(os.getpid(), signal.SIGTERM)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)
                cleaned.append(True)

    with pytest.raises(KeyboardInterrupt):
        cancelled()
    assert cleaned
    assert signal.getsignal(signal.SIGTERM) == before


def test_another_thread_leaves_signals_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen: list[object] = []

    def work() -> None:
        with terminable():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
