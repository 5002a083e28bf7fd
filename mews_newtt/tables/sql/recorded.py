"""The scoring expressions as SQL trees: what each column of each stage is, taken down instead of computed.

narwhals builds every stage over an Ibis table that has no database, Ibis writes it as SQL, sqlglot reads it as a tree. So the rules of scoring
are those of `engines/expressions`, and none is written a second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ibis
import narwhals as nw
import sqlglot
from sqlglot import exp

from mews_newtt.engines.expressions.categories import CONTROL, PRINTED
from mews_newtt.engines.expressions.stages import PREFIX, Stages

RESULT = "result:"
WRITTEN_AS = "duckdb"  # the dialect in which Ibis hands the stages over


class RecordedStages(Stages):
    """Stages over a table that does not exist. `trees` has every column, `truths` the labels of those that are true or false.

    The label of a column is what the expressions call it; `result` is put before the name of a result.
    """

    compares_as_printed = True

    def __init__(self, kinds: Mapping[str, str]):
        self.kinds: dict[str, Any] = dict(kinds)
        self.trees: dict[str, exp.Expression] = {}
        self.truths: set[str] = set()
        super().__init__(self._table())

    def _table(self) -> Any:
        return nw.from_native(ibis.table(self.kinds, name="observations"))

    def next(self) -> None:
        """Take down the columns that wait; the next stage finds them as columns of its table."""
        if self.waiting:
            self.kinds |= self._take_down(self.waiting.values())
            self.waiting = {}
            self.frame = self._table()

    def strip(self, text: nw.Expr, characters: str, *, start: bool = True) -> nw.Expr:
        """Text without spaces around it. Databases do not agree on other blanks; a cell with those is refused as one that cannot be read."""
        return text.str.strip_chars()

    def only(self, results: dict[str, nw.Expr]) -> Any:
        """The labels of the results."""
        self.next()
        self._take_down(part.alias(RESULT + name) for name, part in results.items())
        return [RESULT + name for name in results]

    def _take_down(self, columns: Iterable[nw.Expr]) -> dict[str, Any]:
        native = nw.to_native(self.frame.select(*columns))
        query = sqlglot.parse_one(str(ibis.to_sql(native, dialect=WRITTEN_AS)), read=WRITTEN_AS)
        assert isinstance(query, exp.Select)
        for column in query.selects:
            self.trees[_plain(column.alias_or_name)] = column.unalias().transform(_own_column).transform(_one_pattern)
        kinds = dict(native.schema().items())
        self.truths |= {_plain(name) for name, kind in kinds.items() if kind.is_boolean()}
        return kinds


def _plain(name: str) -> str:
    return name.removeprefix(PREFIX)


def _one_pattern(node: exp.Expression) -> exp.Expression:
    """Of the two patterns for printable text one is enough: `$` matches before a line end in some databases, and CONTROL does not need it."""
    if isinstance(node, exp.RegexpLike):
        assert node.expression.name in (PRINTED, CONTROL), f"no dialect has a pattern for {node.expression.name}"
        return exp.true() if node.expression.name == PRINTED else node
    return node


def _own_column(node: exp.Expression) -> exp.Expression:
    """Columns without the name of their table."""
    return exp.column(_plain(node.name)) if isinstance(node, exp.Column) else node
