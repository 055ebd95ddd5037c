"""Data walks one way: a room imports only from rooms above it."""

import ast
from pathlib import Path

import introspect_bayes

PACKAGE = Path(introspect_bayes.__file__).parent
ROOMS = [
    "constants",
    "errors",
    "places",
    "progress",
    "protocol",
    "store",
    "collect",
    "simulate",
    "study",
    "specs",
    "sampling",
    "choices",
    "regressions",
    "analysis",
    "checks",
    "presentation",
    "joint_model",
    "privileged",
    "scores",
    "designs",
    "calibration",
    "findings",
    "document",
    "cli",
    "__main__",
]
NEVER = {
    "protocol": {"openai", "bambi", "pymc"},
    "store": {"pandas", "openai", "json"},
    "collect": {"pandas", "bambi", "pymc"},
    "simulate": {"bambi", "pymc", "openai", "pandas"},
    "study": {"bambi", "pymc", "openai"},
    "specs": {"bambi", "pymc", "pandas", "preliz"},
    "sampling": {"openai", "matplotlib"},
    "choices": {"openai", "matplotlib"},
    "regressions": {"openai", "matplotlib"},
    "analysis": {"pymc", "bambi", "nutpie", "openai"},
    "checks": {"openai"},
    "presentation": {"pymc", "bambi", "nutpie"},
    "findings": {"pymc", "bambi", "nutpie", "openai"},
    "document": {"pymc", "bambi", "nutpie"},
    "designs": {"pymc", "bambi", "nutpie", "openai"},
    "calibration": {"openai"},
    "cli": {"pymc", "bambi", "nutpie", "numpy"},
}


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write absolute imports"
            found |= {node.module or ""} | {f"{node.module}.{a.name}" for a in node.names}
    return found


def modules() -> list[Path]:
    return [p for p in sorted(PACKAGE.rglob("*.py")) if p != PACKAGE / "__init__.py"]


def test_every_module_lives_in_a_room():
    assert {room_of(path) for path in modules()} == set(ROOMS)


def test_rooms_import_only_from_above():
    for path in modules():
        room = room_of(path)
        for name in imported(path):
            parts = name.split(".")
            if parts[0] == "introspect_bayes" and len(parts) > 1 and parts[1] in ROOMS:
                assert ROOMS.index(parts[1]) <= ROOMS.index(room), f"{path} imports {name}"


def test_rooms_do_not_import_what_they_must_not():
    for path in modules():
        outside = {name.split(".")[0] for name in imported(path)}
        assert not outside & NEVER.get(room_of(path), set()), path


def test_architecture_document_names_every_room():
    text = (PACKAGE.parents[1] / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for room in ROOMS:
        assert f"`{room}" in text, room


BAMBI_DOOR = PACKAGE / "sampling" / "bambi_models.py"
BAMBI_INSIDE = {
    "backend",
    "common_terms",
    "components",
    "constant_components",
    "design_matrix_without_intercept",
    "distributional_components",
    "group_index",
    "group_specific_terms",
    "intercept_term",
    "likelihood",
    "offset_terms",
    "response_component",
}
BAMBI_DIMS = {"__obs__", "__factor_dim"}


def looks_into_bambi(tree: ast.AST) -> list[str]:
    """What of a module only its door to Bambi may hold: imports, attributes, names of dims."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found += [a.name for a in names if a.name.split(".")[0] in {"bambi", "formulae"}]
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in {
                "bambi",
                "formulae",
            }:
                found.append(module)
            case ast.Attribute(attr=attr) if attr in BAMBI_INSIDE:
                found.append(attr)
            case ast.Subscript(value=ast.Attribute(attr="parameters")):
                found.append("parameters[...]")
            case ast.Constant(value=str(text)) if text in BAMBI_DIMS:
                found.append(text)
    return found


def test_bambi_is_looked_into_by_one_module_only():
    for path in modules():
        found = looks_into_bambi(ast.parse(path.read_text(encoding="utf-8")))
        assert path == BAMBI_DOOR or not found, f"{path} looks into Bambi: {found}"


def test_looking_into_bambi_is_noticed():
    for line in (
        "import bambi as bmb",
        "from formulae import model_description",
        "model.backend.model",
        "fit.model.parameters['mu'].common_terms",
        "dim = f'{group}__factor_dim'",
    ):
        assert looks_into_bambi(ast.parse(line)), line
    assert looks_into_bambi(ast.parse(BAMBI_DOOR.read_text(encoding="utf-8")))
