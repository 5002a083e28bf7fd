"""Decides which cases a platform is sent, and as what: cases hold readings that an adapter leaves out or that a platform cannot take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.wording import count
from mews_newtt.validation.conform.placeholders import Visit
from mews_newtt.validation.conform.settings import ONE, Settings
from mews_newtt.validation.packs import Case, expected_of

NAMED = 20  # cases that a sentence names


class Sent(Case):
    """A case as it is sent: its readings without those that are not, and what its request says of case, person and time."""

    visit: Visit = Visit()


@dataclass
class Sending:
    """What is sent of some cases, and what is not.

    held_back : ids of the cases that are not sent, by the readings that cannot be
    without : cases that were sent without a reading that cannot be sent, because the chart's answer is the same without it; by parameter
    left_out : cases that were sent without a reading of `leave_out`, by parameter
    changed : those of `left_out` for which the chart has another answer than with the reading
    """

    chart: Chart
    cases: list[Sent] = field(default_factory=list)
    held_back: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    without: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    changed: int = 0
    out_of: int = 0

    def says(self) -> list[str]:
        """What is not sent, in sentences that are right before and after sending."""
        lines = []
        for names, cases in self.held_back.items():
            named = ", ".join(cases[:NAMED]) + (f" and {len(cases) - NAMED:,} more" if len(cases) > NAMED else "")
            what = " and ".join(self.named(name) for name in names)
            held = f"{len(cases):,} of {count(self.out_of, 'case')} {'is' if len(cases) == 1 else 'are'} not sent"
            lines.append(f"{held}, because the adapter cannot send {what}: {named}.")
        lines += [self._without(name) for name in self.without if not name.startswith(SKIP_PREFIX)]
        if self.left_out:
            listed = ", ".join(f"{self.named(name)} ({count(number, 'case')})" for name, number in self.left_out.items())
            lines.append(f"The adapter leaves out {listed}. The answers are compared with what the chart says of the readings that are sent.")
        needed = [self.named(name) for name in self.left_out if name in self.chart.by_id and self.chart.by_id[name].required]
        if needed:
            lines.append(
                f"The chart needs {' and '.join(needed)}: a set without it is partial and has no total, or an uncertain level. "
                "A platform that scores it like a complete set disagrees."
            )
        if self.changed:
            lines.append(
                f"For {count(self.changed, 'case')} the chart has another answer with the readings that the adapter leaves out. "
                "There the platform is not tried on them: what it answers says nothing about how it scores them."
            )
        return lines

    def notes(self, adapter: Settings) -> list[str]:
        """What matters less: reasons for no reading that were not sent, and change nothing; how the series of a pack was sent."""
        lines = [self._without(name).removesuffix(".") for name in self.without if name.startswith(SKIP_PREFIX)]
        series = sum(bool(case.person) for case in self.cases)
        if series and not adapter.says_who:
            lines.append(
                f"{series} sets are a series of one person, which shows a platform that carries readings over. They were sent in order, but the "
                "request names no person: use {person_id} in the adapter if the platform knows persons"
            )
        return lines

    def in_order(self) -> list[list[Sent]]:
        """The cases in groups: those of one person one after the other, so that they arrive in the order of their times."""
        groups: list[list[Sent]] = []
        for case in self.cases:
            if groups and groups[-1][-1].visit.person == case.visit.person:
                groups[-1].append(case)
            else:
                groups.append([case])
        return groups

    def _without(self, name: str) -> str:
        cases = self.without[name]
        sent = f"{count(cases, 'case')} {'is' if cases == 1 else 'are'} sent without {self.named(name)}, which the adapter cannot send"
        return f"{sent}: the chart's answer is the same without it."

    def named(self, name: str) -> str:
        """A parameter, a value of one or a skip reason, in words."""
        bare, _, value = name.partition("=")
        if bare.startswith(SKIP_PREFIX):
            return f"a reason for no {self.chart.by_id[bare.removeprefix(SKIP_PREFIX)].title}"
        title = self.chart.by_id[bare].title if bare in self.chart.by_id else bare
        return f"{title} = {value}" if value else title


def sending_of(chart: Chart, adapter: Settings, cases: Sequence[Case], name: str, now: datetime | None = None) -> Sending:
    """What is sent of some cases.

    A case with a reading that cannot be sent is sent without it where the chart gives the same answer without it; otherwise it is not sent.

    Parameters
    ----------
    name : the platform, for messages
    now : the time of the last request where the adapter asks for the present

    Raises
    ------
    FileError  no case can be sent
    """
    found = Sending(chart, out_of=len(cases))
    for case in cases:
        _add(found, adapter, case)
    if not found.cases:
        blame = dict.fromkeys(found.named(name) for names in found.held_back for name in names)
        says = (
            f"no case can be sent: all {len(cases):,} need {' or '.join(blame)}, which the adapter cannot send"
            if cases
            else "there is no case to send"
        )
        mend = "give a path for it in [request.fields], or name it in leave_out: then its cases are sent without it and compared as sets without it"
        raise FileError(Problem("nothing_to_send", name, says, mend))
    _date(found, adapter, now)
    return found


def _add(found: Sending, adapter: Settings, case: Case) -> None:
    given = {name: text for name, text in case.given.items() if text != ""}
    left = [name for name in given if name in adapter.leave_out]
    kept = {name: text for name, text in given.items() if name not in left}
    cannot = [name for name, text in kept.items() if not adapter.sends(name, text)]
    sent = {name: text for name, text in kept.items() if name not in cannot}
    if cannot:
        answer = _answer(found.chart, kept)
        if not sent or answer != _answer(found.chart, sent):
            needed = [name for name in cannot if answer != _answer(found.chart, {k: v for k, v in kept.items() if k != name})]
            reasons = tuple(_reason(adapter, name, kept[name]) for name in needed or cannot)
            found.held_back.setdefault(reasons, []).append(case.id)
            return
    for name in cannot:
        found.without[name] = found.without.get(name, 0) + 1
    for name in left:
        found.left_out[name] = found.left_out.get(name, 0) + 1
    if left and _answer(found.chart, given) != _answer(found.chart, kept):
        found.changed += 1
    expected = case.expected if len(sent) == len(given) else expected_of(found.chart, sent)
    found.cases.append(Sent(*case._replace(given=sent, expected=expected)))


def _reason(adapter: Settings, name: str, text: str) -> str:
    return name if name in adapter.cannot_send or not adapter.place(name) else f"{name}={text}"


def _answer(chart: Chart, given: Mapping[str, str]) -> Any:
    """What a platform could answer for a set."""
    result = score(chart, dict(given), raise_refused=False)
    return result.status, result.total, result.level


def _date(found: Sending, adapter: Settings, now: datetime | None) -> None:
    """Give each case its number, person and time. The times rise; where the adapter asks for the present, the last one is now."""
    gap = timedelta(minutes=adapter.minutes_between)
    first = adapter.first_time
    if first is None:
        first = (now or datetime.now(UTC)).replace(microsecond=0) - gap * (len(found.cases) - 1)
    chart, persons = found.chart, dict[str, int]()
    for number, case in enumerate(found.cases, start=1):
        whose = ONE if adapter.person == ONE else case.person or f"case {number}"  # the sets of a series are of one person
        person = persons.setdefault(whose, len(persons) + 1)
        case.visit = Visit(case.id, number, person, first + gap * (number - 1), chart.id, chart.version, adapter.run)


def visit_of(case: Case, chart: Chart) -> Visit:
    """What the request of a case says of case, person and time."""
    return case.visit if isinstance(case, Sent) else Visit(case.id, chart=chart.id, version=chart.version)
