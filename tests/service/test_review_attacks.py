"""The attacks and faults of an outside review of the service, one by one, and the test that holds each of them off.

The table is data, so that no test of it goes away unseen. A path without a folder is beside this file. What ran once and is not repeated by a
test of its own (21,000 cases of schemathesis, kills for minutes, traffic for an hour) has a script in `endure` and a short form here.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.parsed import parsed

HERE = Path(__file__).parent
ATTACKS = {
    "CDS prefetch that never asks for the panel of blood pressures": "../fhir/test_cds_rounds.py::test_the_search_finds_every_reading_of_a_chart_as_record_systems_keep_them",
    "CDS readings taken seconds earlier are hidden": "../fhir/test_cds_rounds.py::test_a_round_spread_over_seconds_is_one_set",
    "CDS says nothing of what it left out": "../fhir/test_cds_rounds.py::test_what_was_not_read_is_on_the_card",
    "CDS scores readings of 2020": "../fhir/test_cds_rounds.py::test_calm_readings_that_are_old_are_no_good_news",
    "60,000 unknown keys in one set, in an array, in lines, as skips": "test_attacks_one_request.py::test_no_request_under_a_megabyte_holds_up_another_clients_score",
    "a small request with an answer of many megabytes": "test_attacks_one_request.py::test_what_is_refused_is_not_answered_at_length",
    "the largest array stops the web process": "test_attacks_limits.py::test_the_largest_array_holds_up_nobody_and_takes_little_memory",
    "wrong keys shut out probes, tokens and other callers": "test_attacks_sign_in.py::test_wrong_keys_shut_out_neither_probes_nor_tokens_nor_open_paths_nor_clients",
    "everybody behind a proxy is one address": "test_attacks_sign_in.py::test_each_address_behind_a_trusted_proxy_has_its_own_limit",
    "failed sign-ins without an address in the log": "test_attacks_sign_in.py::test_failed_sign_ins_name_the_address",
    "an address that is forged in X-Forwarded-For": "test_attacks_sign_in.py::test_the_address_is_the_last_that_a_trusted_proxy_did_not_add",
    "an OpenAPI document that is not valid": "test_generated_clients.py::test_the_contract_is_valid_openapi",
    "a generated Python client that breaks": "test_generated_clients.py::test_a_generated_python_client_works",
    "a generated TypeScript client that does not compile": "test_generated_clients.py::test_a_generated_typescript_client_compiles_and_works",
    "operations with names such as guarded_...": "test_contract_models.py::test_operations_have_names_that_read_well_and_say_what_they_need",
    "answers that the document does not describe": "test_contract_models.py::test_answers_and_requests_are_all_in_the_document",
    "response headers that are not declared": "test_contract_models.py::test_every_header_that_an_answer_has_is_declared",
    "readings of a refused file stay in the database's files": "test_attacks_remains.py::test_nothing_of_a_refused_file_stays",
    "names of files stay": "test_attacks_remains.py::test_nothing_of_a_file_name_stays",
    "another user of the machine reads the data folder": "test_attacks_remains.py::test_everything_is_for_its_owner_only",
    "a token whose audience follows the Host header": "test_attacks_sign_in.py::test_an_audience_is_never_taken_from_the_host_header",
    "key pairs without a public address": "test_attacks_sign_in.py::test_key_pairs_without_a_public_address_do_not_start",
    "one X-Request-ID for mother and baby": "test_attacks_jobs.py::test_a_mother_and_her_baby_may_be_scored_in_one_trace",
    "a preflight of a browser": "test_cds_sign_in.py::test_a_preflight_needs_no_sign_in_and_names_what_is_allowed",
    "another site's page": "test_cds_sign_in.py::test_other_sites_and_other_paths_get_nothing",
    "the JWT of a CDS Hooks client": "test_cds_sign_in.py::test_a_signed_call_is_answered",
    "breathing air with an oxygen flow by LOINC": "../fhir/test_fhir_oxygen.py::test_air_and_a_flow_contradict_each_other_on_every_chart",
    "consciousness by LOINC": "../fhir/test_fhir_by_text.py::test_consciousness_by_loinc_with_its_answers",
    "a direct call without a worker waits for ever": "test_attacks_jobs.py::test_waiting_without_a_worker_ends_with_a_clear_answer",
    "a worker that starts slowly counts as none": "test_attacks_jobs.py::test_a_worker_counts_while_it_starts_and_no_longer_once_it_died",
    "a frozen PostgreSQL": "test_attacks_database.py::test_a_frozen_database_holds_nobody_for_long",
    "a small Parquet file of gigabytes": "test_attacks_amplified.py::test_a_small_parquet_file_that_is_large_as_text_is_refused",
    "a packed line without end": "test_uploads.py::test_what_unpacks_without_end_is_413",
    "a small file that takes all memory": "test_uploads.py::test_a_small_file_that_takes_all_memory_is_413",
    "one client fills the disk": "test_attacks_jobs.py::test_a_client_may_not_fill_the_disk",
    "one client fills the queue": "test_attacks_jobs.py::test_the_job_limit_holds_for_requests_at_the_same_moment",
    "streams of events without limit": "test_track_http.py::test_a_stream_of_events_is_one_of_the_streams_a_client_may_have",
    "OPTIONS and 405 that name the wrong methods": "test_conventions.py::test_every_path_names_its_methods",
    "DELETE of a finished job makes it cancelled": "test_jobs.py::test_cancelling_removes_the_results",
    "a Range that cannot be answered, as plain text": "test_conventions.py::test_a_range_that_cannot_be_answered_is_a_problem_document",
    "half-sent bodies take every connection; a 503 of plain text": "test_conventions.py::test_errors_of_the_server_itself_are_problem_documents",
    "files with an ETag that ignore If-None-Match": "test_conventions.py::test_a_file_that_the_caller_has_is_not_sent_again",
    "_pretty and _summary": "test_fhir_many_http.py::test_answers_can_be_indented_and_a_score_is_never_summarised",
    "no SMART configuration under /fhir/R4, no security in the CapabilityStatement": "test_cds_sign_in.py::test_where_to_sign_in_is_said_under_the_fhir_base_too",
    "kill -9 of the parent leaves folders of counts": "test_attacks_remains.py::test_counts_of_a_killed_service_go_with_the_next_start",
    "a clock that is set back holds a dead worker's job": "test_attacks_jobs.py::test_a_clock_that_is_set_back_holds_no_dead_workers_job",
    "formula cells in a scored CSV": "test_uploads.py::test_cells_of_the_caller_come_back_as_they_were",
    "formula cells in disagreements.csv, markup on a page": "pages/test_pages_validate.py::test_a_spreadsheet_gets_no_formula_and_a_page_no_markup",
    "tokens: none, forged, confused algorithms, wrong audience, expired": "test_auth.py::test_a_bad_assertion_gives_no_token",
    "a token that is replayed": "test_auth.py::test_an_assertion_serves_once",
    "headers without end, slow bodies": "test_running.py::test_headers_without_end_are_cut_off_and_idle_connections_make_room",
    "readings in the log": "test_running.py::test_no_reading_comes_into_logs_or_counts",
    "a full disk": "test_jobs.py::test_a_full_disk_is_told_and_nothing_is_kept",
    "kill -9 of a worker, a web process, the parent": "test_endure.py::test_killed_processes_lose_no_job_and_do_none_twice",
    "PostgreSQL stopped and started": "test_jobs.py::test_the_database_goes_and_comes_back",
    "requests drawn from the contract": "test_endure.py::test_requests_around_jobs_and_their_files_meet_the_contract",
    "settings that nobody sees": "test_serve_check.py::test_every_setting_is_listed_once_with_where_it_comes_from",
    "SIGHUP ends the process": "test_stop_and_reload.py::test_new_settings_without_a_lost_request",
    "SIGTERM refuses at once": "test_stop_and_reload.py::test_readyz_says_draining_while_scores_are_still_answered",
    "refusals before routing cannot be told apart": "test_metrics.py::test_refusals_are_counted_and_logged_by_their_code",
    "traceparent is ignored, no trace in the log": "test_tracing.py::test_spans_continue_the_callers_trace_and_jobs_continue_them",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_of_the_review_has_its_test(attack: str) -> None:
    where, _, name = ATTACKS[attack].partition("::")
    tests = {node.name for node in ast.walk(parsed((HERE / where).resolve())) if isinstance(node, ast.FunctionDef)}
    assert name in tests
