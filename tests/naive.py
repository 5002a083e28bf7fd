"""A slow plain twin of the reference scorer. It reads a chart's TOML content as plain data and borrows nothing from the package.

It scores what is given and supposes nothing: a row without a reading counts for nothing. Bounds of a partial set are then the least and
the most over every completion, which is what the reference promises and never enumerates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import product
from typing import Any

Content = dict[str, Any]
Given = dict[str, Any]  # parameter id to Decimal or category
Worth = tuple[int, int, int]  # points, zone, level; more is worse


def holds(edges: Mapping[str, Any], value: Decimal) -> bool:
    return (
        ("from" not in edges or value >= Decimal(str(edges["from"])))
        and ("above" not in edges or value > Decimal(str(edges["above"])))
        and ("to" not in edges or value <= Decimal(str(edges["to"])))
        and ("below" not in edges or value < Decimal(str(edges["below"])))
    )


def fulfils(condition: Any, value: Any) -> bool:
    if isinstance(condition, dict):
        return holds(condition, value)
    return value in ([condition] if isinstance(condition, str) else condition)


def tables(parameter: Content) -> list[Content]:
    return [{"bands": parameter["bands"]}] if "bands" in parameter else parameter.get("tables", [])


def table_of(parameter: Content, given: Given) -> Content | None:
    for table in tables(parameter):
        if all(name in given and fulfils(wanted, given[name]) for name, wanted in table.get("when", {}).items()):
            return table
    return None


class Naive:
    """One chart's content, ready to be asked."""

    def __init__(self, content: Content):
        self.content = content
        self.parameters: list[Content] = content["parameters"]
        self.zones = [zone["id"] for zone in content.get("zones", [])]
        self.levels = [level["id"] for level in content["levels"]]
        self.groups: list[Content] = content.get("groups", [])
        self.contexts = {name for p in self.parameters for table in tables(p) for name in table.get("when", {})}
        self.has_points = any("points" in band for p in self.parameters for table in tables(p) for band in table.get("bands", []))

    def worth(self, band: Content) -> Worth:
        return (
            band.get("points", 0),
            self.zones.index(band["zone"]) + 1 if "zone" in band else 0,
            self.levels.index(band["level"]) if "level" in band else 0,
        )

    def band(self, table: Content, value: Any) -> Content:
        """The band of a value; between two of them the worse, and of two equally bad ones the upper."""
        bands: list[Content] = table["bands"]
        for band in bands:
            if ("is" in band and fulfils(band["is"], value)) or ("is" not in band and holds(band, value)):
                return band
        below = [band for band in bands if value > Decimal(str(band.get("to", band.get("below", "Infinity"))))]
        above = [band for band in bands if value < Decimal(str(band.get("from", band.get("above", "-Infinity"))))]
        return max(above[0], below[-1], key=self.worth)

    def band_worth(self, table: Content, value: Any) -> Worth:
        return self.worth(self.band(table, value))

    def row_worth(self, parameter: Content, given: Given, skips: Mapping[str, str]) -> Worth | None:
        """What a row counts for, or None where it counts for nothing."""
        table = table_of(parameter, given)
        if parameter["id"] in given:
            return self.band_worth(table, given[parameter["id"]]) if table and table.get("applies", True) else None
        reason = skips.get(parameter["id"])
        points = next((skip.get("points") for skip in parameter.get("skips", []) if skip["code"] == reason), None)
        return None if points is None else (points, 0, 0)

    def with_assumed(self, given: Given) -> Given:
        return {**{p["id"]: p["assumed"] for p in self.parameters if "assumed" in p}, **given}

    def single_worths(self, given: Given, skips: Mapping[str, str]) -> dict[str, Worth]:
        """What each row with an answer counts for."""
        given = self.with_assumed(given)
        found = {p["id"]: self.row_worth(p, given, skips) for p in self.parameters}
        return {name: worth for name, worth in found.items() if worth is not None}

    def worths(self, given: Given, skips: Mapping[str, str]) -> dict[tuple[str, ...], Worth]:
        """The same with each group counted once, under the names of its members."""
        single = self.single_worths(given, skips)
        grouped = {name for group in self.groups for name in group["parameters"]}
        found = {(name,): worth for name, worth in single.items() if name not in grouped}
        for group in self.groups:
            members = [single[name] for name in group["parameters"] if name in single]
            if members:
                found[tuple(group["parameters"])] = tuple(max(column) for column in zip(*members, strict=True))  # type: ignore[assignment]
        return found

    def reasons(self, given: Given, skips: Mapping[str, str]) -> list[tuple[str, str, int, set[tuple[str, ...]]]]:
        """Every cause of a level above the first: level, kind, the place in a worth that counts, and the rows and groups that make it so."""
        worths = self.worths(given, skips)
        total = sum(points for points, _, _ in worths.values())
        found: list[tuple[str, str, int, set[tuple[str, ...]]]] = []
        for rule in reversed(self.content["levels"][1:]):
            told = any(kind == "total" for _, kind, _, _ in found)
            if self.has_points and "total" in rule and total >= rule["total"].get("from", 0) and not told:
                found.append((rule["id"], "total", 0, {names for names, worth in worths.items() if worth[0] > 0}))
            for counted in rule.get("counts", []):
                place, least = (0, counted["points"]) if "points" in counted else (1, self.zones.index(counted["zone"]) + 1)
                names = {names for names, worth in worths.items() if worth[place] >= least}
                if len(names) >= counted["at_least"]:
                    found.append((rule["id"], "count", place, names))
            for name, worth in self.single_worths(given, skips).items():
                if worth[2] == self.levels.index(rule["id"]):
                    found.append((rule["id"], "trigger", 2, {(name,)}))
        return found

    def score(self, given: Given, skips: Mapping[str, str]) -> tuple[int, int]:
        """Total and level (its place) of what is given."""
        worths = list(self.worths(given, skips).values())
        total = sum(points for points, _, _ in worths)
        level = max((named for _, _, named in worths), default=0)
        for place, rule in list(enumerate(self.content["levels"]))[1:]:
            if self.has_points and "total" in rule and total >= rule["total"].get("from", 0):
                level = max(level, place)
            for counted in rule.get("counts", []):
                if "points" in counted:
                    many = sum(points >= counted["points"] for points, _, _ in worths)
                else:
                    many = sum(zone >= self.zones.index(counted["zone"]) + 1 for _, zone, _ in worths)
                if many >= counted["at_least"]:
                    level = max(level, place)
        return total, level

    def candidates(self, name: str) -> list[Any]:
        """Enough values of a parameter to meet every band, every place between bands and every condition on it."""
        parameter = next(p for p in self.parameters if p["id"] == name)
        if parameter.get("categories"):
            return list(parameter["categories"])
        step = Decimal(str(parameter["step"]))
        places = [band for table in tables(parameter) for band in table.get("bands", [])]
        places += [table["when"][name] for p in self.parameters for table in tables(p) if name in table.get("when", {})]
        places += [rule["when"][name] for rule in self.content.get("scope", []) if name in rule["when"]]
        edges = sorted({Decimal(str(edge)) for place in places for key, edge in place.items() if key in ("from", "above", "to", "below")})
        if not edges:
            return [step * 10]
        found = {value for edge in edges for value in (edge - step, edge, edge + step / 2)} | {edges[-1] + step}
        return sorted(value for value in found if holds(parameter.get("possible", {}), value))

    def open_rows(self, given: Given, skips: Mapping[str, str]) -> list[str]:
        """What a completion must still say: rows of a full set without an answer, and contexts that rows hang on."""
        found = []
        for parameter in self.parameters:
            name = parameter["id"]
            coded = next((s for s in parameter.get("skips", []) if s["code"] == skips.get(name)), {})
            if name in given or "assumed" in parameter or "points" in coded:
                continue
            if name in self.contexts or (parameter.get("required", True) and parameter["role"] != "recorded"):
                found.append(name)
        return found

    def completions(self, given: Given, skips: Mapping[str, str], most: int) -> Iterator[tuple[int, int]]:
        """Total and level of every completion; nothing at all where there are more than `most`."""
        return (self.score(full, left) for full, left in self.completed(given, skips, most))

    def completed(self, given: Given, skips: Mapping[str, str], most: int) -> Iterator[tuple[Given, dict[str, str]]]:
        """Readings and skips of every completion."""
        rows = self.open_rows(given, skips)
        choices: list[list[Any]] = [self.candidates(name) for name in rows]
        one_of = [group["parameters"] for group in self.groups if group["kind"] == "one_of"]
        for place, name in enumerate(rows):
            if any(name in members for members in one_of):
                choices[place].append(None)  # the other member may be the one that is given
        amount = 1
        for choice in choices:
            amount *= len(choice)
        if amount > most:
            return
        left = {name: reason for name, reason in skips.items() if name not in rows}
        ways = [dict(zip(rows, chosen, strict=True)) for chosen in product(*choices)]
        for way in [way for way in ways if not self.refused({**given, **way})] or ways:
            full = given | {name: value for name, value in way.items() if value is not None}
            # One answer of a one_of group stands, a reading or a scored skip, wherever the group is asked for at all.
            if all(self._answers(members, full, left) == 1 or not self._asked(members, full) for members in one_of) and all(
                self._answers(members, full, left) <= 1 for members in one_of
            ):
                yield full, left

    def refused(self, given: Given, *, by_contexts: bool = True) -> bool:
        """Whether the scope refuses these readings; by contexts alone, unless every rule is asked."""
        rules = [rule["when"] for rule in self.content.get("scope", []) if rule["then"] == "refuse"]
        rules = [when for when in rules if not by_contexts or self.contexts.issuperset(when)]
        return any(all(given.get(name) is not None and fulfils(wanted, given[name]) for name, wanted in when.items()) for when in rules)

    def _answers(self, members: list[str], full: Given, skips: Mapping[str, str]) -> int:
        return sum(name in full or name in skips for name in members)

    def _asked(self, members: list[str], full: Given) -> bool:
        full = self.with_assumed(full)
        rows = [p for p in self.parameters if p["id"] in members and p.get("required", True)]
        return any((table := table_of(p, full)) is not None and table.get("applies", True) for p in rows)

    def ways(self, given: Given) -> list[Given]:
        """The readings with every way the contexts that are not given can be."""
        given = self.with_assumed(given)
        unknown = [p["id"] for p in self.parameters if p["id"] in self.contexts and p["id"] not in given]
        every = [given | dict(zip(unknown, chosen, strict=True)) for chosen in product(*map(self.candidates, unknown))]
        return [way for way in every if not self.refused(way)] or every

    def needed(self, given: Given, skips: Mapping[str, str]) -> dict[str, bool]:
        """The contexts not given that a row needs, and whether one of those rows is scored."""
        found: dict[str, bool] = {}
        ways, known = self.ways(given), self.with_assumed(given)
        for parameter in self.parameters:
            names = {name for table in tables(parameter) for name in table.get("when", {})}
            if parameter["role"] == "recorded" or not (parameter.get("required", True) or parameter["id"] in given) or names <= known.keys():
                continue
            rest = [name for name in self.contexts if name not in known]
            by_table = any(p["id"] in names and p.get("required", True) for p in self.parameters)
            gives = [(way, repr(table_of(parameter, way)) if by_table else self.means(parameter, given, way, skips)) for way in ways]
            if all(one == gives[0][1] for _, one in gives):
                continue
            alone = []
            for name in names & set(rest):
                first: dict[tuple[Any, ...], Any] = {}
                if any(first.setdefault(tuple(way[n] for n in rest if n != name), one) != one for way, one in gives):
                    alone.append(name)
            for name in alone or names & set(rest):
                found[name] = found.get(name, False) or parameter["role"] == "scored"
        return found

    def means(self, parameter: Content, given: Given, way: Given, skips: Mapping[str, str]) -> Any:
        """What a row gives in one way the contexts can be, as far as a level or a total can show it."""
        table, name = table_of(parameter, way), parameter["id"]
        read = table is not None and table.get("applies", True)
        if name in given:
            return self.band_worth(table, given[name]) if table and read else "not read"
        worth = self.row_worth(parameter, given, skips)
        if worth is not None or not table or not read or not parameter.get("required", True):
            return worth
        worths = [self.band_worth(table, way[name])] if name in way else [self.worth(band) for band in table["bands"]]
        return [(min(column), max(column)) for column in zip(*worths, strict=True)]
