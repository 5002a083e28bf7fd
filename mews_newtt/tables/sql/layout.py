"""The text of a statement: its heading, its parts with their comments, and the form it has for the database or for dbt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import sqlglot
from sqlglot import exp

from mews_newtt.chart.model import Chart
from mews_newtt.errors import FileError, Problem
from mews_newtt.tables.sql.dialects import Dialect, identifier
from mews_newtt.tables.sql.tree import Tree, cases, operands, with_parentheses

WIDTH = 150
SHORT = 110  # letters of an expression that stays in one line


class Part(NamedTuple):
    """One SELECT: its name, comments on what it is for, the columns it hands on, and the columns it adds, each with its comments."""

    name: str
    says: Sequence[str]
    own: Sequence[exp.Column]
    columns: Sequence[tuple[str, Tree, Sequence[str]]]


class Layout:
    """Writes parts as a statement."""

    def __init__(self, chart: Chart, dialect: Dialect, table: str, source: str, read: Mapping[str, str], form: str):
        self.chart, self.dialect, self.table, self.source, self.read, self.form = chart, dialect, table, source, read, form
        self.generator = sqlglot.Dialect.get_or_raise(dialect.sqlglot).generator()
        self.wide = sqlglot.Dialect.get_or_raise(dialect.sqlglot).generator(pretty=True, max_text_width=WIDTH - 20)

    def text(self, parts: Sequence[Part], last: Part) -> str:
        """The whole statement."""
        heading = [f"-- {_line(words)}" for words in self._heading()]
        opening = []
        if self.form == "dbt":
            opening = ["{{ config(materialized='view') }}", ""]
        elif self.form == "view":
            opening = [f"CREATE VIEW {self._view_name()} AS"]
        written, before = [], self.source
        for part in parts:
            keeps = "MATERIALIZED " if self.dialect.keeps else ""
            says = "".join(f"-- {_line(words)}\n" for words in part.says)
            written.append(f"{says}{part.name} AS {keeps}(\n{_indented(self._select(part, before))}\n)")
            before = part.name
        with_parts = "WITH\n" + ",\n".join(written)
        ending = "" if self.form == "dbt" else ";"
        return "\n".join([*heading, *opening, with_parts, self._select(last, before) + ending]) + "\n"

    def _heading(self) -> list[str]:
        chart = self.chart
        columns = ", ".join(our if our == their else f"{our} from {their}" for our, their in self.read.items())
        return [
            f"{chart.title} ({chart.short_title})",
            f"chart {chart.id}, version {chart.version}, status {chart.status}",
            f"sha256 {chart.sha256}",
            f"Scores the table {self.table} in {self.dialect.title}. Written by `mews-newtt sql`: do not edit; write it anew.",
            f"Columns that are read: {columns}",
            "A missing reading is never 0: a set that lacks one is partial and has no total, only total_min and total_max.",
            "1 is true and 0 is false. A number between two printed bands counts as the worse of them.",
        ]

    def _view_name(self) -> str:
        name = re.sub(r"[^a-z0-9]+", "_", f"{self.chart.id}_{self.chart.version}_scores".casefold())
        return identifier(name, self.dialect).sql(dialect=self.dialect.sqlglot)

    def _select(self, part: Part, source: str) -> str:
        columns = [one.sql(dialect=self.dialect.sqlglot) for one in part.own]
        lines = [", ".join(columns)] if columns else ["*"]
        lines = _wrapped(columns) if columns else lines
        entries = ["  " + "\n  ".join(lines)]
        for name, tree, comments in part.columns:
            shown = self._expression(tree)
            alias = exp.to_identifier(name).sql(dialect=self.dialect.sqlglot)
            entries.append("".join(f"  -- {_line(words)}\n" for words in comments) + _indented(f"{shown} AS {alias}"))
        return "SELECT\n" + ",\n".join(entries) + f"\nFROM {source}"

    def _expression(self, tree: Tree) -> str:
        tree = tree.transform(_whole)
        if self.dialect.sqlglot == "tsql":  # has no || before SQL Server 2025
            tree = tree.transform(lambda node: exp.Add(**node.args) if isinstance(node, exp.DPipe) else node, copy=False)
        return self._shown(with_parentheses(tree))

    def _shown(self, tree: Tree) -> str:
        """A tree in one line where that is short; a CASE with one line for each WHEN, a chain with one line for each part."""
        short = self._line_of(tree)
        if len(short) <= SHORT:
            return short
        if isinstance(tree, exp.Case):
            lines = [f"WHEN {self._shown(condition)} THEN {self._shown(value)}" for condition, value in cases(tree)]
            default = tree.args.get("default")
            lines += [f"ELSE {self._shown(default)}"] if default is not None else []
            return "\n".join(["CASE", *(_indented(line) for line in lines), "END"])
        for kind, sign in ((exp.And, "AND"), (exp.Or, "OR"), (exp.Add, "+")):
            if isinstance(tree, kind):
                first, *others = operands(kind, tree)
                return _packed([self._shown(first), *(f"{sign} {self._shown(one)}" for one in others)])
        if isinstance(tree, exp.DPipe):
            return "\n|| ".join(self._shown(one) for one in operands(exp.DPipe, tree))
        if isinstance(tree, exp.Substring):
            inside = tree.this
            tree.set("this", exp.column("mews_newtt_inside"))
            before, _, after = self._line_of(tree).partition("mews_newtt_inside")
            return f"{before}\n{_indented(self._shown(inside))}\n{after}"
        if isinstance(tree, exp.EQ) and isinstance(tree.this, exp.Case):
            return f"{self._shown(tree.this)} = {self._line_of(tree.expression)}"
        if isinstance(tree, exp.Paren):
            return f"(\n{_indented(self._shown(tree.this))}\n)"
        return self.wide.generate(tree)

    def _line_of(self, tree: Tree) -> str:
        return self.generator.generate(tree)


def _whole(node: Tree) -> Tree:
    """131.0 as the chart prints it, 131, where it is compared. In sums and quotients the point stays, so that no database divides whole numbers."""
    if isinstance(node, (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)):
        number = node.expression
        if isinstance(number, exp.Literal) and not number.is_string and number.name.endswith(".0"):
            node.set("expression", exp.Literal.number(number.name.removesuffix(".0")))
    return node


def _wrapped(columns: Sequence[str]) -> list[str]:
    """Names in lines of the usual width; all but the last line end with a comma."""
    lines = [""]
    for place, one in enumerate(columns):
        word = one + (", " if place < len(columns) - 1 else "")
        if lines[-1] and len(lines[-1]) + len(word) > WIDTH - 10:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        lines[-1] += word
    return lines


def _packed(parts: Sequence[str]) -> str:
    """Parts of a chain, as many in a line as fit."""
    lines = [parts[0]]
    for part in parts[1:]:
        if "\n" in part or "\n" in lines[-1] or len(lines[-1]) + len(part) > SHORT:
            lines.append(f"  {part}")
        else:
            lines[-1] += f" {part}"
    return "\n".join(lines)


def _line(words: str) -> str:
    """Words that stay in one line, so that nothing in them can leave the comment."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" if line else line for line in text.split("\n"))


def dbt_reference(parts: Sequence[str]) -> str:
    """A table as dbt names it: a model, or the table of a source."""
    if len(parts) > 2 or not all(re.fullmatch(r"[A-Za-z0-9_ -]+", part) for part in parts):
        mend = "name a model (observations), or a source and its table (ward.observations), of letters, digits and _"
        raise FileError(Problem("table_name", f"--table {'.'.join(parts)!r}", "is not the name of a model or source of dbt", mend))
    inside = ", ".join(f"'{part}'" for part in parts)
    return f"{{{{ {'ref' if len(parts) == 1 else 'source'}({inside}) }}}}"
