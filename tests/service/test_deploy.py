"""The files of service/deploy hold to the code: metrics in alerts and panels exist, settings and paths too. docs/operating.md says what else was tried."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from mews_newtt_service.jobs import memory
from mews_newtt_service.jobs.job import STATES
from mews_newtt_service.jobs.queue import Queue, new_id
from mews_newtt_service.processes import ROLES
from tests.parsed import parsed
from tests.patience import PATIENCE
from tests.service.exposed import Samples, exposed
from tests.service.support import FULL, ROOT, SCORE, client

DEPLOY = ROOT / "service" / "deploy"
ALERTS: list[dict[str, Any]] = yaml.safe_load((DEPLOY / "prometheus-alerts.yaml").read_text())["groups"][0]["rules"]
BOARD: dict[str, Any] = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
QUERIES = [rule["expr"] for rule in ALERTS] + [target["expr"] for panel in PANELS for target in panel["targets"]]
OF_PROMETHEUS = {"job", "instance"}  # labels that Prometheus adds to every sample
METRIC = re.compile(r"\b(up|mews_newtt_[a-z_]+)(\{[^}]*(?:\{[^}]*\}[^}]*)*\})?")
MATCHER = re.compile(r'(\w+)(=~|!=|!~|=)"([^"]*)"')


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """/metrics of a service that has scored, refused and done a job."""
    from mews_newtt.chart.catalogue import load_chart

    with client(tmp_path_factory.mktemp("deploy")) as http:
        http.post(SCORE, json=FULL)
        http.post(SCORE, json={"temperature": 375})
        queue: Queue = http.app.state.queue
        job = queue.add(new_id(), "tester", "score", load_chart("news2"), {})
        queue.claim("one")
        queue.finish(job.id, "one", 1, [])
        return exposed(http)


def literals() -> set[str]:
    """Every text that the service's code writes out: reasons are among them."""
    import ast

    files = (ROOT / "service" / "mews_newtt_service").rglob("*.py")
    return {node.value for path in files for node in ast.walk(parsed(path)) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


WRITTEN = literals()
KNOWN: dict[str, set[str]] = {
    "route": {"/v1/charts/{chart_id}/score"},
    "state": set(STATES),
    "process": set(ROLES),
    "status": {str(status) for status in range(200, 600)} | {"complete", "partial", "refused"},
    "reason": WRITTEN,
}


def faults_of(query: str, told: Samples) -> list[str]:
    """What a query names that /metrics never tells."""
    faults = []
    labels_of = {name: {label for other, labels in told if other == name for label, _ in labels} for name, _ in told} | {"up": set()}
    for name, matchers in METRIC.findall(query):
        if name not in labels_of:
            faults.append(f"no metric {name}")
            continue
        for label, sign, wanted in MATCHER.findall(matchers):
            if label in OF_PROMETHEUS:
                continue
            if label not in labels_of[name]:
                faults.append(f"{name} has no label {label}")
            elif sign in ("=", "!="):
                faults += [] if wanted in KNOWN[label] else [f"{label} is never {wanted}"]
            else:
                faults += [f"{label} never matches {part}" for part in wanted.split("|") if not any(re.fullmatch(part, text) for text in KNOWN[label])]
    everything = set().union(*labels_of.values()) | OF_PROMETHEUS
    for grouped in re.findall(r"\b(?:by|on|without)\s*\(([^)]*)\)", query):
        faults += [f"no label {label.strip()}" for label in grouped.split(",") if label.strip() not in everything]
    return faults


@pytest.mark.parametrize("query", sorted(set(QUERIES)))
def test_alerts_and_panels_name_what_there_is(query: str, told: Samples) -> None:
    assert METRIC.search(query)
    assert faults_of(query, told) == []


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("mews_newtt_job == 0", "no metric mews_newtt_job"),
        ('mews_newtt_jobs{stat="queued"}', "mews_newtt_jobs has no label stat"),
        ('mews_newtt_jobs{state="waiting"}', "state is never waiting"),
        ('mews_newtt_refused_total{reason=~"not_signed_in|not_signed_on"}', "reason never matches not_signed_on"),
        ("sum by (reasons) (mews_newtt_refused_total)", "no label reasons"),
    ],
)
def test_a_wrong_name_is_seen(query: str, fault: str, told: Samples) -> None:
    assert faults_of(query, told) == [fault]


def test_every_metric_is_on_the_dashboard_or_in_an_alert(told: Samples) -> None:
    shown = {name for query in QUERIES for name, _ in METRIC.findall(query)} | {"mews_newtt_build_info"}  # the variables ask for it
    families = {re.sub(r"_(bucket|count|sum|created|total)$", "", name) for name, _ in told}
    assert families - {re.sub(r"_(bucket|count|sum|total)$", "", name) for name in shown} == set()


def test_alerts_say_what_to_do() -> None:
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS)
    for rule in ALERTS:
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["summary"] and rule["annotations"]["description"].endswith(".")


def test_panels_have_places_of_their_own() -> None:
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells


def test_promtool_takes_the_rules_and_they_fire() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:  # Prometheus itself is not among what CI installs; the tests above look at every name
        pytest.skip("promtool is not installed")
    cases = Path(__file__).with_name("alerts_fire.yaml")
    for command in (["check", "rules", "prometheus-alerts.yaml"], ["check", "config", "prometheus.yaml"], ["test", "rules", str(cases)]):
        done = subprocess.run([promtool, *command], cwd=DEPLOY, capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_container_copies_what_the_wheel_needs_and_runs_as_nobody_special() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    copied = [word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE) for word in line.split()]
    assert [path for path in copied if not (ROOT / path).exists()] == []
    project = (ROOT / "pyproject.toml").read_text()
    needed = {"README.md", "LICENSE", "NOTICE", "rules", "mews_newtt", "service/mews_newtt_service"}
    assert needed <= set(copied) and all(f'"{path}"' in project for path in needed), "what pyproject.toml names"
    assert "--require-hashes" in text
    steps = text.rpartition("\nFROM ")[2]
    assert "\nUSER mews-newtt\n" in steps and "\nHEALTHCHECK " in steps
    assert not re.search(r"^(RUN|COPY|ADD) ", steps.partition("\nUSER ")[2], re.MULTILINE), "what runs later belongs to the user who serves"
    assert not re.search(r"https?://(?!127\.0\.0\.1)", text), "no host is written down"


def test_compose_locks_the_service_in() -> None:
    found = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    service, database = found["services"]["service"], found["services"]["database"]
    assert (ROOT / "service" / "deploy" / service["build"]["context"] / service["build"]["dockerfile"]).resolve() == DEPLOY / "Containerfile"
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["ports"] == ["127.0.0.1:8311:8311"], "a proxy with TLS stands in front"
    assert "ports" not in database
    for one in (service, database):
        assert [name for name in one["secrets"] if name not in found["secrets"]] == []
        assert [volume for volume in one["volumes"] if volume.partition(":")[0] not in found["volumes"]] == []
        assert not [name for name, text in one["environment"].items() if name.endswith("PASSWORD") or ":" in str(text).partition("//")[2].partition("@")[0]]
    assert service["configs"][0]["target"] in (DEPLOY / "Containerfile").read_text()
    assert memory.CONTAINER.name == "memory.max", "mem_limit is what the service takes for its memory"


def test_the_unit_is_taken_by_systemd_and_locked_in(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    unit = tmp_path / "mews-newtt.service"
    text = (DEPLOY / unit.name).read_text()
    unit.write_text(re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (done.returncode, done.stderr) == (0, "")
    judged = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(unit)], capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert judged.returncode == 0, judged.stdout[-2000:]
