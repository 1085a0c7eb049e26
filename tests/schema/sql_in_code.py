"""Finds the SQL of the service: upper-case constants of its modules, and which Struct takes their rows."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from msgspec import Struct

import service
from service.db import Insert

STATEMENT = re.compile(r"\s*(--[^\n]*\n\s*)*(select|insert|update|delete|with|merge)\b", re.IGNORECASE)


class Query(Struct, frozen=True):
    """A constant with SQL; `where` is `service.aanbod.plekken.PAGE`."""

    where: str
    sql: str

    @property
    def module(self) -> str:
        return self.where.split(":")[0].rpartition(".")[0]


def modules() -> Iterator[ModuleType]:
    for info in pkgutil.walk_packages(service.__path__, "service."):
        # The guard is a script of its own.
        if info.name != "service.embedded.guard":
            yield importlib.import_module(info.name)


def tree(module: ModuleType) -> ast.Module:
    assert module.__file__ is not None
    return ast.parse(Path(module.__file__).read_text(encoding="utf-8"))


def own_constants(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Upper-case names that the module itself assigns, not those that it imports."""
    for node in tree(module).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            if isinstance(target, ast.Name) and target.id.strip("_").isupper() and hasattr(module, target.id):
                yield target.id, getattr(module, target.id)


def queries() -> list[Query]:
    found = []
    for module in modules():
        for name, value in own_constants(module):
            values = {f"[{key}]": part for key, part in value.items()} if isinstance(value, dict) else {"": value}
            for key, part in values.items():
                text = part.statement if isinstance(part, Insert) else part
                if isinstance(text, str) and STATEMENT.match(text):
                    found.append(Query(f"{module.__name__}.{name}{key}", text))
    return found


class Pair(Struct, frozen=True):
    """Rows of `query` become `shape` in `where`."""

    where: str
    query: str
    shape: type[Struct]


def pairs() -> list[Pair]:
    """Of rows_as(await conn.fetch(SQL), Shape), and of convert(row, Shape) after row = await conn.fetchrow(SQL)."""
    found = []
    for module in modules():
        for function in ast.walk(tree(module)):
            if not isinstance(function, ast.AsyncFunctionDef):
                continue
            fetched: dict[str, list[str]] = {}
            for node in ast.walk(function):
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    fetched.setdefault(node.targets[0].id, []).extend(constants_fetched(node.value))
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and called(node) in ("rows_as", "convert") and len(node.args) == 2:
                    rows, shape = node.args
                    names = fetched.get(rows.id, []) if isinstance(rows, ast.Name) else constants_fetched(rows)
                    struct = getattr(module, shape.id, None) if isinstance(shape, ast.Name) else None
                    if struct is not None:
                        found.extend(
                            Pair(f"{module.__name__}.{function.name}", getattr(module, name), struct) for name in names
                        )
    return found


def statements_built_in_functions() -> list[str]:
    """`module.function` of each call that hands the database an f-string, a sum or a formatted text."""
    found = []
    for module in modules():
        for function in ast.walk(tree(module)):
            if isinstance(function, ast.AsyncFunctionDef):
                for call in ast.walk(function):
                    if not (isinstance(call, ast.Call) and called(call) in TO_THE_DATABASE and call.args):
                        continue
                    if isinstance(call.args[0], ast.JoinedStr | ast.BinOp | ast.Call):
                        found.append(f"{module.__name__}.{function.name}")
    return found


TO_THE_DATABASE = {"execute", "executemany", "fetch", "fetchrow", "fetchval", "prepare", "cursor"}


def called(call: ast.Call) -> str:
    return (
        call.func.attr
        if isinstance(call.func, ast.Attribute)
        else call.func.id
        if isinstance(call.func, ast.Name)
        else ""
    )


def constants_fetched(value: ast.AST) -> list[str]:
    """[PAGE] of `await conn.fetch(PAGE, …)`; both of `await conn.fetchrow(LOCK if lock else GET, …)`."""
    call = value.value if isinstance(value, ast.Await) else value
    if not (isinstance(call, ast.Call) and called(call) in ("fetch", "fetchrow") and call.args):
        return []
    sql = call.args[0]
    parts = [sql.body, sql.orelse] if isinstance(sql, ast.IfExp) else [sql]
    return [part.id for part in parts if isinstance(part, ast.Name) and part.id.isupper()]
