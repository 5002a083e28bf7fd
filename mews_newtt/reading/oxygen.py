"""What an amount of oxygen says about air or oxygen. Files read by a plan and FHIR messages share the one number."""

from __future__ import annotations

AIR_PERCENT = 21  # air is 20.9 % oxygen, written as 21: a fact of chemistry, not of a chart
AIR, OXYGEN = "air", "oxygen"
