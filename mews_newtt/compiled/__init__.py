"""A chart as plain data for engines: no arrays, no floats, no caches. Everything that an engine needs to score rows, and nothing else.

An engine is written from `compile_chart(chart)` alone. It never asks the reference scorer, which judges it.

    >>> compiled = compile_chart(load_chart("news2"))
    >>> heart_rate = compiled.parameters["heart_rate"]
    >>> heart_rate.classes.cuts[:2]              # less is impossible; less is implausible
    (Cut(at=Decimal('-0.001'), beyond=False), Cut(at=Decimal('0.999'), beyond=False))
    >>> place = heart_rate.classes.of_reading(read(heart_rate.parameter.observation, "131"))
    >>> heart_rate.contributions[0][place].points, heart_rate.contributions[0][place].bounds.least
    (3, (3, 0, 0))

What a `CompiledChart` holds, by question:

- Which class is this reading in? `parameters[id].classes`, a `ReadingClasses`. Class i of a numeric parameter holds the numbers that have
  passed i cuts. A cut is an exact decimal. It already holds the rules "between two bands the higher" and "float noise is read as the
  recordable value", so that a raw number in the parameter's own unit is compared with the cuts as it is, and never rounded. Categories are
  classes of their own. After the readings come the classes without one: missing, faulty, skipped (one for each coded reason), and each of
  those as each value that an unknown context may have (`hypothetical`).
- What does the class contribute? `parameters[id].contributions[context code][class]`, a `Contribution`: least and most as
  (points, zone rank, level rank), the points shown, flags, whether the row is missing or refuses the set. None: the answer depends on a
  context that is not known; score the row once for each possible value of it (`possible_values`), and keep what all agree on.
- What is the context code? The sum over `parameters[id].contexts` of the context's class (`contexts[name].class_of[class]`) times its
  radix (`compiled.radices(names)`). A context's last class, number `contexts[name].count`, is "not known". A parameter without contexts
  has one code, 0.
- What does a group contribute, whose members count once? `groups`: add up each member's `number[id][context code][class]`; the sum is
  the place in `contributions`. Members of a group do not count by themselves.
- Which level is reached? `level_rules`: a rule gives its rank where its counter, summed over all rows and groups, reaches its threshold.
  The highest rank counts; no rule: rank 0. With each row's least for `level`, with each row's most for `level_max`.
- Is the set refused, or out of scope? `parameters[id].scope[class]` names the conditions of the chart's scope rules that the class
  fulfils. A rule holds where all of its conditions are fulfilled. Of the rules in `joint_rules` some parameter's context code says the same
  (`parameters[id].joint_scope`).
- In which order are `missing` and `flags` written? Missing parameters in chart order; flags in the order of `flags`.

The shapes: `contributions` is a tuple by context code of tuples by class, with `len(classes)` entries each; all numbers are int or Decimal.
`compile_changed` compiles a chart that differs in few places from a compiled one: only what differs is worked out (the mutants of validation).
"""

from mews_newtt.compiled.chart import CompiledChart, CompiledParameter, compile_changed, compile_chart, compile_parameter
from mews_newtt.compiled.classes import FORMS, Cut, ReadingClass, ReadingClasses, classes_of, form_of
from mews_newtt.compiled.contexts import Context, possible_values
from mews_newtt.compiled.contributions import Bounds, Contribution, Severity, contribution_of
from mews_newtt.compiled.flags import FlagRule
from mews_newtt.compiled.groups import CompiledGroup, GroupContribution, Member, compile_group, count_group, member_of
from mews_newtt.compiled.levels import TOTAL, Counter, LevelRule, highest_rank, level_rules

__all__ = [
    "FORMS",
    "TOTAL",
    "Bounds",
    "CompiledChart",
    "CompiledGroup",
    "CompiledParameter",
    "Context",
    "Contribution",
    "Counter",
    "Cut",
    "FlagRule",
    "GroupContribution",
    "LevelRule",
    "Member",
    "ReadingClass",
    "ReadingClasses",
    "Severity",
    "classes_of",
    "compile_changed",
    "compile_chart",
    "compile_group",
    "compile_parameter",
    "contribution_of",
    "count_group",
    "form_of",
    "highest_rank",
    "level_rules",
    "member_of",
    "possible_values",
]
