"""When a schedule looks for missing windows: derived from the windows, or said in schedule.cron."""

from __future__ import annotations

from pathlib import Path

import pytest

from kada_dagster.config import SourceSettings, load_config_file
from kada_dagster.config.problems import ConfigFileError

SOURCE = """sources:
  - type: postgres
    name: shop
    server: db.example
    username: kada
    window:
      start: 2024-01-01 23:30:00
      cron: {cron}
      delay_minutes: {delay}
{more}"""


def source(
    folder: Path, cron: str = '"30 23 * * *"', delay: int = 0, more: str = ""
) -> SourceSettings:
    file = folder / "kada.yaml"
    file.write_text(SOURCE.format(cron=cron, delay=delay, more=more))
    (settings,) = load_config_file(file).sources
    return settings


def refusal(folder: Path, cron: str = '"30 23 * * *"', delay: int = 0, more: str = "") -> str:
    with pytest.raises(ConfigFileError) as caught:
        source(folder, cron, delay, more)
    return str(caught.value)


def test_it_looks_at_the_end_of_each_window(tmp_path: Path) -> None:
    settings = source(tmp_path)
    assert settings.schedule_crons == ("30 23 * * *",)
    assert settings.schedule.max_windows == 1000


def test_it_looks_when_the_delay_has_passed(tmp_path: Path) -> None:
    assert source(tmp_path, delay=45).schedule_crons == ("15 0 * * *",)


def test_a_cron_of_its_own_overrides_that(tmp_path: Path) -> None:
    more = '    schedule: {cron: "*/10 * * * *", max_windows: 24}\n'
    settings = source(tmp_path, delay=45, more=more)
    assert settings.schedule_crons == ("*/10 * * * *",)
    assert settings.schedule.max_windows == 24


def test_where_no_cron_can_say_the_delay_one_has_to_be_written(tmp_path: Path) -> None:
    message = refusal(tmp_path, '"30 23 */10 * *"', delay=45)
    place = "kada.yaml:9: sources[0].window.delay_minutes: "
    assert place in message
    assert "write in schedule.cron when the schedule shall look for windows" in message
    more = '    schedule: {cron: "15 0 * * *"}\n'
    assert source(tmp_path, '"30 23 */10 * *"', 45, more).schedule_crons == ("15 0 * * *",)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('{cron: "0 0 31 2 *"}', "schedule.cron: '0 0 31 2 *' never ticks"),
        ('{cron: "hourly"}', "schedule.cron: 'hourly' is not a cron expression"),
        ("{max_windows: 0}", "schedule.max_windows: "),
        ("{max_window: 1}", "did you mean 'max_windows'?"),
    ],
)
def test_what_it_cannot_use_is_refused(tmp_path: Path, more: str, message: str) -> None:
    assert message in refusal(tmp_path, more=f"    schedule: {more}\n")
