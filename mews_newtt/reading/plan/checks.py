"""What is wrong with a plan by itself: parameters that there are not, two sources of one reading, units, words and patterns that contradict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from mews_newtt.chart.model import Observation
from mews_newtt.errors import Problem, did_you_mean
from mews_newtt.reading.column_names import meant_parameter
from mews_newtt.reading.columns import EXPECTED, is_reserved
from mews_newtt.reading.plan.model import AMOUNTS, OXYGEN_READING, Cell, Plan, Where, Word
from mews_newtt.reading.values import Reading, read

NAMES = "use the names of `mews-newtt charts show CHART`"
STATED = (*EXPECTED, "expected_status")


def checked(plan: Plan, known: Mapping[str, Observation], problems: list[Problem]) -> Plan:
    """The plan without its faulty parts. What is wrong is added to `problems`."""
    if plan.is_map and not problems:  # a faulty part may have been left out that made it more than a map
        _marks(plan, known, problems)  # everything else of a map is checked with the columns of the table
        return plan
    plan = _known_only(plan, known, problems)
    _sources(plan, problems)
    _units(plan, known, problems)
    _meanings(plan, known, problems)
    _marks(plan, known, problems)
    _patterns(plan, known, problems)
    return plan


def _known_only(plan: Plan, known: Mapping[str, Observation], problems: list[Problem]) -> Plan:
    """Every name that is no parameter is a fault, and is left out."""

    def is_known(name: str, place: str, *, labels: bool = True) -> bool:
        if name in known or (labels and (is_reserved(name, known) or name in STATED)):
            return True
        near = meant_parameter(name, known) or did_you_mean(name, list(known))
        mend = f"did you mean {near!r}?" if near else NAMES
        problems.append(Problem("unknown_parameter", place, f"{name!r} is not a parameter of any chart", mend))
        return False

    said, at = plan.column_map, plan.name
    columns = {theirs: ours for theirs, ours in said.columns.items() if is_known(ours, f"{at}, [columns], {theirs}")}
    values = {ours: table for ours, table in said.values.items() if is_known(ours, f"{at}, [values.{ours}]")}
    units = {ours: unit for ours, unit in said.units.items() if is_known(ours, f"{at}, [units]", labels=False)}
    missing_in = {ours: marks for ours, marks in said.missing_in.items() if is_known(ours, f"{at}, [missing]")}
    words = {ours: those for ours, those in plan.words.items() if is_known(ours, f"{at}, [patterns.{ours}]")}
    unknown = {cell.place for cell in plan.cells for name in cell.parameters if not is_known(name, cell.place)}
    cells = tuple(cell for cell in plan.cells if cell.place not in unknown)
    several = {ours: one for ours, one in plan.several.items() if is_known(ours, one.place, labels=False)}
    long = plan.long
    if long is not None:
        codes = {theirs: ours for theirs, ours in long.codes.items() if is_known(ours, f"{at}, [codes], {theirs}")}
        long = long._replace(codes=codes)
    oxygen = tuple(name for name in plan.oxygen_from if is_known(name, f"{at}, [{OXYGEN_READING}]", labels=False))
    born = tuple(one for one in plan.born if is_known(one.parameter, f"{at}, [{one.parameter}]", labels=False))
    column_map = said._replace(columns=columns, values=values, units=units, missing_in=missing_in)
    return replace(plan, column_map=column_map, words=words, cells=cells, several=several, long=long, oxygen_from=oxygen, born=born)


def sources_of(plan: Plan) -> dict[str, dict[Where, str]]:
    """For each of our names: what the plan takes it from, and where the plan says so. `readings` are left out: they choose between these."""
    found: dict[str, dict[Where, str]] = {}
    for theirs, ours in plan.column_map.columns.items():
        found.setdefault(ours, {})[Where(theirs)] = f"[columns], {theirs}"
    for theirs, ours in plan.long.codes.items() if plan.long else ():
        found.setdefault(ours, {})[Where(theirs, True)] = f"[codes], {theirs}"
    for cell in plan.cells:
        for ours in cell.parameters:
            found.setdefault(ours, {})[cell.where] = f"[[cells]] of {cell.where.says}"
    for born in plan.born:
        found.setdefault(born.parameter, {})[Where(f"{born.column} and the time")] = f"[{born.parameter}]"
    return found


def _sources(plan: Plan, problems: list[Problem]) -> None:
    for ours, places in sources_of(plan).items():
        chosen = plan.several.get(ours)
        left = [place for where, place in places.items() if chosen is None or where not in [one.where for one in chosen.sources]]
        if chosen is None and len(places) > 1:
            names = " and ".join(places.values())
            mend = f'keep one, or say which counts: [readings.{ours}] with from = [...] and choose = "equal" or "first"'
            problems.append(Problem("two_sources", f"{plan.name}, {names}", f"{ours} would be read from {len(places)} places", mend))
        elif chosen is not None and left:
            mend = "name it under `from`, or leave it out"
            problems.append(Problem("two_sources", f"{plan.name}, {left[0]}", f"{ours} is read from it too, beside {chosen.place}", mend))
    for one in plan.several.values():
        twice = [source.where.says for source in one.sources if [other.where for other in one.sources].count(source.where) > 1]
        if twice:
            problems.append(Problem("two_sources", one.place, f"{twice[0]} is named more than once", "name it once"))
    used: dict[Where, str] = {}
    for one in plan.several.values():
        for source in one.sources:
            if not _splits(plan.cells, source.where):
                other = used.setdefault(source.where, one.parameter)
                mapped = plan.column_map.columns.get(source.where.name) if not source.where.is_code else None
                other = mapped if mapped and mapped != one.parameter else other
                if other != one.parameter:
                    problems.append(Problem("column_read_twice", one.place, f"{source.where.says} is read as {other} too", "keep one of them"))
    for name in plan.oxygen_from:
        if name not in sources_of(plan) and name not in plan.several:
            mend = f'map a column to it: "their name" = "{name}" under [columns]'
            where = f"{plan.name}, [{OXYGEN_READING}]"
            # a column of that name may be in the file; the file is asked when it is there
            if name not in AMOUNTS:
                problems.append(Problem("no_source", where, f"nothing is read as {name}", mend))


def _splits(cells: tuple[Cell, ...], where: Where) -> bool:
    return any(cell.where == where for cell in cells)


def _units(plan: Plan, known: Mapping[str, Observation], problems: list[Problem]) -> None:
    def check(ours: str, unit: str, place: str) -> None:
        observation = known[ours]
        if not observation.numeric:
            problems.append(Problem("unit_not_allowed", place, f"{ours} is a category and has no unit", "leave the unit out"))
        elif observation.unit_named(unit) is None:
            units = ", ".join([observation.unit, *(other.ucum for other in observation.other_units)])
            what = f"{unit!r} does not convert to {observation.unit}, the unit of {ours}"
            problems.append(Problem("unknown_unit", place, what, f"allowed: {units}"))

    for ours, unit in plan.column_map.units.items():
        check(ours, unit, f"{plan.name}, [units], {ours}")
        if any(source.unit for source in plan.several[ours].sources) if ours in plan.several else False:
            mend = "give every column its unit there, and leave it out here"
            problems.append(Problem("unit_twice", f"{plan.name}, [units], {ours}", f"{plan.several[ours].place} has units too", mend))
    for one in plan.several.values():
        for source in one.sources:
            if source.unit:
                check(one.parameter, source.unit, f"{one.place}, {source.where.says}")


def _meanings(plan: Plan, known: Mapping[str, Observation], problems: list[Problem]) -> None:
    """What words are said to mean must be readings."""
    said = plan.column_map.values
    every = [(ours, meaning, f"{plan.name}, [values.{ours}], {theirs!r}") for ours in said for theirs, meaning in said[ours].items()]
    every += [(ours, word.meaning, word.place) for ours, words in plan.words.items() for word in words]
    for ours, meaning, place in every:
        if ours in known:
            found = read(known[ours], meaning)
            if isinstance(found, Problem):
                problems.append(Problem(found.code, place, found.what, found.mend))


def _marks(plan: Plan, known: Mapping[str, Observation], problems: list[Problem]) -> None:
    """A mark for missing that is a word of the same reading: which of the two is meant cannot be known."""
    for ours in _read_by(plan):
        observation = known.get(ours)
        if observation is None:
            continue
        for mark in sorted(plan.column_map.marks(ours)):
            meaning = observation.category_by_name.get(mark.strip().casefold())
            if meaning is not None and mark not in plan.column_map.values.get(ours, {}):
                where, what = f"{plan.name}, missing, {mark!r}", f"is a word of {ours} too, where it means {meaning!r}"
                mend = f'name the columns that it is a mark in: [missing] with heart_rate = ["{mark}"]; or say what it means under [values.{ours}]'
                problems.append(Problem("missing_is_a_word", where, what, mend))
            what, mend = f"matches {mark!r} too, a mark for missing", "change the pattern, or the mark"
            hits = [word.place for word in plan.words.get(ours, ()) if word.pattern.match(mark) is not None]
            problems += [Problem("missing_is_a_word", place, what, mend) for place in hits]


def _read_by(plan: Plan) -> Iterator[str]:
    """The parameters that the plan reads, as far as it names them."""
    yield from dict.fromkeys([*sources_of(plan), *plan.several, *plan.column_map.values, *plan.words, *plan.column_map.missing_in])


def _patterns(plan: Plan, known: Mapping[str, Observation], problems: list[Problem]) -> None:
    """Patterns that contradict accepted words, or each other on a word that is known beforehand. Cells of a file show the rest."""
    for ours, words in plan.words.items():
        accepted = dict(known[ours].category_by_name) if ours in known else {}
        first: dict[str, Word] = {}  # the first pattern that matches each accepted word
        for word in words:
            found = read(known[ours], word.meaning) if ours in known else None
            matched = [name for name in accepted if word.pattern.match(name) is not None]
            against = [name for name in matched if isinstance(found, Reading) and found.value != accepted[name]]
            if against:
                what = f"matches {against[0]!r}, an accepted word for {accepted[against[0]]!r}, and means {word.meaning!r}"
                problems.append(Problem("pattern_against_word", word.place, what, "make the pattern narrower"))
            others = [(key, other) for key in matched if (other := first.setdefault(key, word)).meaning != word.meaning]
            if others:
                problems.append(overlap(others[0][1].place, word.place, others[0][0]))
    seen: dict[tuple[Where, str], Cell] = {}
    for one in plan.cells:
        before = seen.setdefault((one.where, one.pattern.text), one)
        if before is not one:
            problems.append(overlap(before.place, one.place, "the same cells"))


def overlap(first: str, second: str, cell: str) -> Problem:
    """Two patterns that match the same text with different results."""
    return Problem("patterns_overlap", second, f"matches {cell!r}, and so does {first}", "make one of them narrower, so that no text matches both")
