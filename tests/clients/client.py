"""What a vendor writes against the generated Python client (`generated` beside this file): scores, verifies, uploads and polls a job."""

from __future__ import annotations

import io
import sys
import time
import uuid
from typing import Any

from generated import Client
from generated.api.jobs import get_job, get_job_file
from generated.api.scores import score_file, score_many, score_set
from generated.api.verification import verify
from generated.models import (
    CompleteScore,
    Job,
    ManyScores,
    PartialScore,
    Problem,
    ScoreFileFilesBody,
    Set,
    Stated,
    StatedPointsType0,
    StatedSet,
    Verdict,
)
from generated.types import File

FULL: dict[str, Any] = {
    "respiratory_rate": 21, "oxygen_saturation": 93, "air_or_oxygen": "air", "systolic_bp": 120, "heart_rate": 95, "consciousness": "alert", "temperature": 37.5,
}


def words(score: object) -> str:
    if isinstance(score, CompleteScore):
        return f"complete {score.total}"
    if isinstance(score, PartialScore):
        return f"partial {score.total_min} to {score.total_max}, {score.total}"
    return type(score).__name__


def main(address: str) -> None:
    client = Client(base_url=address, timeout=60)
    full = Set.from_dict(FULL)
    print("score", words(score_set.sync("news2", client=client, body=full)))
    many = score_many.sync("news2", client=client, body=[full, Set(respiratory_rate=21)])
    assert isinstance(many, ManyScores), many
    print("many", "; ".join(words(one) for one in many.results))
    points = StatedPointsType0.from_dict({"temperature": 1})
    verdict = verify.sync("news2", client=client, body=StatedSet(observations=full, stated=Stated(total=6, points=points)))
    assert isinstance(verdict, Verdict), verdict
    print("verify", verdict.verdict, ",".join(one.where for one in verdict.differences))
    table = File(io.BytesIO(b"respiratory_rate,heart_rate\n21,95\n12,60\n"), "ward.csv", "text/csv")
    job = score_file.sync("news2", client=client, body=ScoreFileFilesBody(file=table), prefer="respond-async", idempotency_key=str(uuid.uuid4()))
    while isinstance(job, Job) and job.state in ("queued", "running"):
        time.sleep(0.1)
        job = get_job.sync(job.id, client=client)
    assert isinstance(job, Job), job
    file = get_job_file.sync(job.id, "scores.csv", client=client)
    assert isinstance(file, File), file
    print("job", job.state.value, job.rows, len(file.payload.read().splitlines()))
    refused = score_set.sync_detailed("news2", client=client, body=Set(heart_rate="fast"))
    assert isinstance(refused.parsed, Problem), refused
    print("refused", refused.status_code.value, ",".join(one.code for one in refused.parsed.problems))


main(sys.argv[1])
