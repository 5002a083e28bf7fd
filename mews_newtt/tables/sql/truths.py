"""True and false as 1 and 0: SQL Server has no columns of true and false, so no dialect gets any, and all statements read alike."""

from __future__ import annotations

from collections.abc import Container

from sqlglot import exp

from mews_newtt.tables.sql.tree import Tree, case, cases, inside, joined, operands

_CONDITIONS = (exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In, exp.RegexpLike, exp.Boolean)
_OPPOSITES: dict[type[Tree], type[Tree]] = {
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
    exp.GT: exp.LTE,
    exp.GTE: exp.LT,
    exp.LT: exp.GTE,
    exp.LTE: exp.GT,
}
ONE, ZERO = exp.Literal.number(1), exp.Literal.number(0)


class Truths:
    """Turns trees with columns of true and false into trees with columns of 1 and 0. `names` are those columns."""

    def __init__(self, names: Container[str]):
        self.names = names

    def is_truth(self, node: Tree) -> bool:
        """Whether a tree is true or false."""
        if isinstance(node, exp.Column):
            return node.name in self.names
        if isinstance(node, exp.Case):
            results = [value for _, value in cases(node)]
            results += [node.args["default"]] if node.args.get("default") is not None else []
            return any(self.is_truth(one) for one in results)
        if isinstance(node, exp.Coalesce):
            return any(isinstance(one, exp.Boolean) for one in node.expressions)
        return isinstance(node, _CONDITIONS)

    def value(self, node: Tree) -> Tree:
        """A tree that can be a column: 1 or 0 in place of true and false. What is neither true nor false is 0, as WHEN reads it."""
        if isinstance(node, exp.Boolean):
            return (ONE if node.this else ZERO).copy()
        if isinstance(node, exp.Case):
            default = node.args.get("default")
            truth = self.is_truth(node)
            if truth and default is None:
                default = exp.false()
            ifs = [(self.condition(condition), self.value(value)) for condition, value in cases(node)]
            found = case(ifs, None if default is None else self.value(default))
            ranges = ranges_of(found) if truth else None
            return case([(ranges, ONE.copy())], ZERO.copy()) if ranges is not None else found
        if self.is_truth(node) and not isinstance(node, exp.Column):
            return case([(self.condition(node), ONE.copy())], ZERO.copy())
        return self._inside(node)

    def condition(self, node: Tree) -> Tree:
        """A tree that can follow WHEN."""
        if isinstance(node, (exp.And, exp.Or)):
            return joined(type(node), [self.condition(one) for one in operands(type(node), node)])
        if isinstance(node, exp.Not):
            return self._not(node.this)
        if isinstance(node, exp.Coalesce) and self.is_truth(node):
            return self.condition(node.this)  # after WHEN, null is no better than false
        if isinstance(node, exp.Boolean):
            return exp.EQ(this=ONE.copy(), expression=(ONE if node.this else ZERO).copy())
        if isinstance(node, (exp.Column, exp.Case)) and self.is_truth(node):
            return exp.EQ(this=self.value(node), expression=ONE.copy())
        return self._inside(node)

    def _not(self, node: Tree) -> Tree:
        if isinstance(node, exp.Column) and self.is_truth(node):
            return exp.EQ(this=node, expression=ZERO.copy())
        if isinstance(node, (exp.Case, exp.Coalesce)) and self.is_truth(node):
            value = self.value(node) if isinstance(node, exp.Case) else case([(self.condition(node.this), ONE.copy())], ZERO.copy())
            return exp.EQ(this=value, expression=ZERO.copy())
        if isinstance(node, (exp.And, exp.Or)):
            other = exp.Or if isinstance(node, exp.And) else exp.And
            return joined(other, [self._not(one) for one in operands(type(node), node)])
        if isinstance(node, exp.Not):
            return self.condition(node.this)
        opposite = _OPPOSITES.get(type(node))
        if opposite is not None:
            return opposite(**self._inside(node).args)
        return exp.Not(this=self.condition(node))

    def _inside(self, node: Tree) -> Tree:
        for key, value in list(node.args.items()):
            if isinstance(value, exp.Expression):
                node.set(key, self.value(value))
            elif isinstance(value, list):
                node.set(key, [self.value(one) if isinstance(one, exp.Expression) else one for one in value])
        return node


def condition_of(tree: Tree) -> Tree | None:
    """The condition of `CASE WHEN condition THEN 1 ELSE 0 END`; None for every other tree."""
    if isinstance(tree, exp.Case) and len(tree.args["ifs"]) == 1:
        condition, value = cases(tree)[0]
        if value == ONE and tree.args.get("default") == ZERO:
            return condition
    return None


def is_never_null(tree: Tree, never_null: Container[str]) -> bool:
    """Whether a tree has a value in every row, where the columns `never_null` have."""
    if isinstance(tree, exp.Case):
        default = tree.args.get("default")
        return default is not None and all(is_never_null(one, never_null) for one in (default, *(value for _, value in cases(tree))))
    if isinstance(tree, exp.Column):
        return tree.name in never_null
    if isinstance(tree, (exp.Is, exp.Literal)):
        return True
    kinds = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.And, exp.Or, exp.Add, exp.Sub, exp.Mul, exp.Not)
    return isinstance(tree, kinds) and all(is_never_null(one, never_null) for one in tree.iter_expressions())


def without_detours(tree: Tree, never_null: Container[str]) -> Tree:
    """`CASE WHEN a THEN 1 ELSE 0 END = 1` as `a`, and `... = 0` as NOT a where `a` is never null."""

    def shorter(node: Tree) -> Tree:
        if isinstance(node, exp.EQ) and node.expression in (ONE, ZERO):
            condition = condition_of(node.this)
            if condition is not None and node.expression == ONE:
                return condition
            if condition is not None and is_never_null(condition, never_null):
                return negated(condition)
        return node

    return tree.transform(shorter, copy=False)


def negated(condition: Tree) -> Tree:
    """The opposite of a condition that is never null."""
    if isinstance(condition, exp.Not):
        return inside(condition)
    opposite = _OPPOSITES.get(type(condition))
    return opposite(**condition.args) if opposite is not None else exp.Not(this=condition)


def ranges_of(tree: exp.Case) -> Tree | None:
    """`CASE WHEN x >= 25 THEN 0 WHEN x > 24 THEN 1 ELSE 0 END` as `x > 24 AND x < 25`: where a number is in one of some ranges.

    None for every other tree. A number that is null is in no range, or its own case.
    """
    ifs, default = cases(tree), tree.args.get("default")
    if not all(value in (ONE, ZERO) for value in (default, *(value for _, value in ifs))):
        return None
    parts: list[Tree] = []
    first = ifs[0][0]
    if isinstance(first, exp.Is) and isinstance(first.this, exp.Column):
        if ifs[0][1] == ONE:
            parts.append(first)
        ifs = ifs[1:]
    elif default == ONE:
        return None  # null would be true
    columns = {condition.this.name for condition, _ in ifs if isinstance(condition, (exp.GT, exp.GTE)) and isinstance(condition.this, exp.Column)}
    if not ifs or len(columns) != 1 or not all(isinstance(condition, (exp.GT, exp.GTE)) for condition, _ in ifs):
        return None
    if isinstance(first, exp.Is) and first.this.name not in columns:
        return None
    numbers = [number for condition, _ in ifs if (number := _number(condition.expression)) is not None]
    if len(numbers) < len(ifs) or sorted(numbers, reverse=True) != numbers:
        return None
    runs: list[tuple[Tree | None, Tree | None]] = []  # the condition above each range, and the one at its beginning
    above: Tree | None = None
    for condition, value in [*ifs, (None, default)]:
        if value == ONE:
            if runs and runs[-1][1] is above and above is not None:
                runs[-1] = runs[-1][0], condition
            else:
                runs.append((above, condition))
        above = condition
    for upper, lower in reversed(runs):
        sides = [*([lower.copy()] if lower is not None else []), *([_OPPOSITES[type(upper)](**upper.copy().args)] if upper is not None else [])]
        if not sides:
            return None
        parts.append(joined(exp.And, sides))
    return joined(exp.Or, parts) if parts else None


def _number(node: Tree) -> float | None:
    if isinstance(node, exp.Neg):
        inside = _number(node.this)
        return None if inside is None else -inside
    return float(node.name) if isinstance(node, exp.Literal) and not node.is_string else None
