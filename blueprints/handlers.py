"""Handlers: where a function begins, and whether its folder has that. Reads files, runs none."""

import ast
from pathlib import Path

NODE = (".js", ".mjs", ".cjs")


def handler_problem(folder: Path, handler: str, runtime: str) -> tuple[str, str] | None:
    """Why a handler can't be right for the files of a folder, and the way out; None where nothing can be said."""
    module, dot, function = handler.rpartition(".")
    if runtime.startswith(("python", "nodejs", "ruby")) and not (dot and module and function):
        return f"{handler!r} isn't a handler of {runtime}", "Write the file and the function: app.handler, say"
    if runtime.startswith("python"):
        return _python_problem(folder, module, function)
    if runtime.startswith("nodejs"):
        path = folder / module
        if not any(path.with_name(path.name + ending).is_file() for ending in NODE):
            return f"{folder} has no file {module}.js, .mjs or .cjs", "Name the file and the function: index.handler"
    return None


def _python_problem(folder: Path, module: str, function: str) -> tuple[str, str] | None:
    place = module.replace(".", "/")
    file = next((path for path in (folder / f"{place}.py", folder / place / "__init__.py") if path.is_file()), None)
    if file is None:
        return f"{folder} has no file {place}.py", "Name the module and the function: app.handler for app.py"
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError) as error:
        return f"{file} isn't Python: {error}", "Mend it"
    names = set(_names(tree))
    if function in names or "*" in names:
        return None
    return f"{file} has no function {function}", f"There are: {', '.join(sorted(names)) or 'none'}"


def _names(tree: ast.Module) -> list[str]:
    """What a module has at its top level, within conditions too; `*` where it takes in another one's names."""
    names: list[str] = []
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.append(node.name)
            case ast.Assign():
                names += [target.id for target in node.targets if isinstance(target, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.append(name)
            case ast.Import() | ast.ImportFrom():
                names += [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    return names
