"""Every compiled kernel with the test that compares it with a slow plain version, found from the source."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

_GENOMICS = Path(__file__).resolve().parent.parent
_PACKAGE = _GENOMICS / "src" / "kitloop_genomics"

_HAPLOID = "test_engine_haploid.py::test_chances_of_alt_equal_the_plain_ones"
_RANKS = "test_engine_haploid.py::test_ranks_equal_the_plain_posterior_at_the_probes"
_BITS = "test_engine_haploid.py::test_bits_come_back_as_they_were_packed"
_FOLDED = "test_engine_folding.py::test_haplotypes_are_folded_as_by_the_plain_version"
_PAIRS = "test_engine_pairs.py::test_drawn_pairs_equal_the_plain_ones_draw_by_draw"
_RUNS = "test_engine_reading.py::test_a_run_of_sites_is_read_as_by_reads_that_may_show_several"
_EXACT = "test_imputation.py::test_the_fast_imputer_equals_the_plain_one"
_TRACTS = "test_ancestry.py::test_tracts_are_those_of_all_paths_gone_through"
_TRIMMED = "test_trimming.py::test_the_kernel_equals_the_plain_version"
_READ = "test_likelihoods.py::test_likelihoods_equal_the_plain_version"

# Kernel, by module and name: the test whose plain version covers it, by itself or through the kernels that call it.
TWINS = {
    "ancestry.kernel.backward": _TRACTS,
    "ancestry.kernel.draw": _TRACTS,
    "ancestry.kernel.forward": _TRACTS,
    "imputation.bits.allele": _BITS,
    "imputation.bits.unpack": _BITS,
    "imputation.codes.codes_of_all": _RANKS,
    "imputation.codes.codes_of_few": _PAIRS,
    "imputation.copying._carry": _HAPLOID,
    "imputation.copying._gather": _HAPLOID,
    "imputation.copying.chance_of_alt": _HAPLOID,
    "imputation.emission.fill_beside": _RUNS,
    "imputation.emission.fill_pairs": _RUNS,
    "imputation.exact_kernel._backward_step": _EXACT,
    "imputation.exact_kernel._forward_step": _EXACT,
    "imputation.exact_kernel.forward_backward": _EXACT,
    "imputation.folding.find_groups": _FOLDED,
    "imputation.folding.number": _FOLDED,
    "imputation.folding.pack_groups": _FOLDED,
    "imputation.linking._edges": "test_kernels.py::test_edges_of_runs_equal_the_plain_ones",
    "imputation.pairs._carry": _PAIRS,
    "imputation.pairs._pick": _PAIRS,
    "imputation.pairs._step_back": _PAIRS,
    "imputation.pairs.draw_pairs": _PAIRS,
    "imputation.pairs.pair_step": _PAIRS,
    "imputation.phasing.phase_heterozygous": "test_kernels.py::test_phase_equals_that_of_the_plain_votes",
    "imputation.ranking._add_product": _RANKS,
    "imputation.ranking._enter": _RANKS,
    "imputation.ranking._step": _RANKS,
    "imputation.ranking._unfold": _RANKS,
    "imputation.ranking.rank": _RANKS,
    "imputation.stepping.product": _HAPLOID,
    "imputation.stepping.step": _HAPLOID,
    "imputation.stepping.weigh": _HAPLOID,
    "intake.trimming._differing": _TRIMMED,
    "intake.trimming._pack": _TRIMMED,
    "intake.trimming.lengths_to_keep": _TRIMMED,
    "likelihoods.kernel._hashed": "test_kernels.py::test_a_name_s_number_is_its_plain_fnv_1a",
    "likelihoods.kernel._int32": _READ,
    "likelihoods.kernel.multiply": _READ,
    "likelihoods.kernel.walk_records": _READ,
    "quality.contamination.log_likelihoods": "test_quality.py::test_the_contamination_likelihood_equals_the_plain_one",
}


def kernels() -> set[str]:
    """Every function of the package that a decorator of `compiled.py` stands on, by module and name."""
    found = set()
    for path in _PACKAGE.rglob("*.py"):
        module = ".".join(path.relative_to(_PACKAGE).with_suffix("").parts)
        found |= {f"{module}.{one.name}" for one in _functions(path) if "compiled" in _decorators(one)}
    return found


def reached(test: str) -> set[str]:
    """The functions and classes of the package, by module and name, that a test (`file.py::name`) may come to.

    Followed through the names that each uses, where its module defines or imports them: what isn't here, the test never calls.
    """
    file, _, name = test.partition("::")
    found: set[str] = set()
    new = {f"{Path(file).stem}:{name}"}
    while new:
        found |= new
        new = {one for each in new for one in _used(each)} - found
    return {one.replace(":", ".") for one in found}


@cache
def _used(node: str) -> frozenset[str]:
    """What a function or class (`module:name`) names that is a function or class of the package or the tests."""
    module, name = node.split(":")
    defined, imported = _module(module)
    names = _names(defined[name]) if name in defined else set()
    known = {one: f"{module}:{one}" for one in defined} | imported
    fixtures = {one: f"conftest:{one}" for one in _module("conftest")[0]} if module.startswith("test_") else {}
    return frozenset((fixtures | known)[one] for one in names if one in known or one in fixtures)


@cache
def _module(name: str) -> tuple[dict[str, ast.AST], dict[str, str]]:
    """The functions and classes of a module, and by the name that it gives them those that it imports."""
    inside = _PACKAGE / f"{name.replace('.', '/')}.py"
    path = inside if inside.exists() else _GENOMICS / "tests" / f"{name}.py"
    if not path.exists():
        return {}, {}
    defined: dict[str, ast.AST] = {}
    imported = {}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.setdefault(node.name, node)
        elif isinstance(node, ast.ImportFrom) and node.module:
            source = node.module.removeprefix("kitloop_genomics.")
            imported |= {alias.asname or alias.name: f"{source}:{alias.name}" for alias in node.names}
    return defined, imported


def _functions(path: Path) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]


def _decorators(function: ast.FunctionDef) -> set[str]:
    """The first words of its decorators' names: `compiled`, `compiled_reordering` and the like are all `compiled`."""
    return {name.split("_")[0] for one in function.decorator_list for name in _names(one)}


def _names(node: ast.AST) -> set[str]:
    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    names |= {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}
    return names | {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}  # fixtures
