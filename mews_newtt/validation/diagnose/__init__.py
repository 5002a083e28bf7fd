"""Explains disagreements: which fault of the other platform fits what it answered, and how sure that is."""

from mews_newtt.validation.diagnose.verdict import diagnose
from mews_newtt.validation.diagnosis import Diagnosis, Finding

__all__ = ["Diagnosis", "Finding", "diagnose"]
