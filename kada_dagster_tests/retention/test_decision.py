"""Which staged runs may go: rules by example, and a source that lives through anything."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.hwm.history import MarkChange
from kada_dagster.hwm.mark import MarkState, moved, uploaded
from kada_dagster.hwm.window import Window, parse_hwm
from kada_dagster.retention.decision import (
    Kept,
    StagedRun,
    counted,
    upload_in_history,
    why_kept,
)
from kada_dagster_tests.retention.staged import DAYS

NOW = parse_hwm("2024-06-01 00:00:00")
RUN = StagedRun(DAYS[1], NOW - timedelta(days=60), NOW - timedelta(days=40))
BEFORE = NOW - timedelta(days=30)


def kept(
    run: StagedRun = RUN, mark: datetime | None = NOW, newest: Window = DAYS[5]
) -> Kept | None:
    return why_kept(run, mark=mark, newest=newest, before=BEFORE)


def test_a_run_goes_when_everything_speaks_for_it() -> None:
    assert kept() is None


@pytest.mark.parametrize(
    ("reason", "found"),
    [
        (Kept.NOT_UPLOADED, kept(replace(RUN, uploaded_at=None))),
        (Kept.NOT_PASSED, kept(mark=None)),
        (Kept.NOT_PASSED, kept(mark=RUN.window.end - timedelta(seconds=1))),
        (Kept.NEWEST, kept(newest=RUN.window)),
        (Kept.YOUNG, kept(replace(RUN, uploaded_at=BEFORE + timedelta(seconds=1)))),
    ],
)
def test_one_reason_is_enough_to_keep_it(reason: Kept, found: Kept | None) -> None:
    assert found is reason


def test_a_mark_at_the_end_of_the_window_is_past_it() -> None:
    assert kept(mark=RUN.window.end) is None


def test_reasons_are_counted_in_their_order() -> None:
    reasons = [Kept.YOUNG, Kept.NOT_UPLOADED, Kept.YOUNG]
    assert counted(reasons) == [(Kept.NOT_UPLOADED, 1), (Kept.YOUNG, 2)]


def change(action: str, window: Window | None, at: datetime = NOW) -> MarkChange:
    return MarkChange(at, action, window, None, NOW)


def test_the_history_knows_an_upload_of_the_window_after_the_extract() -> None:
    assert upload_in_history(RUN, [change("uploaded", RUN.window)]) == NOW
    assert upload_in_history(RUN, [change("uploaded", DAYS[2])]) is None
    early = change("uploaded", RUN.window, at=RUN.extracted_at)
    assert upload_in_history(RUN, [early]) is None


def test_an_upload_of_a_longer_span_may_have_sent_another_run() -> None:
    whole = Window(DAYS[0].start, DAYS[3].end)
    assert upload_in_history(RUN, [change("uploaded", whole)]) is None


@pytest.mark.parametrize("window", [None, DAYS[1]])
@pytest.mark.parametrize("action", ["set", "published"])
def test_a_mark_that_was_moved_says_nothing_of_uploads(action: str, window: Window | None) -> None:
    assert upload_in_history(RUN, [change(action, window)]) is None


@dataclass
class Source:
    """A source as it is lived: what really happened beside what is written down of it.

    Attributes:
        version: of the run of each window that is there.
        extracted, sent: when each version was, for the first time.
        noted: the note of each window: the version it names, and when.
    """

    now: datetime = NOW - timedelta(days=100)
    state: MarkState = field(default_factory=MarkState)
    history: list[MarkChange] = field(default_factory=list[MarkChange])
    version: dict[Window, int] = field(default_factory=dict[Window, int])
    extracted: dict[int, datetime] = field(default_factory=dict[int, datetime])
    sent: dict[int, datetime] = field(default_factory=dict[int, datetime])
    noted: dict[Window, tuple[int, datetime]] = field(
        default_factory=dict[Window, "tuple[int, datetime]"]
    )

    def extract(self, window: Window) -> None:
        """Write a run, in place of an earlier one."""
        version = len(self.extracted)
        self.version[window], self.extracted[version] = version, self.now

    def upload(self, window: Window, *, dies: bool) -> None:
        """Send the run of a window and record it; a process may die before it notes the upload."""
        if window not in self.version:
            return
        version = self.version[window]
        self.sent.setdefault(version, self.now)
        if not dies:
            self.noted[window] = (version, self._second)
        before, self.state = self.state, uploaded(self.state, window, DAYS[0].start)
        if self.state != before:  # what changes nothing is not written down
            self.history.append(MarkChange.now("uploaded", window, before, self.state))
            self.history[-1] = replace(self.history[-1], at=self._second)
            del self.history[:-4]

    def set(self, moment: datetime) -> None:
        """Put the mark somewhere by hand."""
        before, self.state = self.state, moved(self.state, moment)
        self.history.append(
            replace(MarkChange.now("set", None, before, self.state), at=self._second)
        )

    @property
    def newest(self) -> Window | None:
        return max(self.version, key=lambda window: self.version[window], default=None)

    def going(self, before: datetime) -> list[Window]:
        """The windows whose runs may go, by what is written down."""
        found: list[Window] = []
        for window, version in self.version.items():
            run = StagedRun(window, self.extracted[version], self._uploaded_at(window))
            if run.uploaded_at is None:
                run = replace(run, uploaded_at=upload_in_history(run, self.history))
            if why_kept(run, mark=self.state.mark, newest=self.newest, before=before) is None:
                found.append(window)
        return found

    def _uploaded_at(self, window: Window) -> datetime | None:
        version, at = self.noted.get(window, (None, None))
        return at if version == self.version[window] else None

    @property
    def _second(self) -> datetime:
        return self.now.replace(microsecond=0)


WINDOWS = [*DAYS, Window(DAYS[0].start, DAYS[2].end), Window(DAYS[1].start, DAYS[4].end)]
windows = st.sampled_from(WINDOWS)
pauses = st.sampled_from([0.0, 0.4, 1.0, 3600.0, 86_400.0 * 20])
deeds = st.one_of(
    st.tuples(st.just("extract"), windows),
    st.tuples(st.just("upload"), windows),
    st.tuples(st.just("dies"), windows),
    st.tuples(st.just("set"), windows),
)
lives = st.lists(st.tuples(pauses, deeds), max_size=25)


@settings(max_examples=200, deadline=None)
@given(lives)
def test_nothing_goes_that_was_not_sent_as_it_is_or_that_the_mark_has_not_passed(
    life: list[tuple[float, tuple[str, Window]]],
) -> None:
    source = Source()
    for pause, (deed, window) in life:
        source.now += timedelta(seconds=pause)
        if deed == "extract":
            source.extract(window)
        elif deed == "set":
            source.set(window.end)
        else:
            source.upload(window, dies=deed == "dies")
        before = source.now - timedelta(days=30)
        for gone in source.going(before):
            version = source.version[gone]
            assert source.sent[version] <= before + timedelta(seconds=1)
            assert source.state.mark is not None
            assert gone.end <= source.state.mark
            assert gone != source.newest
            del source.version[gone]
            source.noted.pop(gone, None)


@settings(max_examples=60, deadline=None)
@given(st.lists(windows, min_size=2, unique=True))
def test_everything_else_goes_in_the_end(order: list[Window]) -> None:
    """A source that is extracted and uploaded without a gap keeps one run."""
    source = Source()
    for window in order:
        source.now += timedelta(seconds=1)
        source.extract(window)
        source.upload(window, dies=False)
    source.set(DAYS[-1].end)
    later = source.now + timedelta(days=31)
    assert set(order) - set(source.going(later - timedelta(days=30))) == {source.newest}
