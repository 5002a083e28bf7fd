"""Scores early-warning observation charts in maternity and newborn care: which chart, which version, which status, every point explained."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mews_newtt.chart.catalogue import charts, load_chart
from mews_newtt.chart.model import Chart, Drawable
from mews_newtt.errors import ChartError, ChartNotFound, ColumnError, FileError, MewsNewttError, ObservationError, Problem
from mews_newtt.reading.columns import ColumnMap, read_map
from mews_newtt.reading.plan import Plan, read_plan
from mews_newtt.reading.sets import ObservationSet
from mews_newtt.reading.unread import columns_not_read
from mews_newtt.scoring.reference import score
from mews_newtt.scoring.result import Score

if TYPE_CHECKING:  # for type checkers; at run time `__getattr__` imports them when they are first asked for
    from mews_newtt.tables.files import score_file
    from mews_newtt.tables.table import result_schema, score_batches, score_frame, score_table

__all__ = [
    "Chart",
    "ChartError",
    "ChartNotFound",
    "ColumnError",
    "ColumnMap",
    "FileError",
    "MewsNewttError",
    "ObservationError",
    "ObservationSet",
    "Plan",
    "Problem",
    "Score",
    "charts",
    "columns_not_read",
    "load_chart",
    "read_map",
    "read_plan",
    "result_schema",
    "score",
    "score_batches",
    "score_file",
    "score_frame",
    "score_table",
]
__version__ = "0.1.0"
# What users may import: these modules, and in each the names of its `__all__`. Everything else may change in any version (docs/public-api.md).
PUBLIC_MODULES = (
    "mews_newtt",
    "mews_newtt.batch.pandas_accessor",
    "mews_newtt.batch.polars_namespace",
    "mews_newtt.drawn",
    "mews_newtt.episode",
    "mews_newtt.fhir",
    "mews_newtt.tables.origins",
    "mews_newtt.tables.sql",
    "mews_newtt.validation",
    "mews_newtt.validation.conform",
    "mews_newtt.validation.coverage",
    "mews_newtt.validation.diagnose",
)
_LATER = {  # not needed to score one set, and what reads tables is heavy
    "result_schema": "mews_newtt.tables.table",
    "score_batches": "mews_newtt.tables.table",
    "score_file": "mews_newtt.tables.files",
    "score_frame": "mews_newtt.tables.table",
    "score_table": "mews_newtt.tables.table",
}


def _draw(shown: Any) -> str | None:
    from mews_newtt.drawn.notebook import html_of  # only notebooks ask for it

    return html_of(shown)


Drawable.draw = _draw


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        found = getattr(import_module(_LATER[name]), name)
    except ModuleNotFoundError as absent:
        if absent.name is None or absent.name.partition(".")[0] == __name__:
            raise
        found = _needs_batch(name, absent.name)
    globals()[name] = found
    return found


def _needs_batch(name: str, absent: str) -> Any:
    """What stands for a function that needs the batch extra: it can be imported and listed, and says what is missing when it is called."""

    def needs_batch(*_: object, **__: object) -> Any:
        raise ImportError(f'{name} needs the batch extra ({absent} is not installed): pip install "mews-newtt[batch]"')

    needs_batch.__name__ = needs_batch.__qualname__ = name
    needs_batch.__doc__ = 'Needs the batch extra: pip install "mews-newtt[batch]".'
    return needs_batch


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
