"""One window from source to landing: the steps' order, and that nothing moves after a failure."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from kada_dagster.collector.extractor import Extractor
from kada_dagster.collector.steps import WindowOutcome, run_window
from kada_dagster.errors import (
    CheckFailedError,
    ConnectionFailedError,
    ExtractError,
    KadaError,
    LandingError,
    WatermarkError,
)
from kada_dagster.extracts.checks import BASELINE_NAME, CHECK_NAMES
from kada_dagster.extracts.contract import COLUMNS, LINKAGE, META
from kada_dagster.extracts.writer import ExtractWriter
from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.hwm.window import Window
from kada_dagster.landing.local import LocalLanding

FIRST = datetime.fromisoformat("2024-01-01T00:00:00+00:00")
DAYS = [
    Window.parse(f"2024-01-0{day} 00:00:00", f"2024-01-0{day + 1} 00:00:00") for day in range(1, 4)
]


class FolderExtractor(Extractor):
    """Reads a folder of JSON files, an object each."""

    source_type = "folder"
    families = (META, LINKAGE)

    def __init__(self, root: Path, *, compress: bool = False) -> None:
        super().__init__(
            name="shop", host="h", output_path=root / "out", mask=False, compress=compress
        )
        self.folder = root / "source"

    def test_connection(self) -> None:
        if not self.folder.is_dir():
            raise ConnectionFailedError(f"{self.folder} is not there")

    def read(self, window: Window, writer: ExtractWriter) -> None:
        for path in sorted(self.folder.glob("*.json")):
            try:
                document: dict[str, str] = json.loads(path.read_text())
            except ValueError:
                raise ExtractError(f"{path.name}: not JSON") from None
            row = [document.get(column, "") for column in COLUMNS[META]]
            writer.add_rows(META, [row])


class Bench:
    """A source of a few tables, a landing and a mark, all real."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.extractor = FolderExtractor(root)
        self.landing = LocalLanding(root / "landing")
        self.marks = FileMarkStore(root / "marks")
        self.steps: list[str] = []
        self.at: dict[str, Callable[[Bench], None]] = {}
        self.extractor.folder.mkdir()
        self.fill(12)

    def fill(self, tables: int) -> None:
        for path in self.extractor.folder.iterdir():
            path.unlink()
        for number in range(tables):
            self.put(f"t{number:03}", OBJECT_TYPE="TABLE", OBJECT_ID=f"h.t{number}")

    def put(self, name: str, **values: str) -> None:
        (self.extractor.folder / f"{name}.json").write_text(json.dumps(values))

    def begin(self, step: str) -> None:
        """Notes a step, and does to it what the test arranged."""
        self.steps.append(step)
        self.at.get(step.split(maxsplit=1)[0], lambda _bench: None)(self)

    def run(
        self, window: Window = DAYS[0], *, landing: bool = True, share: float = 0.5
    ) -> WindowOutcome:
        self.steps.clear()
        return run_window(
            self.extractor,
            window,
            first=FIRST,
            marks=self.marks,
            landing=self.landing if landing else None,
            min_share_of_last=share,
            report=self.begin,
        )

    def landed(self) -> dict[str, bytes]:
        folder = self.root / "landing"
        return {p.name: p.read_bytes() for p in folder.iterdir()} if folder.is_dir() else {}

    def state(self) -> tuple[object, ...]:
        """What must not move when a step fails: landing, mark, baseline."""
        baseline = self.root / "out" / "shop" / BASELINE_NAME
        kept = baseline.read_bytes() if baseline.exists() else None
        return self.landed(), self.marks.read("shop"), kept


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_the_steps_follow_one_another_and_the_mark_is_last(bench: Bench) -> None:
    outcome = bench.run()
    assert bench.steps == [
        "connection test",
        f"extract {DAYS[0]}",
        "checks",
        f"upload to {bench.root / 'landing'}",
        "high water mark",
    ]
    assert outcome.mark.mark == DAYS[0].end
    assert outcome.held_by is None
    assert bench.marks.read("shop") == outcome.mark
    assert [check.name for check in outcome.checks] == list(CHECK_NAMES)
    assert [receipt.name for receipt in outcome.receipts] == [
        f.file for f in outcome.manifest.files
    ]
    assert bench.landed() == {
        file.file: (Path(outcome.folder) / file.file).read_bytes()
        for file in outcome.manifest.files
    }
    assert outcome.manifest.rows == {META: 12, LINKAGE: 0}


def test_without_a_landing_nothing_is_sent_and_the_mark_follows_the_checks(bench: Bench) -> None:
    outcome = bench.run(landing=False)
    assert [step.split()[0] for step in bench.steps] == ["connection", "extract", "checks", "high"]
    assert outcome.receipts == ()
    assert outcome.mark.mark == DAYS[0].end
    assert not (bench.root / "landing").exists()


def test_the_same_window_again_sends_nothing_twice_and_moves_nothing(bench: Bench) -> None:
    bench.run()
    before = bench.state()
    outcome = bench.run()
    assert [receipt.sent for receipt in outcome.receipts] == [False, False]
    assert bench.state() == before


def test_a_window_beyond_a_gap_is_sent_and_the_mark_waits_for_the_gap(bench: Bench) -> None:
    bench.run(DAYS[0])
    outcome = bench.run(DAYS[2])
    assert outcome.mark.mark == DAYS[0].end
    assert outcome.held_by == DAYS[1]
    outcome = bench.run(DAYS[1])
    assert outcome.mark.mark == DAYS[2].end
    assert outcome.held_by is None


def no_source(bench: Bench) -> None:
    for path in bench.extractor.folder.iterdir():
        path.unlink()
    bench.extractor.folder.rmdir()


def broken_source(bench: Bench) -> None:
    (bench.extractor.folder / "t005.json").write_text("{")


def duplicate(bench: Bench) -> None:
    bench.put("u", OBJECT_TYPE="VIEW", OBJECT_ID="h.t3")


def orphan(bench: Bench) -> None:
    bench.put("u", OBJECT_TYPE="VIEW", OBJECT_ID="h.u", PARENT_ID="h.nowhere")


def shrunk(bench: Bench) -> None:
    bench.fill(5)


def emptied(bench: Bench) -> None:
    bench.fill(0)


def no_landing(bench: Bench) -> None:
    folder = bench.root / "landing"
    folder.rename(bench.root / "moved")
    folder.write_text("a file in the way")


def no_mark(bench: Bench) -> None:
    Path(bench.marks.describe("shop")).write_text("soon\n")


@pytest.mark.parametrize(
    ("fault", "error", "message", "last_step"),
    [
        (no_source, ConnectionFailedError, "is not there", "connection"),
        (broken_source, ExtractError, "t005.json", "extract"),
        (duplicate, CheckFailedError, "unique_ids: META.*: more than once: h.t3", "checks"),
        (orphan, CheckFailedError, "parents_resolve: META.*: h.nowhere", "checks"),
        (shrunk, CheckFailedError, "volume: META: 5 rows, but 12", "checks"),
        (emptied, CheckFailedError, "volume: META is empty", "checks"),
    ],
)
def test_when_a_step_fails_landing_mark_and_baseline_stay_as_they_were(
    bench: Bench, fault: object, error: type[KadaError], message: str, last_step: str
) -> None:
    bench.run(DAYS[0])
    before = bench.state()
    fault(bench)  # type: ignore[operator]
    with pytest.raises(error, match=message):
        bench.run(DAYS[1])
    assert bench.steps[-1].split()[0] == last_step
    assert bench.state() == before


def test_what_failed_its_checks_stays_for_inspection_and_goes_through_once_it_is_mended(
    bench: Bench,
) -> None:
    duplicate(bench)
    with pytest.raises(CheckFailedError) as caught:
        bench.run()
    folder = bench.extractor.staging.run_folder(DAYS[0])
    assert str(folder) in str(caught.value)
    assert (folder / "manifest.json").is_file()
    (bench.extractor.folder / "u.json").unlink()
    assert bench.run().mark.mark == DAYS[0].end


def test_a_landing_that_cannot_be_written_is_found_before_the_extract(bench: Bench) -> None:
    (bench.root / "landing").write_text("a file in the way")
    with pytest.raises(LandingError):
        bench.run(DAYS[0])
    assert bench.steps == ["connection test"]
    assert bench.extractor.staging.runs() == {}


def test_a_landing_that_fails_at_the_upload_holds_the_mark(bench: Bench) -> None:
    bench.run(DAYS[0])
    bench.at["upload"] = no_landing
    with pytest.raises(LandingError):
        bench.run(DAYS[1])
    assert bench.steps[-1].startswith("upload")
    assert bench.marks.read("shop").mark == DAYS[0].end


def test_an_unreadable_mark_is_found_before_any_work_is_done(bench: Bench) -> None:
    bench.run(DAYS[0])
    landed = bench.landed()
    no_mark(bench)
    with pytest.raises(WatermarkError, match=r"shop_hwm\.txt"):
        bench.run(DAYS[1])
    assert bench.steps == []
    assert bench.landed() == landed
    assert list(bench.extractor.staging.runs()) == [DAYS[0]]


def test_a_smaller_source_is_believed_when_the_operator_says_so(bench: Bench) -> None:
    bench.run(DAYS[0])
    shrunk(bench)
    outcome = bench.run(DAYS[1], share=0)
    assert outcome.manifest.rows[META] == 5
    assert bench.run(DAYS[2]).mark.mark == DAYS[2].end


def test_compressed_files_take_the_same_way(bench: Bench) -> None:
    bench.extractor.compress = True
    outcome = bench.run()
    assert sorted(bench.landed()) == [
        "LINKAGE_20240102000000.csv.gz", "META_20240102000000.csv.gz",
    ]  # fmt: skip
    assert outcome.mark.mark == DAYS[0].end
