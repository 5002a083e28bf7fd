"""What each column of a source is for, as a plan and the names in the file say. Every name that does not fit is a fault."""

from __future__ import annotations

from collections.abc import Sequence

from mews_newtt.chart.model import Chart
from mews_newtt.errors import Problem, did_you_mean
from mews_newtt.reading.column_names import meaning_of
from mews_newtt.reading.columns import is_reserved
from mews_newtt.reading.plan.cells import Target
from mews_newtt.reading.plan.checks import STATED, sources_of
from mews_newtt.reading.plan.model import OBSERVED, OXYGEN_READING, PERSON, Plan, Where
from mews_newtt.reading.plan.report import ReadingReport
from mews_newtt.reading.values import LABELS
from mews_newtt.tables.planned.coded import BESIDE, Coded

NOTES = "plan_notes"  # a column that is made: what stands for a range in this row


class Layout:
    """What the columns and codes of one source become.

    targets, outs : for `CellReader`: what whole cells are read as, and what the groups of patterns fill
    labels : our label to the column that holds it, read as text; born : our reading to the column of the birth
    other : columns that travel through unread
    faults : names that do not fit, and what makes the file unusable with this plan
    """

    def __init__(self, chart: Chart, plan: Plan, names: Sequence[str], report: ReadingReport, coded: Coded | None = None):
        self._coded = coded
        self.chart, self.plan, self.names, self.report = chart, plan, list(names), report
        self._present = frozenset(names)
        self.known = chart.observations
        self.targets: dict[Where, list[Target]] = {}
        self.outs: dict[Where, dict[str, str]] = {}
        self.labels: dict[str, str] = {}
        self.born: dict[str, str] = {}
        self.other: list[str] = []
        self.faults: list[Problem] = []
        self._codes: set[str] = set()
        self._sources = sources_of(plan)
        for cell in plan.cells:
            outs = self.outs.setdefault(cell.where, {})
            for ours in cell.parameters:
                outs[ours] = self._out(ours, cell.where)
        self._columns()
        for where, outs in self.outs.items():
            report.knows(where, (*(target.ours for target in self.targets.get(where, ())), *outs))

    def _out(self, ours: str, where: Where) -> str:
        """The column that is made: the reading itself, or one of several to choose from."""
        several = self.plan.several.get(ours)
        places = [source.where for source in several.sources] if several else []
        return f"{ours}@{places.index(where)}" if where in places else ours

    def _absent(self, name: str, place: str) -> bool:
        if name in self._present:
            return False
        near = did_you_mean(name, self.names)
        mend = f"did you mean {near!r}?" if near else "columns: " + ", ".join(self.names[:20])
        self.faults.append(Problem("column_absent", f"{self.plan.name}, {place}", f"there is no column {name!r} in the file", mend))
        return True

    def _columns(self) -> None:
        plan, said, report = self.plan, self.plan.column_map, self.report
        twice = sorted({name for name in self.names if self.names.count(name) > 1}) if len(set(self.names)) < len(self.names) else []
        for name in twice:
            self.faults.append(Problem("column_twice", f"column {name}", f"stands {self.names.count(name)} times", "give each column its own name"))
        for theirs in said.columns:
            self._absent(theirs, f"[columns], {theirs}")
        for theirs in sorted(said.ignore):
            self._absent(theirs, "ignore")
        for cell in plan.cells:
            if not cell.where.is_code:
                self._absent(cell.where.name, "[[cells]]")
        used: dict[str, str] = {}
        if plan.long:
            used |= {plan.long.code: "the code of each row", plan.long.value: "the value of each row"}
            used |= {plan.long.unit: "the unit of each row"} if plan.long.unit else {}
            used |= BESIDE if self._coded else {}
        if plan.times:
            used |= dict.fromkeys(plan.times.columns, f"a part of {OBSERVED}")
        if plan.status:
            used[plan.status.column] = "whether a row counts"
        if plan.sets and plan.sets.newest:
            used[plan.sets.newest] = "how new a row is"
            if plan.status:
                what = "and a status that leaves rows out contradict each other: a row that is void may supersede one that counts"
                mend = "leave out newest where the source has a status of each row, else [status]"
                self.faults.append(Problem("newest_and_status", f"{plan.name}, [sets], newest", what, mend))
            if plan.numbers.ranges:
                what = "does not go with ranges: the note about a range does not say which version it is of"
                self.faults.append(Problem("newest_and_ranges", f"{plan.name}, [sets], newest", what, "leave out [numbers] ranges, or newest"))
        for born in plan.born:
            used[born.column] = f"the birth, for {born.parameter}"
            if not self._absent(born.column, f"[{born.parameter}]"):
                self.born[born.parameter] = born.column
        for name, what in used.items():
            if name not in self.born.values() and not self._absent(name, what):
                pass
        for several in plan.several.values():
            for source in several.sources:
                if source.where.is_code != (plan.long is not None) and source.where.is_code:
                    self.faults.append(Problem("codes_without_long", several.place, f"{source.where.says} needs [long]", "name a column"))
                elif not source.where.is_code:
                    self._absent(source.where.name, several.place.partition(", ")[2])
                if source.where not in self.outs or several.parameter not in self.outs[source.where]:
                    target = Target(self._out(several.parameter, source.where), several.parameter, source.unit)
                    self.targets.setdefault(source.where, []).append(target)
        for name in dict.fromkeys(self.names):
            where = Where(name)
            if name in said.ignore:
                report.knows(where, (), "left alone, as the plan says")
                self.other.append(name)
                continue
            ours = said.columns.get(name)
            if ours is None and name not in used and (name in self.known or is_reserved(name, self.known) or name in STATED):
                ours = name
                self._identity(name)
            if ours in LABELS and not said.values.get(ours or "") and not self.outs.get(where):
                self.labels[ours or ""] = name
                report.knows(where, (ours or "",))
            elif ours is not None and not (ours in plan.several and self._out(ours, where) == ours):
                if self._out(ours, where) == ours:
                    self.targets.setdefault(where, []).append(Target(ours, ours))
                report.knows(where, [target.ours for target in self.targets[where]])
            elif where in self.targets:
                report.knows(where, [target.ours for target in self.targets[where]])
            elif name in used:
                report.knows(where, (used[name],))
            elif where not in self.outs:
                report.knows(where)
                self.other.append(name)
        if plan.times and len(plan.times.columns) > 1 and OBSERVED in self.labels:
            place = f"{plan.name}, [times], columns"
            self.faults.append(Problem("two_sources", place, f"{OBSERVED} is read from the column {self.labels[OBSERVED]} too", "keep one of them"))
        if (plan.long or plan.sets) and PERSON not in self.labels:
            mend = 'name the column: "their name" = "patient_id" under [columns]'
            self.faults.append(Problem("person_needed", plan.name, "no column says whose rows these are, so that they cannot be put into sets", mend))
        if (plan.long or plan.sets or plan.born) and not self.has_time:
            mend = 'name the column: "their name" = "observed_at" under [columns], or [times] columns'
            self.faults.append(Problem("time_needed", plan.name, "no column says when the readings were taken", mend))
        for name in plan.oxygen_from:
            if name not in self._sources and name not in plan.several and name not in self.names and plan.long is None:
                mend = f'name its column: "their name" = "{name}" under [columns]'
                self.faults.append(Problem("no_source", f"{plan.name}, [{OXYGEN_READING}]", f"nothing is read as {name}", mend))

    @property
    def has_time(self) -> bool:
        return OBSERVED in self.labels or bool(self.plan.times and len(self.plan.times.columns) > 1)

    def _identity(self, name: str) -> None:
        """A column under our own name, which the plan takes from another place as well."""
        others = [where.says for where in self._sources.get(name, {}) if where.name != name]
        several = self.plan.several.get(name)
        if several is not None and Where(name) not in [source.where for source in several.sources]:
            others.append(several.place)
        if others:
            mend = f"leave this column alone: ignore = [{name!r}], or choose between them under [readings.{name}]"
            self.faults.append(Problem("two_sources", f"column {name}", f"{name} would be read from it and from {others[0]}", mend))

    def code(self, code: str | None) -> Where | None:
        """The place of a code of long format; None for one that is not read. What it becomes is known from here on."""
        plan = self.plan
        assert plan.long is not None
        where = Where((code or "").strip(), True)
        if where.name in self._codes:
            return where if where in self.targets or where in self.outs else None
        self._codes.add(where.name)
        ours = plan.long.codes.get(where.name)
        if ours is None and where.name in self.known and where.name not in plan.long.ignore:
            ours = where.name
        by_rules = ours is None and self._coded is not None and where.name not in plan.long.ignore
        if by_rules and self._coded is not None:
            ours = self._coded.ours.get(where.name)
        if ours is not None and self._out(ours, where) == ours and ours not in plan.several:
            taken = [other for other in self.targets if other != where and any(target.ours == ours for target in self.targets[other])]
            if taken and not (by_rules and all(self._coded and other.name in self._coded.ours for other in taken)):
                mend = f"choose between them under [readings.{ours}], or leave one alone: [long] ignore"
                self.faults.append(Problem("two_sources", where.says, f"{ours} would be read from it and from {taken[0].says}", mend))
            self.targets.setdefault(where, []).append(Target(ours, ours))
        read_as = (*(target.ours for target in self.targets.get(where, ())), *self.outs.get(where, ()))
        note = "left alone, as the plan says" if where.name in plan.long.ignore else ""
        self.report.knows(where, read_as, note)
        if not read_as and not note:
            self._looks_like(where)
        return where if read_as else None

    def _looks_like(self, where: Where) -> None:
        """A code that is not read, and may hold a row of the chart."""
        called = self._coded.called.get(where.name) if self._coded else None
        meaning = meaning_of(where.name.rpartition("|")[2], self.known) or (meaning_of(called, self.known) if called else None)
        rows = [name for name in meaning.parameters if name in self.chart.by_id] if meaning else []
        if rows:
            mend = f'add {where.name!r} = "{rows[0]}" under [codes]; if it is something else, [long] ignore = [{where.name!r}]'
            self.faults.append(Problem("code_not_read", where.says, f"looks like {rows[0]} and would not be read", mend))

    def made(self) -> list[str]:
        """The columns that are made of readings and labels, in the order of the output."""
        found: dict[str, None] = {}
        if self.plan.long:
            found |= dict.fromkeys(self.plan.long.codes.values())
            found |= dict.fromkeys(name for name in self._codes if name in self.known and Where(name, True) in self.targets)
        found |= dict.fromkeys(target.ours for targets in self.targets.values() for target in targets)
        found |= dict.fromkeys(ours for outs in self.outs.values() for ours in outs)
        found |= dict.fromkeys(self.plan.several)
        found |= dict.fromkeys(self.born)
        if self.plan.oxygen_from:
            found[OXYGEN_READING] = None
        return list(found)
