"""What charts and scores have in common as classes: caches that are never copied, and a drawing for notebooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar


class Drawable:
    """Shows itself in a notebook. `mews_newtt/__init__.py` sets `draw`: drawing is an outer layer, which this one does not know."""

    __slots__ = ()
    draw: ClassVar[Callable[[Any], str | None] | None] = None

    def _repr_html_(self) -> str | None:
        return None if Drawable.draw is None else Drawable.draw(self)


class Remembers:
    """Remembers what follows from its content (`cached_property`). Copies and pickles hold the content alone, never what is remembered."""

    __slots__ = ("__dict__",)  # for what is remembered; the content has slots of its own
