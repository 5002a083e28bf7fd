"""Readings as small whole numbers: a state is a class of readings and, for a number, the form in which it was written."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from mews_newtt.chart.model import Parameter
from mews_newtt.compiled import FORMS, CompiledParameter, form_of
from mews_newtt.errors import Problem
from mews_newtt.reading.values import Reading, read

StateArray = npt.NDArray[np.int32]


class States:
    """The states of one parameter, numbered: readings first, each class in every form; then one state for each class without a reading."""

    def __init__(self, compiled: CompiledParameter, compared: bool):
        self.compiled = compiled
        self.parameter: Parameter = compiled.parameter
        self.compared = compared  # rows are compared by the number itself, so it is kept beside the state
        classes = self.classes = compiled.classes
        self.numeric = self.parameter.observation.numeric
        self.forms = len(FORMS) if self.numeric else 1
        self.read = classes.readings * self.forms  # states below this have a reading
        rest = np.arange(classes.readings, len(classes), dtype=np.int32)
        self.class_of: StateArray = np.concatenate([np.repeat(np.arange(classes.readings, dtype=np.int32), self.forms), rest])
        self.form_of: StateArray = np.concatenate([np.tile(np.arange(self.forms, dtype=np.int32), classes.readings), np.zeros_like(rest)])
        self.size = len(self.class_of)
        self.missing, self.fault = self.of_class(classes.missing), self.of_class(classes.fault)
        self.unread = tuple(self.of_class(one) for one in classes.unread)
        self.hypothetical = {(self.of_class(base), place): self.of_class(one) for (base, place), one in classes.hypothetical.items()}
        self.refused = np.array([classes.classes[one].refused for one in self.class_of])

    def of_class(self, number: int, form: int = 0) -> int:
        """The state of a class, and of a number in a form."""
        readings = self.classes.readings
        return number * self.forms + form if number < readings else number + readings * (self.forms - 1)

    def of_reading(self, found: Reading | Problem | None) -> int:
        """The state of what `read` found."""
        form = form_of(found) if self.numeric and isinstance(found, Reading) else 0
        return self.of_class(self.classes.of_reading(found), form)

    def of_raw(self, raw: Any) -> int:
        return self.of_reading(read(self.parameter.observation, raw))

    def of_skip(self, reason: str) -> int:
        return self.of_class(self.classes.of_skip(reason))

    def number_of(self, found: Reading | Problem | None) -> float:
        """The number that was read, where rows are compared by it; NaN for none."""
        return float(found.value) if self.compared and isinstance(found, Reading) else math.nan
