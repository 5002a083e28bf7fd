"""Models of `fhir.resources` as input: the same answers as from JSON, and no digit is lost."""

from __future__ import annotations

from decimal import Decimal

from fhir.resources.bundle import Bundle as BundleR5
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.observation import Observation
from hypothesis import given
from hypothesis import strategies as st

from mews_newtt import charts
from mews_newtt.fhir.jsontext import plain, read_json, write_json
from mews_newtt.fhir.many import Request, ews_score_many
from mews_newtt.fhir.operations import ews_score, ews_verify

from .support import ADULT, TEMPERATURE, bundle, find, quantity, scored
from .test_fhir_verify import PUBLISHED, stated


def test_a_model_is_scored_as_its_json_is() -> None:
    sent = bundle(*ADULT)
    for kind in (Bundle, BundleR5):
        model = kind.model_validate_json(write_json(sent))
        assert ews_score(model, find, chart="news2").result == scored(sent).result
    models = [Observation.model_validate_json(write_json(each)) for each in ADULT]
    for given_ in (Bundle.model_validate_json(write_json(sent)), models):
        assert [each.answer.result.total for each in ews_score_many(given_, find, Request(chart="news2")) if each.answer] == [5]
    verified = ews_verify(Bundle.model_validate_json(write_json(bundle(stated(6, PUBLISHED), *ADULT))), find, charts())
    assert verified.resource["parameter"][0] == {"name": "verdict", "valueCode": "disagrees"}


@given(value=st.decimals(min_value=25, max_value=45, allow_nan=False, places=18), other=st.decimals(min_value=0, max_value=300, allow_nan=False, places=17))
def test_no_digit_of_a_model_is_lost(value: Decimal, other: Decimal) -> None:
    """Models write 38.000000000000000001 as 38.0, and a chart may draw its line there."""
    sent = read_json(write_json(bundle({**TEMPERATURE, "valueQuantity": quantity(value, "Cel"), "component": [{"code": {"text": "x"}, "valueQuantity": quantity(other, "1")}]})))
    body = plain(Bundle.model_validate(sent))["entry"][0]["resource"]
    assert (body["valueQuantity"]["value"], body["component"][0]["valueQuantity"]["value"]) == (value, other)
