"""The core runs from a wheel that stays packed on sys.path, as Spark and other hosts hand it to their workers."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from mews_newtt import charts

ROOT = Path(__file__).resolve().parents[1]
CODE = """
import sys, tempfile
sys.path.insert(0, sys.argv[1])
import mews_newtt
from mews_newtt.chart.builtin import builtin_rules
result = mews_newtt.score(mews_newtt.load_chart("news2"), {"heart_rate": 131})
print(mews_newtt.__file__.startswith(sys.argv[1]), len(mews_newtt.charts()), result.total_min, builtin_rules())
"""


def test_a_packed_wheel_scores_and_leaves_nothing_behind(tmp_path: Path) -> None:
    wheel = tmp_path / "packed.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        for folder in ("mews_newtt", "rules"):
            for path in (ROOT / folder).rglob("*"):
                if path.is_file() and path.suffix in (".py", ".toml"):
                    packed.write(path, ("" if folder == "mews_newtt" else "mews_newtt/") + path.relative_to(ROOT).as_posix())
    done = subprocess.run([sys.executable, "-I", "-c", CODE, str(wheel)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    inside, number, total, folder = done.stdout.split(maxsplit=3)
    assert (inside, int(number), int(total)) == ("True", len(charts()), 3)
    assert not Path(folder.strip()).exists()
