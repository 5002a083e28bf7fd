"""`chart_sql`: one SQL statement that scores a table by a chart, as a reviewer can read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

from sqlglot import exp

from mews_newtt.chart.model import Chart
from mews_newtt.compiled import CompiledChart, compile_chart
from mews_newtt.engines.expressions.rows import depends_on, open_contexts
from mews_newtt.engines.expressions.score import score_stages
from mews_newtt.errors import ColumnError, FileError, Problem
from mews_newtt.reading.columns import ColumnMap, check_columns
from mews_newtt.reading.values import SKIP_PREFIX
from mews_newtt.scoring.result_cells import points_names
from mews_newtt.tables.sql.dialects import Dialect, DialectName, column, dialect_named, identifier, read_with, table_parts
from mews_newtt.tables.sql.layout import Layout, Part, dbt_reference
from mews_newtt.tables.sql.names import (
    CLASS_KINDS,
    IN_TABLE,
    SECTIONS,
    Names,
    class_words,
    kind_of,
    printed_rows,
    said_together,
    section_of,
    table_words,
)
from mews_newtt.tables.sql.recorded import RESULT, RecordedStages
from mews_newtt.tables.sql.tree import Tree, listed, simple
from mews_newtt.tables.sql.truths import Truths, condition_of, is_never_null, without_detours

IDENTITY = ("chart_id", "chart_version", "chart_status", "chart_sha256")  # result columns that say what the scores rest on
Form = Literal["select", "view", "dbt"]
FORMS: tuple[Form, ...] = get_args(Form)
SMALL = 9  # parts of an expression that is written where it is used, without a column of its own


class Written(NamedTuple):
    """A statement, and what it does with the table's columns."""

    sql: str
    read: Mapping[str, str]  # by our name, the table's column
    not_read: tuple[str, ...]


def chart_sql(
    chart: Chart,
    dialect: DialectName,
    *,
    table: str = "observations",
    columns: Sequence[str] | None = None,
    column_map: ColumnMap | None = None,
    form: Form = "select",
    points: bool = False,
    flags: bool = True,
) -> Written:
    """One SQL statement that adds a chart's result columns to the rows of a table.

    Parameters
    ----------
    dialect : a key of `DIALECTS`
    table : its name; `schema.table` is two names
    columns : the names of the table's columns. They travel through, and those of parameters are read. None: the columns that the column map
        names, and for every other parameter of the chart a column of its own id
    column_map : names of the table's columns. Units, values and marks for missing are refused: SQL does not carry them
    form : "select"; "view" creates a view; "dbt" is a model of dbt
    points : add `points_<parameter>`
    flags : False leaves out the column of flags, which makes the statement shorter

    Raises
    ------
    FileError  an unknown dialect or form, a table's name that is none
    ColumnError  what is wrong with the columns or the map, all at once
    """
    found, column_map = dialect_named(dialect), column_map or ColumnMap()
    if form not in FORMS:
        raise FileError(Problem("unknown_form", f"--as {form}", "is no form of a statement", "use one of " + ", ".join(FORMS)))
    parts = table_parts(table)
    if columns is None:  # nothing is known of columns that are not read
        column_map = column_map._replace(ignore=frozenset())
    names = assumed_columns(chart, column_map) if columns is None else tuple(columns)
    read = columns_read(chart, names, column_map, points)
    compiled = compile_chart(chart)
    statement = _Statement(compiled, found, names, read, points, flags)
    source = dbt_reference(parts) if form == "dbt" else ".".join(identifier(part, found).sql(dialect=found.sqlglot) for part in parts)
    taken = {part.casefold() for part in parts}
    layout = Layout(chart, found, table, source, read, form)
    not_read = tuple(name for name in names if name not in read.values())
    return Written(layout.text(statement.parts(taken), statement.last()), read, not_read)


def assumed_columns(chart: Chart, column_map: ColumnMap) -> tuple[str, ...]:
    """The columns of a table of which only the map is known: those that it names, and each other parameter of the chart under its own id."""
    return (*column_map.columns, *(p.id for p in chart.parameters if p.id not in column_map.columns.values()))


def columns_read(chart: Chart, names: Sequence[str], column_map: ColumnMap, points: bool) -> dict[str, str]:
    """By our name, the table's column. Raises ColumnError for what is wrong with them, and for what SQL cannot carry."""
    ours = check_columns(names, chart, column_map, added=(*IDENTITY, *(points_names(chart) if points else ())))
    mend = "translate the column in the database first, for example in a view; or score the table with `mews-newtt score`"
    faults = [
        Problem("column_map", f"{what} of {name}", "is a translation that this statement does not carry", mend)
        for what, names_said in (("unit", column_map.units), ("values", column_map.values), ("mark for missing", column_map.missing_in))
        for name in names_said
    ]
    if column_map.missing:
        marks = ", ".join(sorted(column_map.missing))
        faults.append(Problem("column_map", f"mark for missing {marks}", "is a translation that this statement does not carry", mend))
    if faults:
        raise ColumnError(faults)
    return {
        our: name for name, our in zip(names, ours, strict=True) if our.removeprefix(SKIP_PREFIX) in chart.by_id and name not in column_map.ignore
    }


class _Statement:
    """The columns of the statement: taken down, made simpler, named and put into their sections."""

    def __init__(self, compiled: CompiledChart, dialect: Dialect, names: Sequence[str], read: Mapping[str, str], points: bool, flags: bool):
        self.compiled, self.chart, self.dialect, self.own, self.read = compiled, compiled.chart, dialect, names, read
        numeric = {p.id for p in self.chart.parameters if p.observation.numeric}
        stages = RecordedStages({our: "float64" if our in numeric else "string" for our in read} or {"none": "string"})
        self.results: list[str] = score_stages(compiled, stages, {our: our for our in read}, points=points, flags=flags)
        result_names = [label.removeprefix(RESULT) for label in self.results]
        self.words = {name: class_words(own) for name, own in compiled.parameters.items()}
        self.names = Names(compiled, open_contexts(compiled), depends_on(compiled), (*names, *result_names, *IDENTITY))
        truths = Truths(stages.truths)
        trees = {label: self._with_words(label, simple(tree)) for label, tree in stages.trees.items()}
        trees = {label: truths.value(listed(tree) if label in self.results else tree) for label, tree in trees.items()}
        self.trees = _inlined(self._by_table(trees), set(self.results))
        self.section = self._sections()

    def _with_words(self, label: str, tree: Tree) -> Tree:
        """Words in place of the numbers of classes, and comments at the codes of tables."""
        own = self._parameter(label)
        if own is not None and kind_of(label) in CLASS_KINDS and isinstance(tree, exp.Case):
            for node in (*(one.args for one in tree.args["ifs"]), tree.args):
                key = "true" if "true" in node else "default"
                node[key] = self._word(own, node.get(key))
        for comparison in list(tree.find_all(exp.EQ, exp.In)):
            column = comparison.this
            if not isinstance(column, exp.Column) or self._parameter(column.name) is None:
                continue
            name = self._parameter(column.name) or ""
            if kind_of(column.name) in CLASS_KINDS:
                if isinstance(comparison, exp.In):
                    comparison.set("expressions", [self._word(name, one) for one in comparison.expressions])
                else:
                    comparison.set("expression", self._word(name, comparison.expression))
            elif kind_of(column.name) == "context":
                for one in comparison.expressions if isinstance(comparison, exp.In) else [comparison.expression]:
                    one.comments = [table_words(self.compiled.parameters[name]).get(int(one.name), "")]
        return tree

    def _by_table(self, trees: Mapping[str, Tree]) -> dict[str, Tree]:
        """With a column of its own for what each table of a row gives, so that a table is written once, whatever chooses it."""
        found: dict[str, Tree] = {}
        for label, tree in trees.items():
            name = self._parameter(label)
            if name is not None and isinstance(tree, exp.Case) and _chooses_table(tree):
                words = table_words(self.compiled.parameters[name])
                open_codes = {code: one for code, one in words.items() if code not in _codes(tree)}
                for place, one in enumerate([*tree.args["ifs"], tree]):
                    key = "true" if isinstance(one, exp.If) else "default"
                    value = one.args.get(key)
                    if not isinstance(value, exp.Case):
                        continue
                    here = [words.get(code, "") for code in _codes(one.this)] if isinstance(one, exp.If) else [*open_codes.values()]
                    title = here[0] if len(set(here)) == 1 and here[0] else f"table {place}"
                    own = f"{label.split(':')[0]}:{name}:{IN_TABLE}{title}"
                    turn = 1
                    while found.get(own, value) != value:
                        turn += 1
                        own = f"{label.split(':')[0]}:{name}:{IN_TABLE}{title} {turn}"
                    found[own] = value
                    one.set(key, exp.column(own))
            found[label] = tree
        return found

    def _parameter(self, label: str) -> str | None:
        name = label.split(":")[1] if ":" in label else ""
        return name if name in self.compiled.parameters else None

    def _word(self, name: str, node: Tree | None) -> Tree | None:
        number = int(node.this.name) * -1 if isinstance(node, exp.Neg) else int(node.name) if isinstance(node, exp.Literal) else None
        return node if number is None else exp.Literal.string(self.words[name][number])

    def _sections(self) -> dict[str, tuple[int, int]]:
        """The place of each column: of its section, and of the turn of this section. A column comes after all that it is made of."""
        order = {section: place for place, section in enumerate(SECTIONS)}
        found: dict[str, tuple[int, int]] = {}
        for label, tree in self.trees.items():
            if label in self.results:
                continue
            place = order[section_of(label)], 0
            for used in tree.find_all(exp.Column):
                if used.name in found and found[used.name] >= place:
                    place = found[used.name][0], found[used.name][1] + 1
            found[label] = place
        return found

    def parts(self, taken: Iterable[str]) -> list[Part]:
        """The sections with their columns, in their order. `taken` are names that no section may have."""
        sections, taken = list(SECTIONS), set(taken)
        found = []
        for place in sorted({(0, 0), *self.section.values()}):
            labels = [label for label, own in self.section.items() if own == place]
            name = sections[place[0]] + (f"_{place[1] + 1}" if place[1] else "")
            while name in taken:
                name += "_"
            columns = [(self.names.name(label), self._written(self.trees[label]), self._comments(label)) for label in labels]
            own = [column(one, self.dialect) for one in self.own] if place == (0, 0) else []
            says = [SECTIONS[sections[place[0]]][1], *(self._printed().get("", ()) if name == "points" else ())]
            found.append(Part(name, says, own, columns))
        return found

    def last(self) -> Part:
        """The columns of the result."""
        columns: list[tuple[str, Tree, list[str]]] = [(label.removeprefix(RESULT), self._written(self.trees[label]), []) for label in self.results]
        identity = zip(IDENTITY, (self.chart.id, self.chart.version, self.chart.status, self.chart.sha256), strict=True)
        columns += [(name, exp.Literal.string(value), []) for name, value in identity]
        return Part("", [], [column(one, self.dialect) for one in self.own], columns)

    def _written(self, tree: Tree) -> Tree:
        """With the names of the statement; columns of the table are read as the dialect reads them."""

        def named(node: Tree) -> Tree:
            if isinstance(node, exp.RegexpLike):
                return read_with(self.dialect.unprintable, self.names.name(node.this.name), self.dialect)
            if not isinstance(node, exp.Column):
                return node
            if node.name in self.read:
                own = self.compiled.parameters.get(node.name)
                numeric = own is not None and own.parameter.observation.numeric
                return read_with(self.dialect.number if numeric else self.dialect.text, self.read[node.name], self.dialect)
            return exp.column(self.names.name(node.name))

        return tree.transform(named, copy=False)

    def _comments(self, label: str) -> list[str]:
        name, kind = self._parameter(label), kind_of(label)
        if name is None:
            return []
        own = self.compiled.parameters[name]
        if section_of(label) == "points":
            return self._printed().get(label, [])
        if kind == "context_class":
            values = self.compiled.contexts[name].values
            return [f"{own.parameter.title}: " + ", ".join(f"{number} is chosen by {value}" for number, value in enumerate(values))]
        if kind == "context":
            first = next(one for one in self.section if kind_of(one) == "context" and self._parameter(one) == name)
            return [said_together(table_words(own))] if label == first else []
        return []

    def _printed(self) -> dict[str, list[str]]:
        """What the chart prints, by the column at which it is shown: a table at the first column for it alone, all others at the row's first.

        Of rows that have no column here, because they are read where they count, it is shown at the head of the section: "".
        """
        found: dict[str, list[str]] = {}
        for name, own in self.compiled.parameters.items():
            labels = [label for label in self.section if section_of(label) == "points" and self._parameter(label) == name]
            labels.sort(key=lambda label: (self.section[label], kind_of(label) != "least"))
            for title, line in printed_rows(self.chart, own.parameter):
                alone = [label for label in labels if label.partition(IN_TABLE)[2] == title] if title else []
                for label in (alone or labels or [""])[:1]:
                    found.setdefault(label, []).append(line)
        return found


def _chooses_table(tree: exp.Case) -> bool:
    """Whether all conditions of a CASE look at the code of a row's table."""
    conditions = [one.this for one in tree.args["ifs"]]
    return all(isinstance(one, (exp.EQ, exp.In)) and isinstance(one.this, exp.Column) and kind_of(one.this.name) == "context" for one in conditions)


def _codes(tree: Tree) -> list[int]:
    """The codes that conditions ask for."""
    return [
        int(value.name)
        for one in tree.find_all(exp.EQ, exp.In)
        if isinstance(one.this, exp.Column) and kind_of(one.this.name) == "context"
        for value in (one.expressions if isinstance(one, exp.In) else [one.expression])
    ]


def _inlined(trees: Mapping[str, Tree], results: set[str]) -> dict[str, Tree]:
    """The columns that the results need; small ones are written where they are used, and of equal ones only the first is kept."""
    found: dict[str, Tree] = {}
    inline: dict[str, Tree] = {}
    same: dict[str, str] = {}
    never_null: set[str] = set()
    for label, tree in trees.items():
        if inline:
            tree = tree.transform(lambda node: inline[node.name].copy() if isinstance(node, exp.Column) and node.name in inline else node, copy=False)
        tree = simple(without_detours(tree, never_null))
        if is_never_null(tree, never_null):
            never_null.add(label)
        text = tree.sql()
        if label not in results and (_is_small(tree, label) or text in same):
            inline[label] = exp.column(same[text]) if text in same else tree
            continue
        same.setdefault(text, label)
        found[label] = tree
    used: set[str] = set()
    waiting = [*results]
    while waiting:
        label = waiting.pop()
        if label in found and label not in used:
            used.add(label)
            waiting += [one.name for one in found[label].find_all(exp.Column)]
    return {label: tree for label, tree in found.items() if label in used}


def _is_small(tree: Tree, label: str) -> bool:
    if kind_of(label) in ("number", "reason", "context"):
        return False
    if kind_of(label) == "text":
        return True
    condition = condition_of(tree)
    return isinstance(tree, (exp.Column, exp.Literal)) or (condition is not None and len(list(condition.walk())) <= SMALL)
