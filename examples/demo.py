"""What `make demo` runs: score the shipped examples, write the results beside, and say what was found."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mews_newtt import load_chart, read_map, score_file
from mews_newtt.tables.summary import Summary

HERE = Path(__file__).resolve().parent


def score_example(chart_id: str, source: Path, output: Path, maps: tuple[str, ...] = ()) -> Summary:
    """Score one example file into the output folder, keeping the rows that cannot be scored."""
    return score_file(load_chart(chart_id), source, output, column_map=read_map(maps), explain=True, on_bad_row="report")


def disagreements(scored: Path) -> tuple[int, int]:
    """Rows whose stated total is not the computed one, and all rows."""
    with scored.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return sum(row["NEWS"] != row["total"] for row in rows), len(rows)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.rule("[bold]mews_newtt: the shipped examples, scored")
    jobs = (
        ("mews", "ward_mothers.csv", ()),
        ("newtt2", "ward_babies.csv", ()),
        ("news2", "nhsr_synthetic_news.csv", (str(HERE / "nhsr_news2_map.toml"),)),
    )
    table = Table(title="What was scored", title_justify="left")
    for heading in ("chart", "status", "rows", "complete", "partial", "refused", "level certainly reached"):
        table.add_column(heading, justify="right" if heading in ("rows", "complete", "partial", "refused") else "left")
    for chart_id, source, maps in jobs:
        chart = load_chart(chart_id)
        summary = score_example(chart_id, HERE / source, folder / f"scored_{source}", maps)
        levels = ", ".join(f"{level.id} {summary.levels[level.id]}" for level in chart.levels if summary.levels[level.id])
        table.add_row(
            f"{chart.short_title} {chart.version}",
            chart.status,
            *(str(n) for n in (summary.rows, summary.status["complete"], summary.status["partial"], summary.status["refused"])),
            levels,
        )
    console.print(table)

    console.print("[bold]The ward, row by row")
    for source in ("ward_mothers.csv", "ward_babies.csv"):
        with (folder / f"scored_{source}").open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                if row["score_status"] == "refused":
                    result = "refused: " + row["error"]
                elif row["score_status"] == "partial":
                    result = f"partial: total between {row['total_min']} and {row['total_max']}, level {row['level']} up to {row['level_max']}"
                else:
                    result = f"total {row['total']}, level {row['level']}"
                console.print(f"  {row['case_id']}  {result}", highlight=False)
                console.print(f"                 [dim]{row['remark']}[/dim]", highlight=False)

    wrong, rows = disagreements(folder / "scored_nhsr_synthetic_news.csv")
    console.print(
        f"\n[bold]The public NHS-R set:[/bold] {wrong} of {rows:,} stated NEWS totals do not follow from the row's own vital signs.", highlight=False
    )
    console.print(f"Results with every reason in words: {folder}/scored_*.csv", highlight=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("demo-output"))
