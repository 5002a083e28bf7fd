"""Signs a chart off, which puts it in force, and retires it. Both are written into the file of sign-offs beside the chart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from mews_newtt.adoption.own_list import in_force_in_list
from mews_newtt.adoption.words import Unreadable, read_date
from mews_newtt.chart.model import Chart
from mews_newtt.chart.sign_offs import SignOff, sign_off_path, sign_offs, why_not
from mews_newtt.chart.site import transcribers
from mews_newtt.chart.write import text
from mews_newtt.errors import FileError, Problem
from mews_newtt.tables.atomic import whole_file

LONGEST = 300  # characters of a name, a role or a reason


def sign_off(chart: Chart, chart_file: Path, *, name: str, role: str, on: str, today: date | None = None) -> SignOff:
    """Add a sign-off of the chart's content as it is now. An adopted chart that waited is in force from then on.

    Parameters
    ----------
    name, role, on : who signs, in which role, and the day as 2026-01-31
    today : a later day than this is refused; the day it is where none is given

    Raises FileError: a name or role that is empty, a day that cannot be, or somebody who transcribed the chart.
    """
    said = _filled({"--name": name, "--role": role})
    made = SignOff(said["--name"], said["--role"], _day("--date", on), chart.sha256)
    why = why_not(made, chart, transcribers(chart, chart_file), today or date.today())
    if why is not None:
        mend = "let somebody sign who did not transcribe it, with the day on which it is done"
        raise FileError(Problem("sign_off_refused", f"sign-off of {chart.id} {chart.version}", why, mend))
    every = sign_offs(chart_file)
    if made not in every:
        _write(chart_file, [*every, made])
    in_force_in_list(chart_file)
    return made


def retire(chart: Chart, chart_file: Path, *, name: str, role: str, on: str, because: str, today: date | None = None) -> None:
    """End the time in force of a chart: all its sign-offs are marked as retired. A new sign-off brings it back.

    Raises FileError: a chart that is not in force, or a name, role, reason or day that cannot be.
    """
    said = _filled({"--name": name, "--role": role, "--because": because})
    day = _day("--date", on)
    every = sign_offs(chart_file)
    where = f"chart {chart.id} {chart.version}"
    open_ones = [one for one in every if not one.retired_on]
    if not open_ones:
        raise FileError(Problem("not_in_force", where, "has no sign-off, so it is not in force", "retire a chart that is in force"))
    if day > (today or date.today()).isoformat():
        raise FileError(Problem("date_ahead", "--date", f"{day} lies ahead", "write the day on which it is done"))
    if day < max(one.on for one in open_ones):
        raise FileError(Problem("bad_date", "--date", f"{day} is before the chart was signed off", "write the day on which it is done"))
    by = f"{said['--name']}, {said['--role']}"
    ended = [one if one.retired_on else one._replace(retired_on=day, retired_by=by, retired_because=said["--because"]) for one in every]
    _write(chart_file, ended)


def _filled(values: dict[str, str]) -> dict[str, str]:
    found = {what: " ".join(value.split()) for what, value in values.items()}
    for what, value in found.items():
        if not value:
            raise FileError(Problem("sign_off_empty", what, "is empty", "write who signs, in which role and when"))
        if len(value) > LONGEST:
            raise FileError(Problem("sign_off_long", what, f"has {len(value)} characters", f"write {LONGEST} at most"))
    return found


def _day(option: str, said: str) -> str:
    try:
        return read_date(said)
    except Unreadable as fault:
        raise FileError(Problem("bad_date", option, fault.what, fault.mend)) from None


def _write(chart_file: Path, every: Sequence[SignOff]) -> None:
    entries = ["\n".join(["[[sign_off]]", *(f"{key} = {text(value)}" for key, value in one._asdict().items() if value)]) for one in every]
    with whole_file(sign_off_path(chart_file)) as out:
        out.write(
            "# Sign-offs of the chart file beside this one; sha256 is the content hash of the chart that was signed off.\n\n"
            + "\n\n".join(entries)
            + "\n"
        )
