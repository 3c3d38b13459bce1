"""kada.yaml: right files become the model, wrong ones say everything that is wrong at once."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from kada_dagster.config import KadaConfig, SourceSettings, load_config_file, source_settings
from kada_dagster.config.problems import ConfigFileError
from kada_dagster.config.registry import SOURCE_TYPES, SourceType
from kada_dagster.errors import ConfigError
from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.landing.local import LocalLanding
from kada_dagster.postgres.settings import PostgresSettings
from kada_dagster.secrets import Secret

PLANTED = "hunter2-planted-secret"
SOURCE = """
  - type: postgres
    name: {name}
    server: db.example
    username: kada
    window:
      start: 2024-01-01 00:00:00
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "kada.yaml"
    file.write_text(text)
    return file


def problems(file: Path) -> dict[str, str]:
    """What is wrong, by `line field`."""
    with pytest.raises(ConfigFileError) as caught:
        load_config_file(file)
    assert PLANTED not in str(caught.value)
    assert PLANTED not in repr(caught.value)
    found = caught.value.problems
    assert all(p.where.startswith(str(file)) for p in found)
    return {f"{p.where.rpartition(':')[2]} {p.field}": p.message for p in found}


def test_a_source_with_nothing_but_the_necessary_gets_the_documented_defaults(
    tmp_path: Path,
) -> None:
    config = load_config_file(write(tmp_path, "sources:" + SOURCE.format(name="shop")))
    assert config.config_path == tmp_path / "kada.yaml"
    assert config.high_water_marks.path == tmp_path / "hwm"
    (source,) = config.sources
    assert isinstance(source, PostgresSettings)
    assert source.host == "db.example"
    assert source.output_path == tmp_path / "output"
    assert (source.port, source.databases, source.password) == (5432, [], None)
    assert (source.mask, source.compress, source.meta_only) == (False, False, False)
    assert source.pool_name == "kada_shop"
    assert source.landing is None


def test_relative_paths_count_from_the_file_not_from_where_the_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "conf"
    folder.mkdir()
    (folder / "tables.sql").write_text("SELECT 1")
    write(
        folder,
        "high_water_marks: {path: marks}\nsources:"
        + SOURCE.format(name="shop")
        + "    output_path: out\n    landing: {type: local, path: ../landing}\n"
        "    ssl_root_cert: ca.pem\n    custom_sql: {TABLES_SQL: tables.sql, X: SELECT 2}\n",
    )
    monkeypatch.chdir(tmp_path)
    config = load_config_file(Path("conf/kada.yaml"))
    monkeypatch.chdir("/")
    (source,) = config.sources
    assert isinstance(source, PostgresSettings)
    assert source.output_path == folder / "out"
    assert source.ssl_root_cert == folder / "ca.pem"
    assert source.statements() == {"TABLES_SQL": "SELECT 1", "X": "SELECT 2"}
    assert source.landing is not None
    assert source.landing.path.resolve() == tmp_path / "landing"
    assert source.landing.landing() == LocalLanding(source.landing.path)
    store = config.high_water_marks.store(source)
    assert isinstance(store, FileMarkStore)
    assert store.folder == folder / "marks"


def test_absolute_paths_and_the_home_folder_stay_what_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    text = "high_water_marks: {path: ~/hwm}\nsources:" + SOURCE.format(name="shop")
    config = load_config_file(write(tmp_path, text + "    output_path: /var/extracts\n"))
    assert config.high_water_marks.path == Path("/home/someone/hwm")
    assert config.sources[0].output_path == Path("/var/extracts")


def test_every_problem_of_a_file_is_reported_with_line_and_field(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        f"""sources:
  - type: postgres
    name: 1shop
    server: db.example
    username: kada
    pasword: {PLANTED}
    ssl_mode: requre
    port: lots
    databases: [2024]
    include_schemas: []
    window: {{start: 2024-01-01 00:30:00}}
  - type: postgre
  - name: typeless
  - just text
  - type: postgres
    name: ok
    server: s
    username: u
    mask: perhaps
    window:
      start: 2024-01-01 00:00:00
      crn: x
    landing: {{type: local}}
    checks: {{min_share_of_last: 2}}
high_water_mark: x
""",
    )
    found = problems(file)
    assert found.keys() == {
        "3 sources[0].name",
        "6 sources[0].pasword",
        "7 sources[0].ssl_mode",
        "8 sources[0].port",
        "9 sources[0].databases[0]",
        "10 sources[0].include_schemas",
        "11 sources[0].window.start",
        "12 sources[1].type",
        "13 sources[2].type",
        "14 sources[3]",
        "19 sources[4].mask",
        "22 sources[4].window.crn",
        "23 sources[4].landing.path",
        "24 sources[4].checks.min_share_of_last",
        "25 high_water_mark",
    }
    assert found["6 sources[0].pasword"] == "unknown key; did you mean 'password'?"
    assert "'verify-full'" in found["7 sources[0].ssl_mode"]
    assert found["7 sources[0].ssl_mode"].endswith("did you mean 'require'?")
    assert "in quotes" in found["9 sources[0].databases[0]"]
    assert found["12 sources[1].type"].endswith("postgres; did you mean 'postgres'?")
    assert found["22 sources[4].window.crn"] == "unknown key; did you mean 'cron'?"
    assert found["23 sources[4].landing.path"] == "is required"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "    landing: lz/shop",
            "sources[0].landing: must be a mapping of keys to values, with the "
            "key type: one of local, s3, azure",
        ),
        (
            "    mask:",
            "sources[0].mask: has no value; write one behind the colon, or take the key away",
        ),
        (
            "    server: db:5432",
            "sources[0].server: must be a host name or address alone; the number goes into port",
        ),
    ],
)
def test_what_would_be_right_is_said(tmp_path: Path, line: str, said: str) -> None:
    text = SOURCE.format(name="a").replace("    server: db.example\n", "")
    server = "" if "server" in line else "    server: db\n"
    (place, message), *more = problems(write(tmp_path, f"sources:{text}{server}{line}\n")).items()
    assert more == []
    assert f"{place.split()[1]}: {message}" == said


def test_a_source_without_its_hyphen_is_told_of_it(tmp_path: Path) -> None:
    found = problems(write(tmp_path, "sources:\n  type: postgres\n  name: a\n"))
    assert found == {"1 sources": "must be a list: put '- ' before the first key of each"}


def test_an_unknown_key_near_nothing_lists_what_is_known(tmp_path: Path) -> None:
    text = "sources:" + SOURCE.format(name="a") + "      zzzzzz: 1\n"
    found = problems(write(tmp_path, text))
    assert "known keys: cron, delay_minutes, start, timezone" in found["8 sources[0].window.zzzzzz"]


@pytest.mark.parametrize("text", ["", "sources:", "sources: []", "[]", "a"])
def test_a_file_without_sources_says_so(tmp_path: Path, text: str) -> None:
    (message,) = problems(write(tmp_path, text)).values()
    assert "source" in message


@pytest.mark.parametrize("other", ["shop", "SHOP"])
def test_two_sources_cannot_share_a_name(tmp_path: Path, other: str) -> None:
    text = "sources:" + SOURCE.format(name="shop") + SOURCE.format(name=other)
    (place,) = problems(write(tmp_path, text))
    assert place == "10 sources[1].name"


def test_two_sources_cannot_share_a_landing(tmp_path: Path) -> None:
    """Their files have the same names: one would overwrite the other's."""
    text = "sources:" + SOURCE.format(name="a") + "    landing: {type: local, path: lz}\n"
    text += SOURCE.format(name="b") + "    landing: {type: local, path: ./x/../lz}\n"
    assert list(problems(write(tmp_path, text))) == ["16 sources[1].landing"]


@pytest.mark.parametrize(
    "fields",
    [
        f"password: {PLANTED}",
        f"password: [{PLANTED}]",
        f"password: {{value: {PLANTED}}}",
        f"password: {{variable: {PLANTED}}}",
        f"password: x${{{PLANTED.replace('-', '_')}}}",
        f"pasword: {PLANTED}",
        f"server: postgres://kada:{PLANTED}@db.example/shop",
        f"server: host=db.example password={PLANTED}",
        f"port: {PLANTED}",
        f"window: {PLANTED}",
        f"landing: {{type: {PLANTED}}}",
        f"databases: {PLANTED}",
    ],
)
def test_a_secret_in_the_wrong_place_is_an_error_that_does_not_repeat_it(
    tmp_path: Path, fields: str
) -> None:
    lines = SOURCE.format(name="shop").splitlines()
    key = fields.partition(":")[0]
    kept = [line for line in lines if key not in line]
    if key == "window":
        kept = [line for line in kept if "start" not in line]
    problems(write(tmp_path, "sources:" + "\n".join(kept) + f"\n    {fields}\n"))


def test_a_literal_password_is_refused_with_the_cure(tmp_path: Path) -> None:
    text = "sources:" + SOURCE.format(name="shop") + f"    password: {PLANTED}\n"
    assert "write ${NAME}" in problems(write(tmp_path, text))["8 sources[0].password"]


def test_references_in_other_fields_are_refused_with_the_cure(tmp_path: Path) -> None:
    text = "sources:" + SOURCE.format(name="shop").replace("db.example", "${DB_HOST}")
    assert "secret fields only" in problems(write(tmp_path, text))["4 sources[0].server"]


def test_loading_reads_no_environment_variable_and_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOT_SET_ANYWHERE", raising=False)
    text = "sources:" + SOURCE.format(name="shop") + "    password: ${NOT_SET_ANYWHERE}\n"
    (source,) = load_config_file(write(tmp_path, text)).sources
    assert source.secrets() == [Secret(variable="NOT_SET_ANYWHERE")]
    with pytest.raises(ConfigError, match="NOT_SET_ANYWHERE is not set"):
        source.secrets()[0].reveal()


def test_the_model_never_shows_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", PLANTED)
    vendor = {"server": "db", "username": "kada", "password": PLANTED}
    (tmp_path / "vendor.json").write_text(json.dumps(vendor))
    text = "sources:" + SOURCE.format(name="a") + "    password: ${SHOP_PASSWORD}\n"
    text += "  - {type: postgres, name: b, config_file: vendor.json, "
    text += "window: {start: 2024-01-01 00:00:00}}\n"
    config = load_config_file(write(tmp_path, text))
    for source in config.sources:
        assert source.secrets()[0].reveal() == PLANTED
        shown = [repr(source), str(source), str(source.model_dump()), source.model_dump_json()]
        shown += [str(vars(source)), pickle.dumps(source).decode("latin-1")]
        assert not any(PLANTED in text for text in shown)
    assert "${SHOP_PASSWORD}" in config.model_dump_json()
    assert PLANTED not in repr(config) + config.model_dump_json()
    assert PLANTED not in json.dumps(PostgresSettings.model_json_schema())


def test_the_schema_tells_an_editor_what_a_secret_looks_like() -> None:
    schema = PostgresSettings.model_json_schema()
    assert "pattern" in json.dumps(schema["properties"]["password"])
    assert all("description" in field for field in schema["properties"].values())


def test_settings_do_not_change_after_reading(tmp_path: Path) -> None:
    (source,) = load_config_file(write(tmp_path, "sources:" + SOURCE.format(name="a"))).sources
    with pytest.raises(ValueError, match="frozen"):
        source.name = "b"


def test_a_program_builds_the_same_model_from_a_mapping(tmp_path: Path) -> None:
    fields = {
        "type": "postgres",
        "name": "shop",
        "server": "db.example",
        "username": "kada",
        "window": {"start": "2024-01-01 00:00:00"},
    }
    file = write(tmp_path, "sources:" + SOURCE.format(name="shop"))
    assert source_settings(fields, file) == load_config_file(file).sources[0]
    with pytest.raises(ConfigError, match="sever"):
        source_settings({**fields, "sever": "x"}, file)


def test_a_new_type_of_source_is_one_line_in_the_registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"{__name__}:FolderSettings"
    kinds = {**SOURCE_TYPES, "folder": SourceType(settings=place, resource="")}
    monkeypatch.setattr("kada_dagster.config.source.SOURCE_TYPES", kinds)
    text = "sources:\n  - {type: folder, name: f, depth: 3, window: {start: 2024-01-01 00:00:00}}"
    (source,) = load_config_file(write(tmp_path, text)).sources
    assert isinstance(source, FolderSettings)
    assert source.depth == 3
    problem = problems(write(tmp_path, text.replace("depth", "dept")))
    assert problem == {"2 sources[0].dept": "unknown key; did you mean 'depth'?"}


class FolderSettings(SourceSettings):
    """A type of source of somebody else."""

    depth: int = 1


def test_a_config_made_of_settings_is_checked_too(tmp_path: Path) -> None:
    file = write(tmp_path, "sources:" + SOURCE.format(name="a"))
    (source,) = load_config_file(file).sources
    with pytest.raises(ValueError, match="name of another source"):
        KadaConfig(sources=[source, source])
