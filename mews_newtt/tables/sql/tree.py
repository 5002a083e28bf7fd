"""SQL trees made shorter without another meaning: what generated SQL says twice, in circles or with nothing added."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlglot import exp
from sqlglot.optimizer.simplify import simplify

Tree = exp.Expression
NUMBERS = exp.DataType.INTEGER_TYPES


def simple(tree: Tree) -> Tree:
    """The tree without casts of whole numbers, parentheses and nested CASEs that say nothing."""
    return _bottom_up(tree.copy(), _simpler)


def _bottom_up(node: Tree, change: Callable[[Tree], Tree]) -> Tree:
    for key, value in list(node.args.items()):
        if isinstance(value, exp.Expression):
            node.set(key, _bottom_up(value, change))
        elif isinstance(value, list):
            node.set(key, [_bottom_up(one, change) if isinstance(one, exp.Expression) else one for one in value])
    return change(node)


def _simpler(node: Tree) -> Tree:
    if isinstance(node, exp.Paren):
        return inside(node)
    if isinstance(node, exp.Cast) and node.to.this in NUMBERS:
        return inside(node)
    if isinstance(node, exp.Not) and isinstance(node.this, exp.Not):
        return inside(node.this)
    if isinstance(node, (exp.And, exp.Or)):
        return joined(type(node), operands(type(node), node))
    if isinstance(node, exp.Mul) and _is(node.expression, 1):
        return inside(node)
    if isinstance(node, exp.Add):
        if _is(node.expression, 0):
            return inside(node)
        if isinstance(node.expression, exp.Neg):
            return exp.Sub(this=node.this, expression=node.expression.this)
    if isinstance(node, exp.Div):  # of numbers with a point: no dialect needs a cast
        return exp.Div(this=node.this, expression=node.expression, typed=True, safe=False)
    if isinstance(node, exp.DPipe):
        return node.this if _is_text(node.expression, "") else node
    if isinstance(node, exp.Substring):
        return exp.Substring(this=node.this, start=simplify(node.args["start"]), length=exp.Literal.number(LONGEST))
    if isinstance(node, exp.Trim):
        return exp.Trim(this=node.this)
    if isinstance(node, exp.GT) and isinstance(node.this, exp.Greatest) and isinstance(node.expression, exp.Least):
        highest, lowest = ([one.this, *one.expressions] for one in (node.this, node.expression))
        if len(highest) == 2 and highest == lowest:  # the greater of two is more than the smaller where they differ
            return exp.NEQ(this=highest[0], expression=highest[1])
    if isinstance(node, exp.Case):
        return _simpler_case(node)
    return node


TABLE_CODE = "context:"  # the labels of columns that hold the code of a row's table begin so
LONGEST = 4000  # letters of a list of parameters or flags


def inside(node: Tree) -> Tree:
    """What a tree of one part holds; of two, the first."""
    found: Tree = node.this
    return found


def _is(node: Tree, number: int) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and float(node.name) == number


def _is_text(node: Tree, text: str) -> bool:
    return isinstance(node, exp.Literal) and node.is_string and node.name == text


def case(ifs: Iterable[tuple[Tree, Tree]], default: Tree | None = None) -> exp.Case:
    return exp.Case(ifs=[exp.If(this=condition, true=value) for condition, value in ifs], default=default)


def cases(node: exp.Case) -> list[tuple[Tree, Tree]]:
    return [(one.this, one.args["true"]) for one in node.args["ifs"]]


def _simpler_case(node: exp.Case) -> Tree:
    ifs, default = cases(node), node.args.get("default")
    # WHEN a THEN 1 ELSE CASE WHEN b THEN 2 END END
    while isinstance(default, exp.Case) and (_chooses_table(cases(default)) or not _chooses_table(ifs)):
        ifs, default = [*ifs, *cases(default)], default.args.get("default")
    if isinstance(default, exp.Null):
        default = None
    (condition, value), *more = ifs
    if not more and isinstance(value, exp.Null) and isinstance(condition, exp.Is) and _looks_at(default, condition.this):
        return default or node  # null for null already
    if not more and default is None and isinstance(condition, exp.Not) and isinstance(condition.this, exp.IsNan) and _looks_at(condition.this, value):
        return value  # what is no number is handled where the table's columns are read
    kept: list[tuple[Tree, Tree]] = []
    for condition, value in ifs:
        if kept and kept[-1][1] == value and isinstance(condition, exp.EQ):
            condition, _ = joined(exp.Or, [kept.pop()[0], condition]), None
        kept.append((condition, value))
    return case(kept, default)


def _looks_at(node: Tree | None, column: Tree) -> bool:
    """Whether a tree is `column IN (...)` or `ISNAN(column)`."""
    return isinstance(node, (exp.In, exp.IsNan)) and bool(node.this == column)


def _chooses_table(ifs: list[tuple[Tree, Tree]]) -> bool:
    """Whether conditions ask which table of a row counts. Then a CASE after ELSE is a table of its own, too, and stays in one piece."""
    return all(column.name.startswith(TABLE_CODE) for condition, _ in ifs for column in condition.find_all(exp.Column))


def _without_common(ifs: list[tuple[Tree, Tree]]) -> list[tuple[Tree, Tree]]:
    """`WHEN NOT r AND a THEN 1 WHEN NOT r AND b THEN 2` as `WHEN r THEN NULL WHEN a THEN 1 WHEN b THEN 2`."""
    parts = [operands(exp.And, condition) for condition, _ in ifs]
    common = parts[0][0]
    if len(ifs) == 1 or not isinstance(common, exp.Not) or any(len(part) < 2 or part[0] != common for part in parts):
        return ifs
    return [(common.this, exp.null()), *((joined(exp.And, part[1:]), value) for part, (_, value) in zip(parts, ifs, strict=True))]


def listed(text: Tree) -> Tree:
    """Results whose conditions all begin with NOT r, for a set that is refused: this condition once, and first."""
    if isinstance(text, exp.Case) and text.args.get("default") is None:
        return case(_without_common(cases(text)))
    if not isinstance(text, exp.Substring):
        return text
    parts = operands(exp.DPipe, text.this)
    found = []
    for part in parts:
        if not isinstance(part, exp.Case) or len(part.args["ifs"]) != 1:
            return text
        condition, value = cases(part)[0]
        found.append((operands(exp.And, condition), value))
    common = found[0][0][0]
    if not isinstance(common, exp.Not) or any(len(conditions) < 2 or conditions[0] != common for conditions, _ in found):
        return text
    empty = exp.Literal.string("")
    inner = [case([(joined(exp.And, conditions[1:]), value)], empty.copy()) for conditions, value in found]
    text.set("this", joined(exp.DPipe, inner))
    return case([(common.this, empty)], text)


def operands(kind: type[Tree], node: Tree) -> list[Tree]:
    """The parts of a chain such as `a AND b AND c`."""
    if isinstance(node, kind):
        return [*operands(kind, node.this), *operands(kind, node.expression)]
    return [node]


def joined(kind: type[Tree], parts: Iterable[Tree]) -> Tree:
    """A chain of parts; each condition once, and `a = 1 OR a = 2` as `a IN (1, 2)`."""
    kept = list(parts)
    if kind is exp.And:
        kept = [one for one in kept if one != exp.true()] or [exp.true()]
    if kind in (exp.And, exp.Or):
        kept = [one for place, one in enumerate(kept) if one not in kept[:place]]
    if kind is exp.Or:
        kept = [one for one in kept if not (isinstance(one, exp.And) and any(part in kept for part in operands(exp.And, one)))]  # a OR a AND b
        kept = _in_lists(kept)
    found = kept[0]
    for part in kept[1:]:
        found = kind(this=found, expression=part)
    return found


def _in_lists(parts: list[Tree]) -> list[Tree]:
    found: list[Tree] = []
    places: dict[str, int] = {}
    for part in parts:
        values = None
        if isinstance(part, exp.EQ) and isinstance(part.this, exp.Column):
            values = [part.expression]
        elif isinstance(part, exp.In) and isinstance(part.this, exp.Column) and part.expressions:
            values = list(part.expressions)
        if values is None:
            found.append(part)
        elif part.this.name in places:
            before = found[places[part.this.name]]
            old = [before.expression] if isinstance(before, exp.EQ) else list(before.expressions)
            found[places[part.this.name]] = exp.In(this=part.this, expressions=[*old, *(one for one in values if one not in old)])
        else:
            places[part.this.name] = len(found)
            found.append(part)
    return found


# How strongly operators bind; a part that binds less is put in parentheses.
_STRENGTH: tuple[tuple[type[Tree], ...], ...] = (
    (exp.Or,),
    (exp.And,),
    (exp.Not,),
    (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In, exp.Like, exp.Glob),
    (exp.DPipe, exp.Concat),
    (exp.Add, exp.Sub),
    (exp.Mul, exp.Div),
    (exp.Neg,),
)


def _strength(node: Tree) -> int:
    return next((place for place, kinds in enumerate(_STRENGTH) if isinstance(node, kinds)), len(_STRENGTH))


def with_parentheses(tree: Tree) -> Tree:
    """The tree with parentheses where the order of its operators needs them."""

    def wrapped(node: Tree) -> Tree:
        own = _strength(node)
        if own < len(_STRENGTH):
            for key in ("this", "expression"):
                part = node.args.get(key)
                if isinstance(part, exp.Expression):
                    weaker = _strength(part) < own or (_strength(part) == own and (key == "expression" or own in (2, 3)))
                    if weaker or (isinstance(part, exp.And) and own == 0):  # AND in OR needs none, but reads better with them
                        node.set(key, exp.Paren(this=part))
        return node

    return _bottom_up(tree.copy(), wrapped)
