"""Air or oxygen, from the stated answer and the amount given. A contradiction is refused; an unclear amount is not read."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from mews_newtt.chart.model import Number
from mews_newtt.fhir.codes import FLOW, PERCENT
from mews_newtt.reading.fhir_parts import Faults
from mews_newtt.reading.oxygen import AIR, AIR_PERCENT, OXYGEN


class Amount(NamedTuple):
    """How much oxygen: a flow in L/min, or a concentration in percent."""

    value: Number
    place: str


def meant(amounts: Mapping[str, Amount]) -> str | None:
    """`oxygen` or `air` where the amounts leave no doubt, else None.

    Oxygen: a flow above 0, or more oxygen than air holds. Air: no flow and the concentration of air. A flow of 0 alone says nothing of the
    concentration; a flow above 0 at the concentration of air may be air that is blown.
    """
    flow, percent = amounts.get(FLOW), amounts.get(PERCENT)
    flows = flow is not None and flow.value > 0
    enriched = percent is not None and percent.value > AIR_PERCENT
    if enriched or (flows and percent is None):
        return OXYGEN
    if flow is not None and not flows and percent is not None:
        return AIR
    return None


def settle(answer: str | None, amounts: Mapping[str, Amount], faults: Faults) -> str | None:
    """The answer to `air or oxygen`, stated or implied by the amount; a problem where the two contradict or the amount is unclear."""
    if not amounts:
        return answer
    says = meant(amounts)
    flow, percent = amounts.get(FLOW), amounts.get(PERCENT)
    spoken = " and ".join(f"{_plain(amount.value)} {unit}" for amount, unit in ((flow, "L/min"), (percent, "%")) if amount is not None)
    place = next(iter(amounts.values())).place
    if answer is None:
        if says is None:
            what = f"{spoken} of oxygen does not say whether it is air or oxygen"
            faults.add("oxygen_unclear", place, what, "send the code of breathing room air, or of oxygen", warning=True)
        else:
            faults.add("oxygen_from_amount", place, f"{spoken}: read as {says}", "nothing to do", warning=True)
        return says
    quiet = says is None and not any(amount.value > (0 if name == FLOW else AIR_PERCENT) for name, amount in amounts.items())
    if (answer == AIR and not quiet and says != AIR) or (answer == OXYGEN and (quiet or says == AIR)):
        faults.add("codes_disagree", place, f"{answer!r} was said, and {spoken} of oxygen", "send what is true: air alone, or oxygen with how much")
    return answer


def _plain(value: Number) -> str:
    return format(value.normalize(), "f") if isinstance(value, Decimal) else f"{float(value):g}"
