"""The Dagster instance of this machine: its folder, its file, its storage, and its daemons.

Nothing is made: the files of a SQLite storage that nobody has used yet stay away.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kada_dagster.doctor.check import Check, Verdict, fail, ok, skip, warn
from kada_dagster.doctor.environment import variables_verdicts
from kada_dagster.doctor.limits import Shared
from kada_dagster.doctor.storage import open_postgres, sqlite_history, variables_in
from kada_dagster.errors import ConfigError

if TYPE_CHECKING:
    from dagster import DagsterInstance

SUBJECT = "dagster"
FILE, VARIABLE = "dagster.yaml", "DAGSTER_HOME"
_VALUE = re.compile(r'Value ".*?"', re.DOTALL)
_FRESH_SECONDS = 120.0
"""A daemon reports every 30 seconds."""


def instance_checks(shared: Shared) -> list[Check]:
    """The checks of the instance that $DAGSTER_HOME names, or a dagster.yaml here."""
    probes = _Probes(shared)
    home = Check(SUBJECT, "home", probes.home)
    if not os.environ.get(VARIABLE) and not Path(FILE).is_file():
        return [home]
    file = Check(SUBJECT, FILE, probes.file, needs=(home,))
    variables = Check(SUBJECT, "variables", probes.variables, needs=(file,))
    storage = Check(SUBJECT, "storage", probes.storage, needs=(variables,), remote=True)
    daemons = Check(SUBJECT, "daemons", probes.daemons, needs=(storage,), remote=True)
    return [home, file, variables, storage, daemons]


@dataclass
class _Probes:
    shared: Shared
    folder: Path | None = None
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    instance: DagsterInstance | None = None

    def home(self) -> Iterator[Verdict]:
        """Which folder it is."""
        named = os.environ.get(VARIABLE, "")
        if not named:
            yield from self._without_home()
            return
        folder = Path(named).expanduser()
        if not folder.is_absolute():
            yield fail(
                f"${VARIABLE} is {named!r}, which is relative: give the full path, "
                f"{folder.absolute()} from here"
            )
        elif not folder.is_dir():
            yield fail(f"${VARIABLE}: there is no folder {folder}: make it, or name another one")
        else:
            self.folder = folder
            yield ok(str(folder))

    def _without_home(self) -> Iterator[Verdict]:
        if Path(FILE).is_file():
            self.folder = Path.cwd()
            yield ok(
                f"./{FILE}, which dagster dev and dg dev take; other commands need "
                f"{VARIABLE}={self.folder}"
            )
        else:
            yield skip(f"no instance to look at: ${VARIABLE} is not set, and there is no ./{FILE}")

    def file(self) -> Iterator[Verdict]:
        """What the instance's file says."""
        self.config = _config_of(self.folder or Path())
        path = (self.folder or Path()) / FILE
        if not path.is_file():
            yield warn(f"there is no {path}: everything is as Dagster has it; kada init makes one")
        else:
            yield ok(f"{path} is understood")
        if not self._says("run_monitoring"):
            yield warn(
                "run monitoring is off: a run whose process died counts as working for "
                "ever, and its windows with it; set run_monitoring: {enabled: true}"
            )
        if self._says("telemetry") is not False:
            yield warn(
                "telemetry is on: Dagster tells its makers what is used; set telemetry: "
                "{enabled: false}"
            )

    def _says(self, part: str) -> bool | None:
        """Whether a part of the instance is enabled; None where nothing says."""
        settings: dict[str, Any] = self.config.get(part) or {}
        return settings.get("enabled")

    def variables(self) -> Iterator[Verdict]:
        """Whether what the file takes from the environment is there."""
        names = list(dict.fromkeys(variables_in(self.config)))
        wrong = list(variables_verdicts(names))
        yield from wrong or [ok(", ".join(names) or "none is needed")]

    def storage(self) -> Iterator[Verdict]:
        """Whether it can be asked. It is not opened where Dagster would make it."""
        folder = self.folder or Path()
        kind: dict[str, Any] = self.config.get("storage") or {}
        if "postgres" in kind:
            kept, has_run = open_postgres(kind["postgres"], self.shared.patience(10))
        else:
            kept, has_run = sqlite_history(folder, kind)
        if not has_run:
            yield ok(f"nothing has run yet; the history will be in {kept}")
            return
        from dagster import DagsterInstance

        try:
            self.instance = DagsterInstance.from_config(str(folder))
            runs = self.instance.get_runs_count()
        except Exception as error:  # whatever the storage's driver raises
            lines = str(error).strip().splitlines() or [type(error).__name__]
            yield fail(
                f"the storage of {folder / FILE} cannot be used: {'; '.join(lines[:2])}: "
                "see that its server is up, and that login and database are right"
            )
            return
        yield ok(f"{runs:,} run{'' if runs == 1 else 's'} in {kept}")

    def daemons(self) -> Iterator[Verdict]:
        """Whether those that are needed have reported lately."""
        if self.instance is None:
            yield skip("no daemon has run yet")
            return
        with self.instance as instance:
            heartbeats = instance.get_daemon_heartbeats()
            needed = sorted(instance.get_required_daemon_types())
        if not heartbeats:
            yield warn(
                "no daemon has run here: schedules, sensors and queued runs wait for "
                "dagster-daemon run (or dagster dev)"
            )
            return
        now = time.time()
        ages = {name: now - heartbeats[name].timestamp for name in needed if name in heartbeats}
        stale = [name for name in needed if ages.get(name, now) > _FRESH_SECONDS]
        if stale:
            last = min((ages[name] for name in stale if name in ages), default=0.0)
            yield fail(
                f"{', '.join(stale)}: no report for {_long(last)}: start dagster-daemon run "
                "(or dagster dev), and look at its log"
            )
        else:
            yield ok(f"{len(needed)} daemons reported within {_FRESH_SECONDS:.0f} s")


def _config_of(folder: Path) -> Mapping[str, Any]:
    """What the file says, as Dagster reads it; no storage is opened.

    Raises:
        ConfigError: Dagster refuses it.
    """
    from dagster import DagsterInvalidConfigError
    from dagster._core.instance.config import dagster_instance_config
    from yaml import YAMLError

    try:
        return dagster_instance_config(str(folder))[0]
    except DagsterInvalidConfigError as error:  # its own text shows the whole file
        said = "; ".join(_told(one.message) for one in error.errors) or str(error)
    except YAMLError as error:
        said = " ".join(str(error).split())
    except Exception as error:  # a class it names cannot be imported, and the like
        said = f"{type(error).__name__}: {error}"
    raise ConfigError(f"{folder / FILE}: Dagster refuses it: {said}")


def _told(message: str) -> str:
    """An error of Dagster without values, which may be secrets, and without the whole schema."""
    return _VALUE.sub("a value", message.partition(" Expected: ")[0])


def _long(seconds: float) -> str:
    """How long something is ago, in words."""
    for name, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {name}s"
    return f"{seconds:,.0f} seconds"
