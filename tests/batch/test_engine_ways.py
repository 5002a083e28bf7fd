"""The other ways through the numba engine: charts too wide for the fast layout, and the loops as plain Python, where an index out of bounds raises."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from batch_support import assert_same, random_columns

from mews_newtt.chart.catalogue import load_chart
from mews_newtt.chart.model import Chart
from mews_newtt.engines import engine_of
from mews_newtt.tables.table import score_table

HERE = Path(__file__).parent


def widened(chart: Chart, times: int) -> Chart:
    """The chart with each row that nothing else hangs on repeated under other names."""
    alone = {p.id for p in chart.parameters if p.role == "scored"} - {name for group in chart.groups for name in group.parameters}
    more = []
    for time in range(times):
        for parameter in chart.parameters:
            if parameter.id in alone:
                observation = replace(parameter.observation, id=f"{parameter.id}_{time}", recorded_with=None)
                more.append(replace(parameter, observation=observation))
    return replace(chart, parameters=(*chart.parameters, *more))


@pytest.mark.parametrize("name", ["news2", "npews"])
def test_a_chart_too_wide_for_the_fast_layout(name: str) -> None:
    """Its missing and flag bits do not fit into one word, so every row takes the slow path."""
    chart = widened(load_chart(name), 9)
    assert not engine_of(chart).fast.layout.fits
    found = set()
    for seed in range(3):
        table, cells = random_columns(chart, 60, Random(seed), missing=0.02, tidy=0.8)
        assert_same(chart, table, cells)
        found.update(score_table(chart, table).column("score_status").to_pylist())
    assert found == {"complete", "partial", "refused"}


CHECK = """
from random import Random
from io import BytesIO
from pathlib import Path
import sys
import numba
import numpy
from batch_support import assert_same, random_columns
from mews_newtt.engines.numba import kernels, factorize
from mews_newtt.tables.files import score_file
from mews_newtt.chart.catalogue import charts, load_chart
from test_csv_readers import HEAD, ROWS, assert_same as assert_read_alike

class Machine:
    "numpy whose int32 takes what no int32 holds, as the machine does: some number comes out, and the loop sees that it is not equal"
    def __getattr__(self, name):
        return getattr(numpy, name)
    class int32:
        dtype = numpy.dtype("int32")
        def __new__(cls, value):
            return numpy.int32(value if -(2**31) <= value < 2**31 else -(2**31))

kernels.np = factorize.np = Machine()
assert numba.config.DISABLE_JIT and not hasattr(kernels.score_rows, "signatures")
for chart in charts():
    for seed in range(2):
        chart = load_chart(chart.id, chart.version)
        assert_same(chart, *random_columns(chart, 30, Random(seed)))
assert_read_alike((HEAD + ROWS[:300] + '\\n"x, ""y"" z","80",\\n').encode(), 150)
folder = Path(sys.argv[1])
(folder / "in.json").write_text('[{"heart_rate": 80}, {"heart_rate": 131, "x": "a]"}]')
assert score_file(load_chart("news2"), folder / "in.json", folder / "out.csv").rows == 2
"""


def test_the_loops_as_plain_python_give_the_same(tmp_path: Path) -> None:
    """Compiled loops do not check bounds; as Python an index that is wrong raises."""
    variables = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])])}
    command = [sys.executable, "-W", "ignore::RuntimeWarning", "-c", CHECK, str(tmp_path)]  # whole numbers that wrap warn in plain Python
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def test_programs_are_made_once_for_each_kind_of_columns_and_go_nowhere() -> None:
    """Chunks of the same kinds share their fused tables, whatever their rows; what is remembered is bounded, and no copy or pickle holds it."""
    chart = replace(load_chart("npews"), title="a chart object of its own")
    engine = engine_of(chart)
    assert engine_of(chart) is engine

    def made() -> int:
        return sum(programs._remembered.cache_info().misses for programs in (engine.fast.programs, engine.exact.scorer.sums.programs))

    for kind in ("f8", "i2", "str"):
        before = made()
        for low in (60, 70, 90):
            rates = np.arange(low, low + 40) if kind == "i2" else np.arange(low, low + 40) + 0.5  # texts come in another order in each chunk
            score_table(chart, pa.table({"age_years": pa.array([3.0, None] * 20), "heart_rate": pa.array(rates.astype(kind))}))
        assert made() - before <= 2, kind  # one for each layout
    many = engine.fast.programs._remembered.cache_info().maxsize
    for kinds in product((pa.int16(), pa.int32(), pa.float32(), pa.float64()), repeat=2):
        score_table(chart, pa.table({"heart_rate": pa.array([80], kinds[0]), "temperature": pa.array([37], kinds[1])}))
    assert engine.fast.programs._remembered.cache_info().currsize == many
    score_table(chart, pa.table({"temperature": ["36.8123", "whose is this"]}))
    for other in (pickle.loads(pickle.dumps(engine)), copy.copy(engine), copy.deepcopy(engine)):
        assert other is not engine and other.fast.programs._remembered.cache_info().currsize == 0
        assert not any(own.text_states for own in other.states.values())
    for content in (pickle.dumps(engine), pickle.dumps(chart), pickle.dumps(copy.copy(chart))):
        assert b"36.8123" not in content and b"whose" not in content
