"""Checks side by side: in order, each with an end, none hides another."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator

import pytest

from kada_dagster.doctor.check import Check, Finding, Verdict, fail, ok, warn
from kada_dagster.doctor.running import AT_ONCE, run_checks
from kada_dagster.errors import ConfigError


def done(checks: list[Check], limit: float = 5, within: float = 20) -> list[Finding]:
    return list(run_checks(checks, limit=limit, within=within))


def told(findings: Iterable[Finding]) -> list[str]:
    return [f"{one.status.value} {one.name}: {one.message}" for one in findings]


def check(name: str, *verdicts: Verdict, needs: tuple[Check, ...] = ()) -> Check:
    return Check("s", name, lambda: verdicts or [ok("fine")], needs=needs)


def hanging(end: threading.Event) -> Check:
    def probe() -> Iterator[Verdict]:
        end.wait(30)
        yield ok("too late")

    return Check("s", "hangs", probe)


@pytest.fixture
def end() -> Iterator[threading.Event]:
    """Set at the end: nothing of a test hangs on."""
    event = threading.Event()
    yield event
    event.set()


def test_findings_come_in_the_order_of_the_checks_whatever_takes_longer() -> None:
    def slow() -> Iterator[Verdict]:
        time.sleep(0.2)
        yield ok("slow")

    assert told(done([Check("s", "a", slow), check("b")])) == ["OK a: slow", "OK b: fine"]


def test_a_check_that_fails_or_breaks_hides_no_other() -> None:
    def refused() -> Iterator[Verdict]:
        yield warn("before")
        raise ConfigError("field: wrong;\n  mend it")

    def broken() -> Iterator[Verdict]:
        raise KeyError("x")
        yield

    checks = [Check("s", "a", refused), Check("s", "b", broken), check("c")]
    assert told(done(checks)) == [
        "WARN a: before",
        "FAIL a: field: wrong; mend it",
        "FAIL b: the check itself failed: KeyError: 'x'",
        "OK c: fine",
    ]


def test_what_needs_a_check_that_failed_is_skipped_and_says_why() -> None:
    server = check("server", fail("down"))
    login = check("login", needs=(server,))
    rights = check("rights", needs=(login,))
    other = Check("t", "other", lambda: [ok("fine")], needs=(server,))
    assert told(done([server, login, rights, other]))[1:] == [
        "SKIP login: not checked: server failed",
        "SKIP rights: not checked: login was not checked",
        "SKIP other: not checked: s server failed",
    ]


def test_a_warning_stands_in_nobodys_way() -> None:
    first = check("first", warn("look"))
    assert told(done([first, check("second", needs=(first,))]))[1] == "OK second: fine"


def test_a_check_that_hangs_is_given_up_and_the_others_are_done(end: threading.Event) -> None:
    began = time.monotonic()
    findings = told(done([hanging(end), check("b")], limit=0.3))
    assert time.monotonic() - began < 3
    assert findings[0].startswith("FAIL hangs: did not end within 0.3 s: it hangs or is very slow")
    assert findings[1] == "OK b: fine"


def test_all_together_have_an_end_too(end: threading.Event) -> None:
    checks = [hanging(end) for _ in range(AT_ONCE + 1)]
    began = time.monotonic()
    findings = done(checks, limit=60, within=0.3)
    assert time.monotonic() - began < 3
    assert [one.status.value for one in findings] == ["FAIL"] * AT_ONCE + ["SKIP"]
    assert findings[-1].message == "not checked: no time was left"


def test_so_many_are_at_work_at_once_and_no_more() -> None:
    lock, working, most = threading.Lock(), 0, 0

    def probe() -> Iterator[Verdict]:
        nonlocal working, most
        with lock:
            working += 1
            most = max(most, working)
        time.sleep(0.05)
        with lock:
            working -= 1
        yield ok("fine")

    done([Check("s", str(number), probe) for number in range(3 * AT_ONCE)])
    assert most == AT_ONCE


def test_what_waits_for_others_waits_for_failed_ones_too() -> None:
    seen: list[str] = []

    def probe(name: str, seconds: float) -> Check:
        def look() -> Iterator[Verdict]:
            time.sleep(seconds)
            seen.append(name)
            yield fail(name)

        return Check("s", name, look)

    slow, fast = probe("slow", 0.2), probe("fast", 0)
    last = Check("s", "last", lambda: [ok(", ".join(seen))], after=(slow, fast))
    assert told(done([last, slow, fast]))[0] == "OK last: fast, slow"


def test_a_check_that_waits_for_one_that_is_not_there_is_no_endless_loop() -> None:
    with pytest.raises(ValueError, match="not there"):
        done([check("a", needs=(check("b"),))])
