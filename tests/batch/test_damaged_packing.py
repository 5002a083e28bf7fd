"""Packed files that are damaged: an error that names the file, or the whole right answer where the damage changes nothing; nothing half written."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest

from mews_newtt import FileError, load_chart, score_file
from mews_newtt.tables.first_look import first_look

CHART = load_chart("news2")
ROWS = "".join(f"{n},{80 + n % 40},{36 + n % 7 / 2}\n" for n in range(4000))
TEXTS = {
    "csv": ("case_id,heart_rate,temperature\n" + ROWS).encode(),
    "ndjson": "".join(f'{{"case_id": {n}, "heart_rate": {80 + n % 40}}}\n' for n in range(4000)).encode(),
}
PACK = {".gz": gzip.compress, ".zst": lambda text: pa.Codec("zstd").compress(text, asbytes=True)}


def told(work: Callable[[], object]) -> str | None:
    """What a FileError says; None where there is none."""
    try:
        work()
    except FileError as fault:
        return str(fault)
    return None


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("kind", TEXTS)
def test_damaged_packing_is_told(kind: str, packing: str, tmp_path: Path) -> None:
    rng, whole = Random(f"{kind}{packing}"), PACK[packing](TEXTS[kind])
    path, output = tmp_path / f"sets.{kind}{packing}", tmp_path / "scored.csv"
    refused = 0
    for turn in range(25):
        bad = bytearray(whole[: rng.randrange(1, len(whole))] if turn % 3 == 0 else whole)
        for _ in range(turn % 3):
            bad[rng.randrange(4, len(bad))] ^= 1 << rng.randrange(8)
        path.write_bytes(bad)
        output.unlink(missing_ok=True)
        says = told(lambda: score_file(CHART, path, output))
        refused += says is not None
        assert output.read_text().count("\n") == 4001 if says is None else path.name in says and not output.exists()
        assert path.name in (told(lambda: first_look(path, path.name, kind)) or path.name)
    assert refused > 12
