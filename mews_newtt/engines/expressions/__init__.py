"""A compiled chart as narwhals expressions: it scores where the rows are, in Polars, DuckDB, PySpark, Dask, Ibis, pandas or pyarrow.

How it works. Every column becomes a number, or a class where there is none (numbers.py, categories.py, given.py). A number is compared with
the float at which each class begins; so points are a list of cuts, as the chart prints them. What each row of the chart contributes follows
from its class and its contexts (rows.py), groups count once (counting.py), and the sums reach a level (score.py). Columns are added stage by
stage (stages.py), so that every expression stays small; their names begin with PREFIX, and the last stage drops them.

A context that is not given: its rows are worked out once for each value that it can have, and the results are joined as the reference does.

What expressions do not carry. The first four are `odd`: on its own the row is refused, and `error` names the column.

- Text that is a number with a unit, an exponent, a plus sign or more than 15 digits; a name of a category, or a reason, with letters or blanks
  beyond ASCII. `ExpressionEngine` gives such rows to the array engine.
- Numbers so large that floats do not tell recordable values apart: more than 5 * 10**11 steps; in float32 columns more than 10**6 steps, or
  10**4 for values that are not recordable. Only where the limits of the parameter do not refuse them anyway.
- A float32 that is not recordable, so close to a reading of another kind of column that it must be above, or below, that floats cannot tell.
- Columns of kinds that are no numbers, text, categories, true and false or decimals: times, binary data, float16, objects of Python.
- The words of `error`, because they hold the reading as it was written. Here `error` names the column or the rule, and says that
  `score_table` gives the reason. `ExpressionEngine` asks the reference for the words, as the numba engine does.
- Units, values and marks of a `ColumnMap`. `ExpressionEngine` gives such tables to the array engine; a lazy frame raises ColumnError.
"""

from mews_newtt.engines.expressions.engine import ExpressionEngine
from mews_newtt.engines.expressions.score import FAULTY, ODD_COLUMN, score_expressions
from mews_newtt.engines.expressions.stages import PREFIX

__all__ = ["FAULTY", "ODD_COLUMN", "PREFIX", "ExpressionEngine", "score_expressions"]
