"""The two readers of CSV, the core's and the batch path's: the same bytes out, the same faults, however odd the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mews_newtt.chart.catalogue import load_chart
from mews_newtt.errors import FileError
from mews_newtt.reading.columns import ColumnMap
from mews_newtt.tables import blocks
from mews_newtt.tables.blocks import Blocks
from mews_newtt.tables.chunks import score_chunks
from mews_newtt.tables.formats import CSV
from mews_newtt.tables.plain import score_csv
from mews_newtt.tables.sources import Source

NEWS2 = load_chart("news2")
CELLS = [
    "80", "36.8", "36.80", " 90 ", "+72", "1e2", "36,8", "NaN", "null", "0", "-1", "300", "80.0000001", "98.6 [degF]", "warm", "AIR",
    '"80"', '" 80"', '""', '"a,b"', '"a;b"', '"say ""so"""', '"two\nlines"', '"two\r\nlines"', '"a\rb"', 'a"b', '"a"b', '"open', "é", "\ufeff80",
    "=1+1", "'80", "#", "   ", "\t", "x" * 40, "unresponsive and more", "٣",
]  # fmt: skip
LINES = ["\n", "\n", "\n", "\r\n", "\r", "\n\n", "\r\n\r\n"]
HEADERS = [["heart_rate"], ["case_id", "heart_rate", "temperature"], ["note", "heart_rate", "air_or_oxygen", "temperature"], ["heart_rate", "heart_rate"], ["a", "a", "heart_rate"]]


@contextmanager
def small_blocks(size: int) -> Iterator[None]:
    whole, blocks.BLOCK = blocks.BLOCK, size
    try:
        yield
    finally:
        blocks.BLOCK = whole


def by_core(data: bytes, on_bad_row: str) -> bytes | list[tuple[str, str, str]]:
    output = io.StringIO()
    try:
        score_csv(NEWS2, io.BytesIO(data), output, name="stream", on_bad_row=on_bad_row, points=True)
    except FileError as fault:
        return [(problem.where, problem.what, problem.mend) for problem in fault.problems]
    return output.getvalue().encode()


def by_batch(data: bytes, on_bad_row: str, size: int) -> bytes | list[tuple[str, str, str]]:
    output = io.BytesIO()
    with small_blocks(size):
        try:
            source = Source(io.BytesIO(data), CSV, "stream")
            score_chunks(NEWS2, [source], output, CSV, column_map=ColumnMap(), on_bad_row=on_bad_row, points=True, threads=2)
        except FileError as fault:
            return [(problem.where, problem.what, problem.mend) for problem in fault.problems]
    return output.getvalue()


def assert_same(data: bytes, size: int = 8 << 20) -> None:
    for on_bad_row in ("error", "report"):
        wanted, found = by_core(data, on_bad_row), by_batch(data, on_bad_row, size)
        if isinstance(wanted, list) and "is not UTF-8 text" in wanted[0][1]:
            assert isinstance(found, list)  # the core reads ahead, so it may tell this before what is wrong with an earlier row
            continue
        assert found == wanted


@st.composite
def files(draw: st.DrawFn) -> bytes:
    mark, header = draw(st.sampled_from(",;\t|")), draw(st.sampled_from(HEADERS))
    line = draw(st.sampled_from(LINES))
    odd = draw(st.booleans())
    rows = []
    for _ in range(draw(st.integers(0, 12))):
        width = len(header) + (draw(st.sampled_from([0, 0, 0, -1, 1])) if odd else 0)
        cells = [draw(st.sampled_from(CELLS if odd else CELLS[:10])) for _ in range(max(width, 0))]
        rows.append(mark.join(cells))
    text = line.join([mark.join(header), *rows]) + draw(st.sampled_from(["", line]))
    return (draw(st.sampled_from([b"", b"", b"\xef\xbb\xbf"])) + text.encode()) + draw(st.sampled_from([b"", b"", b"", b"\x00", b"\xff"]))


@settings(max_examples=120)
@given(files(), st.sampled_from([8, 40, 100, 8 << 20]))
def test_odd_files_are_read_alike(data: bytes, size: int) -> None:
    assert_same(data, size)


@pytest.mark.deep
@settings(max_examples=400)
@given(files(), st.sampled_from([8, 40, 100, 8 << 20]))
def test_many_odd_files_are_read_alike(data: bytes, size: int) -> None:
    assert_same(data, size)


ROWS = "".join(f"{n},{60 + n % 80},{36 + n % 30 / 10:.1f}\n" for n in range(400))
HEAD = "case_id,heart_rate,temperature\n"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param((HEAD + ROWS).encode(), id="plain"),
        pytest.param(("\ufeff" + HEAD + ROWS).encode(), id="byte order mark"),
        pytest.param((HEAD + ROWS).replace("\n", "\r\n").encode(), id="CRLF"),
        pytest.param((HEAD + ROWS).replace("\n", "\r").encode(), id="carriage returns alone"),
        pytest.param((HEAD + ROWS).replace(",", ";").encode(), id="semicolons"),
        pytest.param((HEAD + ROWS).replace(",", "\t").encode(), id="tabs"),
        pytest.param((HEAD + ROWS).replace(".", ",").replace("case_id,heart_rate,", "case_id;heart_rate;").encode(), id="decimal commas, ragged"),
        pytest.param((HEAD.replace(",", ";") + ROWS.replace(",", ";").replace(".", ",")).encode(), id="decimal commas"),
        pytest.param((HEAD + ROWS + "\n\n" + ROWS).encode(), id="blank lines"),
        pytest.param((HEAD + ROWS.replace("\n", ",\n")).encode(), id="trailing delimiters"),
        pytest.param((HEAD + ROWS + "1,2\n3,4,5,6\n" + ROWS).encode(), id="a short row and a long one"),
        pytest.param((HEAD + ROWS + "1,2\n").encode(), id="a short row last"),
        pytest.param((HEAD + '"a\nb",80,36.8\n' * 300 + ROWS + 'x,"two\nlines",1\n').encode(), id="embedded newlines, then a bad row"),
        pytest.param((HEAD + ROWS + '5" tall,80,36.8\n' + ROWS + "x,warm,1\n").encode(), id="a stray quote"),
        pytest.param((HEAD + ROWS + '"open,80,36.8\n' + ROWS).encode(), id="an open quote"),
        pytest.param(("heart_rate\n80\n\n90\n" * 9).replace("heart_rate\n", "", 8).encode(), id="one column"),
        pytest.param(b"heart_rate,heart_rate\n80,80\n", id="a column twice"),
        pytest.param(b"heart_rate,note,note\n80,a,b\n", id="another column twice"),
        pytest.param((HEAD + ROWS).encode("utf-16"), id="UTF-16"),
        pytest.param((HEAD + ROWS + "\0").encode(), id="NUL"),
        pytest.param((HEAD + ROWS).encode() + b"\xff,80,36.8\n", id="Latin-1"),
        pytest.param((HEAD + ROWS + "ü,80,36.8\n" * 50).encode(), id="UTF-8"),
        pytest.param(f"note,heart_rate\n{'x' * 1_100_000},80\n".encode(), id="a cell past any limit"),
        pytest.param(('note,heart_rate\n"' + "line\n" * 300_000 + '",80\n').encode(), id="a cell of many lines past any limit"),
        pytest.param(('case_id,"heart\nrate",temperature\n' + ROWS + "x,warm,hot\n").encode(), id="a line end in a name"),
        pytest.param(('case_id,heart_rate,"te\r\nmp"\r\n' + ROWS).encode(), id="CRLF in a name"),
        pytest.param(('case_id,heart_rate,"te\rmp"\n' + ROWS).encode(), id="a carriage return in a name"),
        pytest.param(('case_id,heart_rate,"temp\n' + ROWS).encode(), id="a name that never ends"),
        pytest.param(b'case_id,heart_rate,"te"mp\n1,80,2\n', id="text after a quoted name"),
        pytest.param(b"", id="nothing"),
        pytest.param(HEAD.encode(), id="a header alone"),
        pytest.param(HEAD.encode()[:-1], id="a header without an end"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [150, 8 << 20])
def test_files_as_people_have_them(data: bytes, size: int) -> None:
    assert_same(data, size)


def test_plain_and_quoted_blocks_take_the_quick_way() -> None:
    """Else the tests above would compare the core's reader with itself."""
    quoted = HEAD + "".join(f'"{n}, or so","{60 + n % 80}",\n' for n in range(400))
    for text in (HEAD + ROWS, (HEAD + ROWS).replace("\n", "\r\n"), quoted):
        with small_blocks(500):
            found = list(Blocks(io.BytesIO(text.encode()), "stream"))
        assert len(found) > 5
        assert sum(block.frame().height for block in found) == 400
        assert not any(block.rows for block in found)


def test_every_block_ends_where_a_row_does() -> None:
    text = HEAD + "".join(f'"{n}\n{n}",80,\r\n' for n in range(300))
    for size in range(60, 160, 7):
        with small_blocks(size):
            cells = [cell for block in Blocks(io.BytesIO(text.encode()), "stream") for cell in block.frame()["case_id"]]
        assert cells == [f"{n}\n{n}" for n in range(300)]


@pytest.mark.parametrize("cell", ["x" * 600, '"' + "x\n" * 300 + '"'], ids=["one line", "many lines"])
def test_one_long_cell_makes_only_its_own_block_slow(cell: str) -> None:
    limit = csv.field_size_limit(500)
    try:
        with small_blocks(1000):
            found = list(Blocks(io.BytesIO((HEAD + ROWS + f"{cell},80,36.8\n" + ROWS).encode()), "stream"))
            assert [block.slow for block in found].count(True) in (1, 2)
            assert not any(block.rows or block.slow for block in found[-3:])
        assert_same((HEAD + ROWS + f"{cell},80,36.8\n" + ROWS).encode(), 1000)
    finally:
        csv.field_size_limit(limit)
