"""Check digits of SNOMED CT and LOINC codes: they catch a mistyped code, not a wrong one."""

from __future__ import annotations

import re

# Verhoeff's dihedral group D5: the multiplication table and the position permutation of SNOMED CT identifiers.
_TIMES = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
    [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
    [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
    [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
    [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
    [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
    [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
]
_PERMUTE = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]


def snomed_is_sound(code: str) -> bool:
    """Whether the code is 6 to 18 digits that end in their Verhoeff check digit."""
    if not re.fullmatch(r"[1-9][0-9]{5,17}", code):
        return False
    check = 0
    for position, digit in enumerate(reversed(code)):
        turned = int(digit)
        for _ in range(position % 8):
            turned = _PERMUTE[turned]
        check = _TIMES[check][turned]
    return check == 0


def loinc_is_sound(code: str) -> bool:
    """Whether the code is digits, a hyphen and their mod-10 (Luhn) check digit."""
    if not re.fullmatch(r"[0-9]{1,7}-[0-9]", code):
        return False
    return _has_its_check_digit(code)


def loinc_answer_is_sound(code: str) -> bool:
    """Whether the code of a LOINC answer is `LA`, digits, a hyphen and their check digit. A letter counts by its place in ASCII after `0`."""
    return bool(re.fullmatch(r"LA[0-9]{1,7}-[0-9]", code)) and _has_its_check_digit(code)


def _has_its_check_digit(code: str) -> bool:
    digits, check = code.split("-")
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = ord(digit) - ord("0")
        total += sum(divmod(2 * value, 10)) if position % 2 == 0 else value
    return (10 - total % 10) % 10 == int(check)
