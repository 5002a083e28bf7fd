"""Problems as an OperationOutcome, with the code, path, text and hint of the library."""

from __future__ import annotations

from collections.abc import Iterable

from mews_newtt.errors import Problem
from mews_newtt.fhir.codes import PROBLEM
from mews_newtt.fhir.jsontext import Resource

# FHIR's own kinds of issue (required binding) for codes of ours; the rest are `invalid`.
_KINDS = {
    "reading_twice": "duplicate",
    "name_twice": "duplicate",
    "reading_impossible": "value",
    "unknown_unit": "value",
    "unit_missing": "required",
    "nothing_read": "code-invalid",
    "observation_twice": "duplicate",
    "too_many_observations": "too-long",
    "subject_missing": "required",
    "chart_missing": "required",
    "unknown_category": "code-invalid",
    "category_not_on_chart": "code-invalid",
    "codes_disagree": "code-invalid",
    "unknown_status": "code-invalid",
    "observation_void": "conflict",
    "bundle_nested": "structure",
    "comparator": "not-supported",
    "modifier_extension": "extension",
    "out_of_scope": "business-rule",
    "only_one_of": "business-rule",
    "subjects_differ": "business-rule",
    "chart_unknown": "not-found",
    "version_unknown": "not-found",
    "not_found": "not-found",
    "method_not_allowed": "not-supported",
    "not_acceptable": "not-supported",
    "media_type": "not-supported",
    "not_json": "structure",
    "not_an_object": "structure",
    "json_too_deep": "structure",
    "wrong_type": "structure",
    "bundle_incomplete": "incomplete",
    "body_too_large": "too-long",
    "too_many_requests": "throttled",
    "not_signed_in": "login",
    "internal_fault": "exception",
}
_ROOTS = ("Bundle", "Parameters", "Observation", "Patient")


def operation_outcome(problems: Iterable[Problem]) -> Resource:
    """An OperationOutcome with one issue for each problem; `where` is its expression where it is a path into the resource."""
    issues = []
    for problem in problems:
        is_path = problem.where.split(".")[0].split("[")[0] in _ROOTS
        issue: Resource = {
            "severity": "warning" if problem.warning else "error",
            "code": "informational" if problem.warning else _KINDS.get(problem.code, "invalid"),
            "details": {
                "coding": [{"system": PROBLEM, "code": problem.code}],
                "text": problem.what if is_path or not problem.where else f"{problem.where}: {problem.what}",
            },
        }
        if problem.mend:
            issue["diagnostics"] = f"mend: {problem.mend}"
        if is_path:
            issue["expression"] = [problem.where]
        issues.append(issue)
    return {"resourceType": "OperationOutcome", "issue": issues}
