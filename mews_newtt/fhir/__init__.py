"""Scores as FHIR R4 in the shapes of UK Core: dictionaries in, dictionaries out. Codes and choices: docs/fhir.md."""
