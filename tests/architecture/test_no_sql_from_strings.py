"""SECURITY 1.2.4: row-level security stops our bugs, not SQL injection, so no statement is put together as text.

A statement is a literal, a constant of its module made of literals, or composed by psycopg2.sql.
"""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.trees import modules

RUNS = {"execute", "executemany", "raw", "RawSQL", "mogrify", "copy_expert", "RunSQL"}
FORBIDDEN = {"extra"}  # QuerySet.extra takes pieces of SQL
# Statements whose only variable parts are words of our own, at a time when nobody is served.
ALLOWED = {
    "prm/embedded/roles.py": "the verb and the attributes of CREATE ROLE, which are words of its own constants",
}


def complaints(path: str, tree: ast.Module) -> Iterator[str]:
    """One line for each statement that is text put together."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = called(node)
        if name in FORBIDDEN and isinstance(node.func, ast.Attribute):
            yield f"{path}:{node.lineno}: {name}()"
        if name in RUNS and is_built(statement_of(node), tree):
            yield f"{path}:{node.lineno}: {name}() of text put together"
        if name == "SQL" and is_built(statement_of(node), tree):
            yield f"{path}:{node.lineno}: SQL() of text put together escapes nothing"


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def statement_of(node: ast.Call) -> ast.expr | None:
    named = next((word.value for word in node.keywords if word.arg in ("sql", "query", "statement")), None)
    return node.args[0] if node.args else named


def is_built(statement: ast.expr | None, tree: ast.Module, seen: frozenset[str] = frozenset()) -> bool:
    """Whether an expression makes text out of parts that are not literals."""
    match statement:
        case ast.JoinedStr():
            return True
        case ast.BinOp(op=ast.Add() | ast.Mod()):
            return not is_literal(statement)
        case ast.Call(func=ast.Attribute(attr="format" | "join" | "replace" | "format_map", value=of)):
            return not is_composed(of)
        case ast.IfExp():
            return is_built(statement.body, tree, seen) or is_built(statement.orelse, tree, seen)
        case ast.Name() if statement.id not in seen:
            given = assigned(statement.id, tree)
            return any(is_built(value, tree, seen | {statement.id}) for value in given)
    return False


def is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add) and is_literal(node.left) and is_literal(node.right)
    return isinstance(node, ast.Constant)


def is_composed(node: ast.expr) -> bool:
    """`SQL("…").format(…)`, or the same through a name that holds such a template."""
    if isinstance(node, ast.Call):
        return called(node) == "SQL"
    return not isinstance(node, (ast.Constant, ast.JoinedStr))


def assigned(name: str, tree: ast.Module) -> Iterator[ast.expr]:
    """Every value that a name is given anywhere in the module."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                yield node.value


class TestNoSqlFromStrings:
    def test_1_2_4_no_statement_is_put_together_as_text(self) -> None:
        found = [line for path, tree in modules().items() if path not in ALLOWED for line in complaints(path, tree)]
        assert found == []

    def test_what_is_allowed_still_needs_it(self) -> None:
        assert [path for path in ALLOWED if not list(complaints(path, modules()[path]))] == []

    @pytest.mark.parametrize(
        "code",
        [
            "cursor.execute(f'SELECT {x}')",
            "cursor.execute('SELECT %s' % x)",
            "cursor.execute('SELECT ' + x)",
            "cursor.execute('SELECT {}'.format(x))",
            "cursor.execute(', '.join(x))",
            "sql = f'SELECT {x}'\ncursor.execute(sql)",
            "Deal.objects.raw(f'SELECT {x}')",
            "RawSQL('a ' + x, [])",
            "Deal.objects.extra(where=['1=1'])",
            "cursor.execute(SQL(f'SELECT {x}'))\nSQL(f'SELECT {x}')",
            "cursor.execute('a' if x else f'{x}')",
        ],
    )
    def test_1_2_4_it_is_found(self, code: str) -> None:
        assert list(complaints("x.py", ast.parse(code)))

    @pytest.mark.parametrize(
        "code",
        [
            "cursor.execute('SELECT %s', [x])",
            "cursor.execute('SELECT ' 'one')",
            "_ONE = 'SELECT 1'\ncursor.execute(_ONE)",
            "cursor.execute(SQL('DROP {}').format(Identifier(x)))",
            "intent.execute()",
        ],
    )
    def test_what_is_bound_or_composed_passes(self, code: str) -> None:
        assert not list(complaints("x.py", ast.parse(code)))
