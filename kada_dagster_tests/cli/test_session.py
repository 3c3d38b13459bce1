"""How a call ends: exit codes, one-line errors, and no secret in a traceback."""

from __future__ import annotations

import click
import pytest

from kada_dagster.cli import session as sessions
from kada_dagster.cli.session import Session
from kada_dagster.errors import ConfigError, ConnectionFailedError, KadaError, PermissionDeniedError
from kada_dagster.secrets import Secret

PLANTED = "hunter2-planted-secret"


def ending(error: BaseException | None, *arguments: str) -> int:
    """The exit code of a command that ends with an error."""

    @click.command
    @click.option("--debug", is_flag=True)
    @click.pass_obj
    def command(session: Session, debug: bool) -> None:
        session.debug = debug
        session.secrets += [Secret(value=PLANTED), Secret(variable="NOT_SET_ANYWHERE")]
        if error is not None:
            raise error

    return sessions.run(command, list(arguments))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, 0),
        (KadaError("x"), 1),
        (ConfigError("x"), 2),
        (ConnectionFailedError("x"), 4),
        (PermissionDeniedError("x"), 4),
        (RuntimeError("x"), 1),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (click.UsageError("x"), 2),
    ],
)
def test_each_way_to_end_has_its_exit_code(error: BaseException | None, code: int) -> None:
    assert ending(error) == code


def test_an_expected_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    ending(ConfigError("port: must be a number"))
    assert capsys.readouterr().err == "error: port: must be a number\n"


def test_debug_adds_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(ConfigError("port: wrong"), "--debug") == 2
    err = capsys.readouterr().err
    assert err.startswith("Traceback")
    assert err.endswith("error: port: wrong\n")


@pytest.mark.parametrize("kind", [RuntimeError, ConfigError])
def test_a_secret_in_an_error_is_not_printed(
    kind: type[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    error = kind(f"cannot log in with {PLANTED}")
    error.__cause__ = ValueError(f"dsn password={PLANTED}")
    ending(error, "--debug")
    err = capsys.readouterr().err
    assert "cannot log in with ***" in err
    assert "password=***" in err
    assert PLANTED not in err


def test_what_nobody_foresaw_shows_where_it_arose(capsys: pytest.CaptureFixture[str]) -> None:
    ending(RuntimeError("boom"))
    err = capsys.readouterr().err
    assert err.startswith("Traceback")
    assert "RuntimeError: boom" in err


def test_no_spelling_of_a_secret_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.PLANTED", "pa/ss wörd")
    ending(
        RuntimeError("at u:pa%2Fss%20w%C3%B6rd@host, cGEvc3Mgd8O2cmQ=, pa%252Fss%2520w%25C3%25B6rd")
    )
    assert "RuntimeError: at u:***@host, ***=, ***" in capsys.readouterr().err
