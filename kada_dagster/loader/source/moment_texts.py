"""Texts of dates and times that PostgreSQL would read as something else than they say.

It drops the time of day in a column of dates, the date in one of times, and a zone in one without,
and takes `today` for the day of the load. Facts: https://www.postgresql.org/docs/current/datatype-datetime.html,
8.5.1.4, and appendix B.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timezone

from kada_dagster.loader.source.target_types import MOMENTS, WITHOUT_ZONE
from kada_dagster.loader.source.unfit import UnfitError

_WORD = re.compile(r"(?<![a-z])(now|today|tomorrow|yesterday)(?![a-z])", re.IGNORECASE)
_MIDNIGHT = re.compile(
    r"[ T](0?0:00(:00(\.0+)?)?|12:00(:00(\.0+)?)? ?AM) *(Z|UTC|GMT|[+-]00(:?00)?)?\Z", re.IGNORECASE
)
_ZONE = re.compile(r":\d\d(?![\0:])(\.\d+)? *([+-]\d|[A-Za-z])")  # most end at the lookahead
_OTHER_ZONE = re.compile(  # than UTC's Z, which a moment may lose; a quote of CSV may follow
    r":\d\d(?![\0:])(\.\d+)? *([+-]\d|[A-Ya-z]|Z *[^\0\s\"'])"
)
_UTC = re.compile(r" *(Z|UTC|GMT)\Z")
_SHORT_ZONE = re.compile(r"([+-]\d\d)(\d\d)?\Z", re.ASCII)
_FRACTION = re.compile(r"(?<=:\d\d\.)\d+", re.ASCII)
_NO_ZONES = ("BC", "AD", "PM", "AM", "pm", "am")
_DAY = re.compile(r"\d[-/.]\d{1,2}[-/.]\d")
_DIGITS = bytes.maketrans(b"123456789", b"0" * 9)
_LETTER = re.compile("[A-SU-Ya-z]")  # T stands between a date and a time, Z behind them


def is_checked(target: str) -> bool:
    """Whether texts for a type need a look."""
    return target in MOMENTS and target != "interval"


def are_plain(joined: str, target: str) -> bool:
    """Whether none of many texts needs one.

    Args:
        joined: the texts, with NUL between them.
        target: a type that is checked.
    """
    joined = _shape(joined)
    if _LETTER.search(joined):
        return False
    if target == "date":
        return ":" not in joined
    if target.startswith("time ") and _DAY.search(joined):
        return False
    return target not in WITHOUT_ZONE or _zone(target).search(joined) is None


def _shape(joined: str) -> str:
    """One text for all where they differ in their digits alone, as most moments of a column do."""
    shapes = joined.encode(errors="surrogatepass").translate(_DIGITS) + b"\0"
    one = shapes[: shapes.find(b"\0") + 1]
    is_same = len(shapes) % len(one) == 0 and shapes == one * (len(shapes) // len(one))
    return one.decode() if is_same and one.isascii() else joined


def moment_text(target: str) -> Callable[[str], str]:
    """How one text is spelled for a type that is checked; raises UnfitError where it is not."""
    if target == "date":
        return _date
    spell = _without_zone(_zone(target)) if target in WITHOUT_ZONE else _no_word
    return _time(target, spell) if target.startswith("time ") else spell


def _no_word(value: str) -> str:
    if _WORD.search(value):
        raise UnfitError("a word for the day of the load is no date")
    return value


def _date(value: str) -> str:
    if ":" in value and _MIDNIGHT.search(value) is None:
        raise UnfitError("a date with a time of day would lose it in a column of type date")
    return _no_word(value)


def _time(target: str, spell: Callable[[str], str]) -> Callable[[str], str]:
    def made(value: str) -> str:
        if _DAY.search(value):
            raise UnfitError(f"a date with a time is no {target}")
        return spell(value)

    return made


def _zone(target: str) -> re.Pattern[str]:
    return _ZONE if target.startswith("time ") else _OTHER_ZONE


def _without_zone(zone: re.Pattern[str]) -> Callable[[str], str]:
    def made(value: str) -> str:
        is_without = zone.search(value) is None or value.endswith(_NO_ZONES)
        return _no_word(value) if is_without else _in_utc(value)

    return made


def _in_utc(value: str) -> str:
    try:
        moment = datetime.fromisoformat(_in_full(value))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UnfitError("a moment with a zone would lose it in a column without one")
    return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat(" ")


def _in_full(value: str) -> str:
    """As Python 3.10 reads it, too: with six digits of a second, and minutes of the zone."""
    zoned = _SHORT_ZONE.sub(
        lambda short: f"{short[1]}:{short[2] or '00'}", _UTC.sub("+00:00", value)
    )
    return _FRACTION.sub(lambda digits: f"{digits[0]:0<6.6}", zoned)
