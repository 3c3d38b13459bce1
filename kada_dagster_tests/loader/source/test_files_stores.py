"""Where files are: a folder and a bucket give the same files, and say the same of them."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from kada_dagster.errors import ConfigError, KadaError
from kada_dagster.loader.definition.profiles import PROFILE, Profile
from kada_dagster.loader.definition.sources import FilesSource
from kada_dagster.loader.definition.template import Template
from kada_dagster.loader.errors import (
    FileChangedError,
    LoaderError,
    NotSupportedError,
    SourceDeniedError,
    SourceLostError,
    SourceReadError,
)
from kada_dagster.loader.source.base import Bound, Selection
from kada_dagster.loader.source.files.content import FileBytes
from kada_dagster.loader.source.files.folder import Folder
from kada_dagster.loader.source.files.object_store import ObjectStore, _facts
from kada_dagster.loader.source.files.pattern import Pattern
from kada_dagster.loader.source.files.source import FolderSource
from kada_dagster.loader.source.files.store import FileStore, free_names
from kada_dagster.loader.source.registry import open_source
from kada_dagster_tests.extracts.shared_places import ACCOUNT_KEY, azure_environment
from kada_dagster_tests.landing.azurite import Azurite
from kada_dagster_tests.landing.s3_server import REGION, Keys, S3Server
from kada_dagster_tests.loader.source.ftp_logins import FtpLogins
from kada_dagster_tests.loader.source.landing import Landing


@dataclass(frozen=True)
class Place:
    """A store, and how files come into it and are found there."""

    store: FileStore
    put: Callable[[str, bytes], object]
    names: Callable[[], list[str]]


def folder_place(request: pytest.FixtureRequest) -> Place:
    top: Path = request.getfixturevalue("tmp_path")

    def put(name: str, data: bytes) -> None:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(data)

    def names() -> list[str]:
        return sorted(path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file())

    return Place(Folder(top, "drop"), put, names)


def options_of(server: S3Server, keys: Keys | None = None) -> dict[str, Any]:
    keys = keys or server.owner
    return {
        "endpoint_url": server.url,
        "key": keys.access_key_id,
        "secret": keys.secret_access_key,
        "client_kwargs": {"region_name": REGION},
    }


def s3_place(request: pytest.FixtureRequest) -> Place:
    server: S3Server = request.getfixturevalue("s3_server")
    bucket = server.new_bucket()

    def put(name: str, data: bytes) -> object:
        return server.s3.put_object(Bucket=bucket, Key=f"in/{name}", Body=data)

    def names() -> list[str]:
        return sorted(name.removeprefix("in/") for name in server.objects(bucket))

    return Place(
        ObjectStore(Template(f"s3://{bucket}/in/"), options_of(server), "drop"), put, names
    )


@pytest.fixture(params=[folder_place, s3_place], ids=["folder", "s3"])
def place(request: pytest.FixtureRequest) -> Place:
    """An empty place."""
    return request.param(request)


NAMES = ["a.csv", "b.CSV", "2026/01/a.csv", "2026/b.csv", "2026/b.csv.gz", "x/[1].csv"]
HIDDEN = [".a.csv", "~$a.csv", ".tmp/a.csv"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.csv", ["a.csv"]),
        ("**/*.csv", ["2026/01/a.csv", "2026/b.csv", "a.csv", "x/[1].csv"]),
        ("2026/*.csv*", ["2026/b.csv", "2026/b.csv.gz"]),
        ("2026/**", ["2026/01/a.csv", "2026/b.csv", "2026/b.csv.gz"]),
        ("20??/**/?.csv", ["2026/01/a.csv", "2026/b.csv"]),
        ("[!b].csv", ["a.csv"]),
        ("[ab].[cC]*", ["a.csv", "b.CSV"]),
        ("2026/01/a.csv", ["2026/01/a.csv"]),
        (".a.csv", [".a.csv"]),
        ("nothing/*", []),
    ],
)
def test_a_pattern_means_the_same_files_everywhere(
    place: Place, pattern: str, found: list[str]
) -> None:
    for name in [*NAMES, *HIDDEN]:
        place.put(name, b"x")
    assert [file.name for file in place.store.files(Pattern(pattern))] == found


@pytest.fixture
def linked(tmp_path: Path) -> Folder:
    """A folder with links to folders: outside, beside, up, and to one that leads back."""
    for name in ("drop/a/x.csv", "drop/2026/x.csv", "far/x.csv", "far/in/x.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("id\n1\n")
    for name, target in {
        "drop/b": "far",
        "drop/1st": "drop/2026",
        "drop/a/up": "drop",
        "far/back": "drop",
        "drop/none": "nowhere",
        "drop/a/y.csv": "far/x.csv",
    }.items():
        (tmp_path / name).symlink_to(tmp_path / target)
    (tmp_path / "in").symlink_to(tmp_path / "drop")
    return Folder(tmp_path / "in", "drop")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*/x.csv", ["2026/x.csv", "a/x.csv", "b/x.csv"]),
        ("b/x.csv", ["b/x.csv"]),
        ("[b]/x.csv", ["b/x.csv"]),
        (
            "b/**/*.csv",
            ["b/back/1st/x.csv", "b/back/a/x.csv", "b/back/a/y.csv", "b/in/x.csv", "b/x.csv"],
        ),
        ("1*/x.csv", ["1st/x.csv"]),
        ("**/*.csv", ["2026/x.csv", "a/x.csv", "a/y.csv", "b/in/x.csv", "b/x.csv"]),
        ("a/*/b/x.csv", ["a/up/b/x.csv"]),
    ],
)
def test_links_to_folders_are_followed_and_no_file_is_read_twice(
    linked: Folder, pattern: str, found: list[str]
) -> None:
    assert [file.name for file in linked.files(Pattern(pattern))] == found


def test_a_link_to_itself_is_an_error_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert Folder(tmp_path, "drop").files(Pattern("*/x.csv")) == []
    with pytest.raises(SourceReadError, match=r"loop/\*\.csv: Too many levels"):
        Folder(tmp_path, "drop").files(Pattern("loop/*.csv"))


@pytest.mark.parametrize("pattern", ["../a.csv", "/etc/passwd", "a/../../b", "a//b", "a\\b"])
def test_no_pattern_leads_out_of_the_place(pattern: str) -> None:
    with pytest.raises(ConfigError, match=r"files: .* must name files below"):
        Pattern(pattern)


def test_what_is_said_of_a_file_changes_with_it(place: Place) -> None:
    place.put("a.csv", b"one")
    first = place.store.facts("a.csv")
    assert first is not None
    assert place.store.files(Pattern("*")) == [first]
    place.put("a.csv", b"two")
    second = place.store.facts("a.csv")
    assert second is not None
    assert (first.size, second.size) == (3, 3)
    assert first.mark != second.mark
    assert place.store.facts("b.csv") is None


def test_a_file_that_changes_while_it_is_read_is_an_error(place: Place) -> None:
    place.put("a.csv", b"one")
    facts = place.store.facts("a.csv")
    assert facts is not None
    with FileBytes(place.store, facts) as content:
        assert content.read() == b"one"
        content.require_same()
        place.put("a.csv", b"one, two")
        with pytest.raises(FileChangedError, match=r"a\.csv changed while it was read"):
            content.require_same()
    place.store.remove("a.csv")
    with pytest.raises(LoaderError, match=r"drop .*: a\.csv: "):
        FileBytes(place.store, facts)
    assert FileChangedError.transient


def test_a_mark_of_a_folder_is_no_file(s3_server: S3Server) -> None:
    bucket = s3_server.new_bucket()
    for key in ("in/", "in/2026/", "in/2026/a.csv"):
        s3_server.s3.put_object(Bucket=bucket, Key=key, Body=b"")
    store = ObjectStore(Template(f"s3://{bucket}/in"), options_of(s3_server), "drop")
    assert [file.name for file in store.files(Pattern("**"))] == ["2026/a.csv"]
    assert store.files(Pattern("*")) == []


def test_files_of_a_container_are_listed_read_and_moved(azurite: Azurite) -> None:
    container = azurite.new_container()
    for name in ("a.csv", "2026/b.csv"):
        container.upload_blob(f"in/{name}", b"a\n1\n")
    url = f"abfs://{container.container_name}/in"
    store = ObjectStore(
        Template(url), {"connection_string": azure_environment(azurite)[ACCOUNT_KEY]}, "d"
    )
    first, second = store.files(Pattern("**/*.csv"))
    assert (first.name, second.name, first.size) == ("2026/b.csv", "a.csv", 4)
    assert store.facts("a.csv") == second
    assert store.files(Pattern("*")) == [second]
    with FileBytes(store, second) as content:
        assert content.read() == b"a\n1\n"
        content.require_same()
    container.upload_blob("in/a.csv", b"a\n2\n", overwrite=True)
    changed = store.facts("a.csv")
    assert changed is not None
    assert changed.mark != second.mark
    store.move("a.csv", "done/a.csv")
    store.remove("2026/b.csv")
    assert [file.name for file in store.files(Pattern("**"))] == ["done/a.csv"]
    with pytest.raises(SourceReadError, match="there is none"):
        ObjectStore(Template("abfs://nowhere/in"), store._options, "d").files(Pattern("*"))


def test_other_stores_are_walked_folder_by_folder(tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    store = ObjectStore(Template(f"file://{tmp_path}"), {}, "drop")
    assert [file.name for file in store.files(Pattern("**"))] == sorted(NAMES)
    assert store.files(Pattern("none/*")) == []
    with pytest.raises(SourceReadError, match="there is none"):
        ObjectStore(Template(f"file://{tmp_path}/none"), {}, "drop").files(Pattern("**"))


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The address of a folder behind HTTP, whose server tells moments, and no ETag."""

    class _Silent(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(tmp_path)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_files_of_a_folder_behind_http_are_what_they_are_by_themselves(
    tmp_path: Path, web: str
) -> None:
    (tmp_path / "a.csv").write_bytes(b"one")
    store = ObjectStore(Template(web), {}, "drop")
    first = store.files(Pattern("*.csv"))
    assert [(file.name, file.size) for file in first] == [("a.csv", 3)]
    with FileBytes(store, first[0]) as content:
        assert content.read() == b"one"
        content.require_same()
        (tmp_path / "a.csv").write_bytes(b"two")
        os.utime(tmp_path / "a.csv", (1, 1))
        with pytest.raises(FileChangedError):
            content.require_same()
    assert store.files(Pattern("*.csv"))[0].mark != first[0].mark


@pytest.mark.parametrize(
    "key", ["modify", "Last-Modified", "Content-MD5", "modificationTime", "mtime", "sha"]
)
def test_a_file_of_the_same_size_is_another_one_where_its_store_says_so(key: str) -> None:
    one, other = (_facts("a.csv", {"size": 3, "type": "file", key: mark}) for mark in "ab")
    assert one.mark != other.mark


def test_files_are_moved_and_removed(place: Place) -> None:
    place.put("a.csv", b"x")
    place.put("b.csv", b"y")
    place.store.move("a.csv", "done/2026/a.csv")
    place.store.remove("b.csv")
    place.store.remove("b.csv")
    assert place.names() == ["done/2026/a.csv"]


def test_a_name_that_is_taken_gets_a_number() -> None:
    names = free_names("done/a.csv.gz")
    assert [next(names) for _ in range(3)] == [
        "done/a.csv.gz",
        "done/a.1.csv.gz",
        "done/a.2.csv.gz",
    ]


def test_gzip_is_known_by_its_bytes_and_damage_is_told(place: Place) -> None:
    data = gzip.compress(os.urandom(100_000))
    for name, content in (("a.csv", data), ("b.csv.gz", b"plain"), ("c.gz", data[:-50])):
        place.put(name, content)
    found = {file.name: file for file in place.store.files(Pattern("*"))}
    with FileBytes(place.store, found["a.csv"]) as content:
        assert content.read() == gzip.decompress(data)
    with FileBytes(place.store, found["b.csv.gz"]) as content:
        assert content.read() == b"plain"
    with (
        FileBytes(place.store, found["c.gz"]) as content,
        pytest.raises(SourceReadError, match=r"c\.gz: the gzip data is damaged"),
    ):
        content.copied()


def selection(**options: Any) -> Selection:
    files = FilesSource.model_validate({"pattern": "*.csv", **options})
    return Selection(options={"files": files})


def test_files_of_a_bucket_are_loaded_by_a_profile(
    landing: Landing, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bucket = s3_server.new_bucket()
    for name, data in {"a.csv": b"a,b\n1,2\n", "b.csv": gzip.compress(b"b,a\n4,3\n")}.items():
        s3_server.s3.put_object(Bucket=bucket, Key=f"x/{name}", Body=data)
    monkeypatch.setenv("BUCKET", bucket)
    monkeypatch.setenv("STORE_SECRET", s3_server.owner.secret_access_key)
    options = {"endpoint_url": s3_server.url, "key": "test-key", "secret": "${STORE_SECRET}"}
    profile = PROFILE.validate_python(
        {"type": "folder", "url": "s3://${BUCKET}/x", "options": {**options, "use_ssl": "false"}}
    )
    with open_source(profile, "drop") as source:
        assert landing.load(source, selection()) == 2
    assert landing.rows() == [("1", "2"), ("3", "4")]


@pytest.mark.parametrize(
    ("change", "error", "what"),
    [
        ({"secret": "wrong"}, SourceDeniedError, "access is refused"),
        ({"endpoint_url": "http://127.0.0.1:1"}, SourceLostError, "no answer"),
    ],
)
@pytest.mark.parametrize("pattern", ["*", "**/*"])
def test_a_store_that_refuses_or_is_away_is_told_without_secrets(
    guarded_s3_server: S3Server,
    change: dict[str, str],
    error: type[LoaderError],
    what: str,
    pattern: str,
) -> None:
    bucket = guarded_s3_server.new_bucket()
    options = {**options_of(guarded_s3_server), "config_kwargs": {"retries": {"max_attempts": 1}}}
    store = ObjectStore(Template(f"s3://{bucket}/in"), {**options, **change}, "drop")
    with pytest.raises(error, match=rf"drop \(s3://{bucket}/in\): .*: {what}") as caught:
        store.files(Pattern(pattern))
    assert options["secret"] not in str(caught.value)


@pytest.mark.parametrize("pattern", ["*", "**/*", "x/*"])
def test_a_bucket_that_is_not_there_is_no_empty_one(s3_server: S3Server, pattern: str) -> None:
    options, bucket = options_of(s3_server), s3_server.new_bucket()
    assert ObjectStore(Template(f"s3://{bucket}/in"), options, "drop").files(Pattern(pattern)) == []
    with pytest.raises(SourceReadError, match="there is none"):
        ObjectStore(Template("s3://no-such-bucket/in"), options, "drop").files(Pattern(pattern))


def test_a_url_without_a_driver_names_the_cure() -> None:
    with pytest.raises(ConfigError, match=r"drop\.url: gs:// needs a driver: pip install 'gcsfs'"):
        ObjectStore(Template("gs://bucket"), {}, "drop").files(Pattern("*"))


@pytest.mark.parametrize(
    ("url", "options"),
    [("nothing://bucket", {}), ("memory://x", {"storage_options": {}, "protocol": "secret"})],
)
def test_a_url_that_no_driver_takes_is_an_error_of_the_profile(
    url: str, options: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError, match=r"drop\.url: .*no driver takes this URL") as caught:
        ObjectStore(Template(url), options, "drop").files(Pattern("*"))
    assert "secret" not in str(caught.value)


SECRETS = ["simple", "my/secret@pass", "sec/ret%40x"]


def ftp(**changes: Any) -> Profile:
    """A place where nobody answers."""
    fields = {"type": "folder", "url": "ftp://127.0.0.1:1/in", **changes}
    return PROFILE.validate_python(fields)


@pytest.mark.parametrize("value", SECRETS)
@pytest.mark.parametrize(
    ("profile", "shown"),
    [
        (ftp(options={"username": "me", "password": "${PLANTED}"}), "ftp://127.0.0.1:1/in"),
        (ftp(url="ftp://${PLANTED}@127.0.0.1:1/in"), "ftp://${PLANTED}@127.0.0.1:1/in"),
        (ftp(url="https://me:${PLANTED}@127.0.0.1:1/in"), "https://me:${PLANTED}@127.0.0.1:1/in"),
        (ftp(url="https://127.0.0.1:1/in?sig=${PLANTED}"), "https://127.0.0.1:1/in?sig=${PLANTED}"),
        (ftp(url="nothing://${PLANTED}"), "nothing://${PLANTED}"),
    ],
)
def test_no_message_holds_what_comes_from_a_variable(
    profile: Profile, shown: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED", value)
    with pytest.raises(KadaError) as caught, open_source(profile, "drop") as source:
        source.columns(selection())
    assert f"drop ({shown})" in str(caught.value)
    assert not any(part in str(caught.value) for part in ("simple", "secret", "sec/ret"))


@pytest.mark.parametrize("value", SECRETS)
def test_a_whole_url_from_a_variable_may_hold_no_login(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED", f"ftp://me:{value}@127.0.0.1:1/in")
    with pytest.raises(ConfigError, match=r"drop\.url: .*username and password below") as caught:
        open_source(ftp(url="${PLANTED}"), "drop")
    assert value not in str(caught.value)


def test_what_a_driver_says_is_shown_without_secrets() -> None:
    options = {"secret": "pl4nted", "key": "me", "connection_string": "AccountKey=als0;Name=x"}
    store = ObjectStore(Template("s3://b"), options, "n")
    with pytest.raises(SourceReadError) as caught, store.reading("a pl4nted b"):
        raise type("als0Error", (Exception,), {})
    assert str(caught.value) == "n (s3://b): a *** b: ***Error"
    assert ObjectStore(Template("abfs://c@box/x"), {}, "n").where == "n (abfs://c@box/x)"


def test_a_password_with_any_characters_logs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTP_PASSWORD", "my/secret@pass: x")
    with FtpLogins() as server:
        options = {"username": "me@x", "password": "${FTP_PASSWORD}"}
        profile = ftp(url=f"ftp://127.0.0.1:{server.port}/in", options=options)
        with pytest.raises(LoaderError), open_source(profile, "drop") as source:
            source.columns(selection())
    assert server.said[:2] == ["USER me@x", "PASS my/secret@pass: x"]


def test_a_folder_that_is_not_there_is_no_empty_folder(tmp_path: Path) -> None:
    store = Folder(tmp_path / "not mounted", "drop")
    with pytest.raises(SourceReadError, match="no such folder"):
        FolderSource(store).columns(selection(missing="empty"))


def test_files_are_read_whole_and_are_no_tables(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    ranged = Selection(bounds=(Bound("a", 1, 2),), options=selection().options)
    with FolderSource(Folder(tmp_path, "drop")) as source:
        with pytest.raises(NotSupportedError, match="read whole"):
            source.columns(ranged)
        with pytest.raises(ConfigError, match=r"give source\.files"):
            source.columns(Selection(table=("t",)))
        with pytest.raises(NotSupportedError):
            source.tables(None)


@pytest.mark.parametrize(
    ("names", "format", "error"),
    [
        (["a.csv", "b.json"], None, r"\.csv, \.json does not say one format"),
        (["a.dat"], None, r"\.dat does not say one format"),
        (["a.dat"], "csv", None),
        (["a.TSV.gz"], None, None),
    ],
)
def test_the_format_is_said_or_what_all_names_end_in(
    tmp_path: Path, names: list[str], format: str | None, error: str | None
) -> None:
    for name in names:
        (tmp_path / name).write_text("a\tb\n1\t2\n")
    wanted = selection(pattern="*", format=format)
    with FolderSource(Folder(tmp_path, "drop")) as source:
        if error:
            with pytest.raises(ConfigError, match=error):
                source.columns(wanted)
        else:
            count = 2 if names == ["a.TSV.gz"] else 1
            assert len(source.columns(wanted)) == count


def test_what_is_being_read_can_be_broken_off(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[]")
    with FolderSource(Folder(tmp_path, "drop")) as source:
        source.cancel()
        with pytest.raises(SourceReadError, match="broken off"):
            source.columns(selection(pattern="*.json"))
