"""Whatever happens to a file on its way, the answer is a table or a FileError: never a traceback, and never another table in silence for a cut one."""

from __future__ import annotations

import gzip
import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mews_newtt.errors import FileError
from mews_newtt.tables.origins import propose_settings, read_source
from mews_newtt.tables.origins.settings import ORIGINS
from tests.origins.support import ods_number, ods_row, ods_text, opened, spreadsheet, workbook
from tests.origins.test_fhir_long import HR, RR, bundle, lines
from tests.origins.test_hl7_long import OBR, PID, message, result


def parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"p": ["P1", "P2"], "hr": [84, 90]}), out)
    return out.getvalue()


SOUND: dict[str, bytes] = {
    "w.csv": "patient;Temp (°C);hr\nP1;36,8;84\nP2;37,9;\"9\n0\"\n".encode(),
    "u.csv": "patient;Temp (°C);hr\nP1;36,8;84\n".encode("utf-16"),
    "w.csv.gz": gzip.compress(b"p,hr\nP1,84\n"),
    "w.parquet": parquet(),
    "w.ndjson": b'{"p":"P1","hr":84}\n{"p":"P2","bp":{"sys":118}}\n',
    "w.json": b'[{"p":"P1","hr":84},{"p":"P2"}]',
    "forms.json": b'{"ward":5,"forms":[{"obs":[{"hr":84}]}]}',
    "w.xlsx": workbook([["p", "hr"], ["P1", 84], ["P2", 36.8]]),
    "w.ods": spreadsheet(f'<table:table table:name="W">{ods_row(ods_text("p"), ods_text("hr"))}{ods_row(ods_text("P1"), ods_number("84"))}</table:table>'),
    "bundle.json": bundle(HR, RR).encode(),
    "lines.ndjson": lines(HR, RR).encode(),
    "m.hl7": message(PID, OBR, result("84"), result("<^35", "SN")).encode(),
}


def tried(body: bytes, name: str, **told: Any) -> None:
    try:
        opened(body, name, **told).table()
    except FileError as fault:
        for problem in fault.problems:
            assert problem.where
            assert problem.what
            assert problem.mend


@pytest.mark.parametrize("name", SOUND)
def test_the_sound_ones_are_read(name: str) -> None:
    proposed, _ = propose_settings(io.BytesIO(SOUND[name]), name=name)
    assert read_source(io.BytesIO(SOUND[name]), proposed, name=name).table().num_rows > 0


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(SOUND)), st.data())
def test_a_changed_file_is_read_or_refused(name: str, data: st.DataObject) -> None:
    body = bytearray(SOUND[name])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        if not body:
            break
    tried(bytes(body), name)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(SOUND)), st.floats(0, 1))
def test_a_cut_file_is_read_or_refused(name: str, share: float) -> None:
    tried(SOUND[name][: int(len(SOUND[name]) * share)], name)


@settings(max_examples=200)
@given(st.binary(max_size=200), st.sampled_from([None, *ORIGINS]))
def test_any_bytes_are_read_or_refused(body: bytes, kind: str | None) -> None:
    tried(body, "any", kind=kind)


@settings(max_examples=200)
@given(st.text(alphabet='a1;,\t|"\n\r\' =é', max_size=60), st.sampled_from([{}, {"header_line": 0}, {"header_line": 2}, {"footer_lines": 1}, {"skip_lines": 1}]))
def test_any_text_is_read_or_refused(text: str, told: dict[str, int]) -> None:
    tried(text.encode(), "any.csv", **told)


@pytest.mark.parametrize("name", ["w.csv.gz", "w.parquet", "w.json", "w.xlsx", "w.ods", "bundle.json"])
def test_a_kind_that_has_an_end_is_refused_without_it(name: str) -> None:
    for cut in (1, 2, 5):
        with pytest.raises(FileError):
            opened(SOUND[name][:-cut], name).table()

