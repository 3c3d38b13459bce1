"""`kada extract` on a real server: test, extract, checks, upload, mark, in that order."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from kada_dagster.postgres import statements
from kada_dagster_tests.cli.conftest import PASSWORD, ROLE, TABLES, Database, Kada, Result

DAY_ONE = ["--start-hwm", "2024-01-01 00:00:00", "--end-hwm", "2024-01-02 00:00:00"]
DAY_TWO = ["--start-hwm", "2024-01-02 00:00:00", "--end-hwm", "2024-01-03 00:00:00"]
DAY_THREE = ["--start-hwm", "2024-01-03 00:00:00", "--end-hwm", "2024-01-04 00:00:00"]
STEPS = ["connection test", "extract [", "checks", "upload to", "high water mark"]


def extract(kada: Kada, *more: str) -> Result:
    done = kada("extract", "postgres", *more)
    assert PASSWORD not in done.out + done.err
    assert "Traceback" not in done.err
    return done


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def mark(kada: Kada, name: str = "shop", folder: str = "hwm") -> str | None:
    path = kada.folder / folder / f"{name}_hwm.txt"
    return path.read_text() if path.exists() else None


def test_a_window_arrives_in_the_landing_and_moves_the_mark(shop: Kada) -> None:
    done = shop.anew("extract", "postgres", *DAY_ONE)
    assert (done.code, done.err.count("\n") > len(STEPS)) == (0, True)
    landed = ["LINKAGE_20240102000000.csv", "META_20240102000000.csv"]
    assert names(shop.folder / "landing_shop") == landed
    assert mark(shop) == "2024-01-02 00:00:00\n"
    run = shop.folder / "output" / "shop" / "20240101000000_20240102000000"
    with (shop.folder / "landing_shop" / landed[1]).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="|"))
    assert sum(row["OBJECT_TYPE"] == "TABLE" for row in rows) == TABLES + 1
    for expected in (
        f"{len(rows):,} rows",
        landed[0],
        landed[1],
        str(run),
        "2 files sent, 0 there already",
        "2024-01-02 00:00:00 UTC",
        "shop_hwm.txt",
    ):
        assert expected in done.out


def test_steps_are_told_in_their_order_with_the_rows_as_they_arrive(shop: Kada) -> None:
    err = extract(shop, *DAY_ONE).err
    places = [err.index(step) for step in STEPS]
    assert places == sorted(places)
    assert " rows\n" in err[places[1] : places[2]]


def test_without_a_window_it_goes_on_from_the_mark_to_now(shop: Kada) -> None:
    first = extract(shop, "--json", "--end-hwm", "2024-05-01 12:00:00").json
    assert first["start_hwm"] == "2024-01-01 00:00:00"
    before = datetime.now(timezone.utc).replace(microsecond=0)
    second = extract(shop, "--json").json
    assert second["start_hwm"] == first["end_hwm"] == "2024-05-01 12:00:00"
    assert before <= moment(second["end_hwm"]) <= before + timedelta(minutes=2)
    assert mark(shop) == second["end_hwm"] + "\n"


def test_what_may_still_get_data_is_not_extracted(shop: Kada) -> None:
    start = "window: {start: 2024-01-01 00:00:00"
    edit(shop, start, start + ", delay_minutes: 90")
    latest = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(minutes=90)
    late = (latest + timedelta(minutes=5)).strftime("%Y-%m-%d %H:%M:%S")
    refused = extract(shop, "--end-hwm", late)
    assert refused.code == 2
    assert f"--end-hwm {late!r} is too late: data of that time may still come" in refused.err
    assert "now less window.delay_minutes" in refused.err
    assert untouched(shop)
    facts = extract(shop, "--json").json
    assert latest <= moment(facts["end_hwm"]) <= latest + timedelta(minutes=2)


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)


def test_the_json_output_is_the_manifest_and_what_became_of_it(shop: Kada) -> None:
    facts = extract(shop, *DAY_ONE, "--json").json
    manifest = json.loads((Path(facts["folder"]) / "manifest.json").read_text())
    assert {key: facts[key] for key in manifest} == manifest
    assert [receipt["name"] for receipt in facts["uploaded"]] == [
        "META_20240102000000.csv",
        "LINKAGE_20240102000000.csv",
    ]
    assert facts["high_water_mark"] == "2024-01-02 00:00:00"
    assert facts["held_by"] is None
    assert set(facts["checks"]) == {"contract", "unique_ids", "parents_resolve", "volume"}


def test_running_a_window_again_changes_nothing_in_the_landing(shop: Kada) -> None:
    extract(shop, *DAY_ONE)
    before = {p: p.read_bytes() for p in (shop.folder / "landing_shop").iterdir()}
    again = extract(shop, *DAY_ONE)
    assert "0 files sent, 2 there already" in again.out
    assert before == {p: p.read_bytes() for p in (shop.folder / "landing_shop").iterdir()}
    assert mark(shop) == "2024-01-02 00:00:00\n"


def test_a_gap_holds_the_mark_and_the_output_says_which(shop: Kada) -> None:
    extract(shop, *DAY_ONE)
    held = extract(shop, *DAY_THREE)
    assert held.code == 0
    assert mark(shop) == "2024-01-02 00:00:00\n"
    assert "[2024-01-02 00:00:00, 2024-01-03 00:00:00)" in held.out
    extract(shop, *DAY_TWO)
    assert mark(shop) == "2024-01-04 00:00:00\n"


def test_a_mark_does_not_begin_before_the_first_window_was_uploaded(shop: Kada) -> None:
    begun_late = extract(shop, *DAY_TWO)
    assert begun_late.code == 0
    assert mark(shop) is None
    assert "none yet" in begun_late.out
    assert "[2024-01-01 00:00:00, 2024-01-02 00:00:00)" in begun_late.out
    extract(shop, *DAY_ONE)
    assert mark(shop) == "2024-01-03 00:00:00\n"


def test_folders_can_be_given_on_the_command_line(shop: Kada) -> None:
    done = extract(shop, *DAY_ONE, "--landing", "elsewhere", "--hwm-path", "marks")
    assert done.code == 0
    assert len(names(shop.folder / "elsewhere")) == 2
    assert names(shop.folder / "landing_shop") == []
    assert mark(shop) is None
    assert mark(shop, folder="marks") == "2024-01-02 00:00:00\n"


def test_with_several_sources_one_must_be_named(kada: Kada, database: Database) -> None:
    sources = "sources:" + database.source("one") + database.source("two")
    (kada.folder / "kada.yaml").write_text(sources)
    unnamed = extract(kada, *DAY_ONE)
    assert unnamed.code == 2
    assert "one, two: give --name" in unnamed.err
    misspelt = extract(kada, *DAY_ONE, "--name", "tow")
    assert misspelt.code == 2
    assert "did you mean 'two'?" in misspelt.err
    assert extract(kada, *DAY_ONE, "--name", "two").code == 0
    assert (mark(kada, "one"), mark(kada, "two")) == (None, "2024-01-02 00:00:00\n")


@pytest.mark.parametrize("file_name", ["vendor.json", "vendor.conf"])
def test_a_vendor_file_is_used_unchanged_whatever_its_suffix(
    kada: Kada, database: Database, file_name: str
) -> None:
    file = kada.folder / "in" / file_name
    file.parent.mkdir()
    file.write_text(json.dumps({**database.vendor, "compress": True}))
    done = extract(kada, "-c", f"in/{file_name}", *DAY_ONE)
    assert done.code == 0, done.err
    assert "push the files yourself" in done.out
    run = kada.folder / "in" / "output" / "postgres" / "20240101000000_20240102000000"
    with gzip.open(run / "META_20240102000000.csv.gz", "rt", newline="") as lines:
        assert sum('"TABLE"' in line for line in lines) == TABLES + 1
    assert mark(kada, "postgres", ".") == "2024-01-02 00:00:00\n"


def test_an_instance_of_a_vendor_file_can_be_named(kada: Kada, database: Database) -> None:
    (kada.folder / "vendor.json").write_text(json.dumps(database.vendor))
    assert extract(kada, "-c", "vendor.json", "--name", "other", "--landing", "lz").code == 0
    assert mark(kada, "other", ".") is not None
    assert len(names(kada.folder / "lz")) == 2


def test_names_that_would_steer_a_terminal_are_made_harmless(
    shop: Kada, database: Database
) -> None:
    evil = database.server.create_database(f"\x1b]0;owned\x07{database.name}")
    edit(shop, f"databases: [{database.name}]", f"databases: {json.dumps([evil])}")
    done = extract(shop, *DAY_ONE)
    assert done.code == 0
    assert "]0;owned" in done.err
    edit(shop, "]0;owned", "]0;absent")
    missing = extract(shop, *DAY_ONE)
    assert missing.code == 2
    assert "]0;absent" in missing.err
    assert "\x1b" not in done.out + done.err + missing.out + missing.err


# --- what goes wrong -------------------------------------------------------------------------


def untouched(kada: Kada) -> bool:
    """Nothing extracted, nothing uploaded, no mark."""
    runs = [name for name in names(kada.folder / "output" / "shop") if not name.startswith(".")]
    return not runs and not names(kada.folder / "landing_shop") and mark(kada) is None


def edit(kada: Kada, old: str, new: str) -> None:
    file = kada.folder / "kada.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def limit_statement(kada: Kada, subquery: str) -> None:
    """Make one statement of the source end in `LIMIT (subquery)`."""
    name = "EXTENSIONS_SQL"
    sql = statements.packaged()[name].sql
    (kada.folder / "custom.sql").write_text(f"{sql}\nLIMIT ({subquery})")
    edit(kada, "meta_only: true", f"meta_only: true\n    custom_sql: {{{name}: custom.sql}}")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("host:", "hots:", "kada.yaml:4: sources[0].hots: unknown key; did you mean 'host'?"),
        ("${SHOP_PASSWORD}", "${NOT_SET}", "environment variable NOT_SET is not set"),
        ("${SHOP_PASSWORD}", "'" + PASSWORD + "x", "kada.yaml"),
        ("databases: [", "databases: [absent_, ", 'database "absent_" does not exist'),
        ("meta_only: true", "meta_only: true\n    custom_sql: {NO_SQL: SELECT 1}", "NO_SQL"),
    ],
)
def test_bad_configuration_ends_with_2(shop: Kada, old: str, new: str, message: str) -> None:
    edit(shop, old, new)
    done = extract(shop, *DAY_ONE)
    assert done.code == 2
    assert message in done.err
    assert untouched(shop)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--start-hwm", "2024-01-01"], "--start-hwm '2024-01-01' is not in the format"),
        (["--start-hwm", ""], "--start-hwm '' is not in the format"),
        (["--end-hwm", "2023-01-01 00:00:00"], "nothing to extract: shop has no mark yet"),
        (["--end-hwm", "9000-01-01 00:00:00"], "--end-hwm '9000-01-01 00:00:00' is too late"),
        (["--start-hwm", "9000-01-01 00:00:00"], "is not before its end"),
        (["-c", "absent.yaml"], "absent.yaml: there is no such file"),
        (["--name", "nobody"], "there are: shop"),
    ],
)
def test_bad_arguments_end_with_2(shop: Kada, arguments: list[str], message: str) -> None:
    done = extract(shop, *arguments)
    assert done.code == 2
    assert message in done.err
    assert untouched(shop)


def test_a_wrong_password_ends_with_4(shop: Kada) -> None:
    wrong = Kada(shop.folder, {"SHOP_PASSWORD": "wrong-" + PASSWORD})
    done = extract(wrong, *DAY_ONE)
    assert done.code == 4
    assert ROLE in done.err
    assert untouched(shop)


def test_a_server_that_is_not_there_ends_with_4(shop: Kada, database: Database) -> None:
    edit(shop, f"port: {database.server.port}", "port: 1")
    done = extract(shop, *DAY_ONE)
    assert done.code == 4
    assert "127.0.0.1:1" in done.err
    assert untouched(shop)


def test_a_failed_upload_ends_with_1_and_the_mark_stays(shop: Kada) -> None:
    (shop.folder / "landing_shop").write_text("in the way")
    done = extract(shop, *DAY_ONE)
    assert done.code == 1
    assert "landing" in done.err
    assert mark(shop) is None


def test_an_extract_that_shrank_is_not_uploaded_unless_that_is_accepted(
    shop: Kada, database: Database
) -> None:
    assert extract(shop, *DAY_ONE).code == 0
    before = names(shop.folder / "landing_shop")
    database.execute("DROP VIEW v;" + "".join(f"DROP TABLE t{n};" for n in range(TABLES)))
    done = extract(shop, *DAY_TWO)
    assert done.code == 1
    assert "volume" in done.err
    assert names(shop.folder / "landing_shop") == before
    assert mark(shop) == "2024-01-02 00:00:00\n"
    assert extract(shop, *DAY_TWO, "--accept-shrink").code == 0
    assert mark(shop) == "2024-01-03 00:00:00\n"
    assert len(names(shop.folder / "landing_shop")) == 2 * len(before)


def test_a_malformed_mark_ends_with_1_before_anything_is_read(shop: Kada) -> None:
    (shop.folder / "hwm").mkdir()
    (shop.folder / "hwm" / "shop_hwm.txt").write_text("yesterday\n")
    done = extract(shop, *DAY_ONE)
    assert done.code == 1
    assert "shop_hwm.txt" in done.err
    assert names(shop.folder / "output" / "shop") == []
    assert mark(shop) == "yesterday\n"


def test_a_failure_leaves_the_last_good_extract_landing_and_mark(shop: Kada) -> None:
    extract(shop, *DAY_ONE)
    run = shop.folder / "output" / "shop" / "20240101000000_20240102000000"
    before = {path: path.read_bytes() for path in run.iterdir()}
    assert extract(Kada(shop.folder, {"SHOP_PASSWORD": "x"}), *DAY_ONE).code == 4
    limit_statement(shop, "SELECT 1/0")
    broken = extract(shop, *DAY_ONE)
    assert broken.code == 1
    assert "division by zero" in broken.err
    assert before == {path: path.read_bytes() for path in run.iterdir()}
    assert mark(shop) == "2024-01-02 00:00:00\n"
