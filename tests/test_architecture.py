"""Data walks one way: a room imports only from rooms above it."""

import ast
from collections.abc import Collection
from functools import cache
from pathlib import Path

import pytest

import introspect_bayes
from introspect_bayes import features

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
    *(feature.room for feature in features.FEATURES),
    "features",
    "calibration",
    "findings",
    "document",
    "cli",
    "__main__",
]
FEATURES = {feature.room for feature in features.FEATURES}
NEVER = {
    "protocol": {"openai", "bambi", "pymc"},
    "protocol/parse": {"pandas", "openai", "sqlite3"},
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


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(tree_of(path)):
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
        within = path.relative_to(PACKAGE).as_posix()
        for room, never in NEVER.items():
            assert not (within.startswith(f"{room}/") and outside & never), path


def test_features_import_no_other_feature():
    for path in modules():
        room = room_of(path)
        rooms = {name.split(".")[1] for name in imported(path) if name.startswith("introspect_")}
        assert room not in FEATURES or not rooms & (FEATURES - {room}), path


def test_features_are_known_to_their_registry_and_to_those_above():
    assert set(ROOMS) >= FEATURES
    registry = ROOMS.index("features")
    assert all(ROOMS.index(room) < registry for room in FEATURES)


def dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules_imported(path: Path, known: Collection[str]) -> set[str]:
    """Return the modules that a module needs: of "from room import module" not the room itself."""
    found = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and node.module in known:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (names & set(known)) | ({node.module} if names - set(known) else set())
    return found


def circles(graph: dict[str, set[str]]) -> list[str]:
    """Return the modules left over when those that import none of the others are taken away."""
    left = {name: names - {name} for name, names in graph.items()}
    while free := {name for name, names in left.items() if not names & left.keys()}:
        left = {name: names for name, names in left.items() if name not in free}
    return sorted(left)


def test_no_modules_import_each_other_in_a_circle():
    paths = {dotted(path): path for path in PACKAGE.rglob("*.py")}
    graph = {name: modules_imported(path, paths.keys()) for name, path in paths.items()}
    late = {n for n in graph["introspect_bayes"] if n != "introspect_bayes.constants"}
    graph["introspect_bayes"] -= late  # named for type checkers, imported when first used
    assert circles(graph) == []


def test_circles_are_noticed():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["a", "b", "c"]


LINES_OF_A_FILE, LINES_OF_A_FUNCTION = 400, 80
LONGER = {
    # One loop over contexts, compiled by numba, which inlines no smaller ones as fast.
    "joint_density",
}


def too_long(path: Path) -> list[str]:
    """What of a module is too long to be read in one go; a command's options are its signature."""
    count = len(path.read_text(encoding="utf-8").splitlines())
    found = [f"{path}: {count} lines"] if count > LINES_OF_A_FILE else []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LINES_OF_A_FUNCTION and room_of(path) != "cli" and node.name not in LONGER:
                found.append(f"{path}:{node.lineno} {node.name}: {lines} lines")
    return found


def test_files_and_functions_can_be_read_in_one_go():
    assert [line for path in PACKAGE.rglob("*.py") for line in too_long(path)] == []


def test_what_is_too_long_is_noticed(tmp_path):
    body = "    x = 1\n"
    (tmp_path / "long.py").write_text(f"def f():\n{body * 400}", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{__name__}.PACKAGE", tmp_path)
        assert len(too_long(tmp_path / "long.py")) == 2


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
        found = looks_into_bambi(tree_of(path))
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


def test_what_features_register_is_there():
    from introspect_bayes.document.sections import SECTIONS

    sections = []
    for feature in features.FEATURES:
        for name in filter(None, (feature.section, feature.ranks)):
            assert callable(feature.load(name))
        assert bool(feature.family) == bool(feature.ranks)
        sections += [feature.section.rpartition(".")[2]] if feature.section else []
    assert len(set(sections)) == len(sections)
    for name in sections:
        assert "_of_feature" in SECTIONS[name].__qualname__, (
            f"{name} is another section's name, too"
        )
