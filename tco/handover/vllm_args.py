"""Arguments of `vllm serve` for a deployment: those of the run, less what only a probe wants, each difference with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tco.handover.flags import Flag, read_flags, written
from tco.handover.records import Difference

_NOT_HERE = "the manifest says where the engine listens"
_SECRET = "a secret is not written into a file; give it by the environment"  # noqa: S105 - a sentence about secrets, not one
_NODES = "the manifest says which machines a replica spans"
_PLACES = "a path of the machine that was measured"

LEFT_OUT = {
    "--model": "the model is the first argument",
    "--served-model-name": "requests name the model by its own id",
    "--skip-tokenizer-init": "the probe sent token ids; users send text",
    "--no-skip-tokenizer-init": "it is so by default",
    "--host": _NOT_HERE,
    "--port": _NOT_HERE,
    "--uds": _NOT_HERE,
    "--root-path": _NOT_HERE,
    "--api-key": _SECRET,
    "--hf-token": _SECRET,
    "--ssl-keyfile": _SECRET,
    "--ssl-certfile": _SECRET,
    "--nnodes": _NODES,
    "--node-rank": _NODES,
    "--master-addr": _NODES,
    "--master-port": _NODES,
    "--headless": _NODES,
}
"""Flags that belong to a probe or to the machine that was measured, and why they are left out."""

_HIDDEN = {"--api-key", "--hf-token"}
_FILES = {"--tokenizer", "--download-dir", "--hf-config-path", "--chat-template", "--config", "--log-config-file"}
_EAGER = "--enforce-eager"
_LENGTH = "--max-model-len"
_LAYOUT = ("--tensor-parallel-size", "--pipeline-parallel-size")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the deployment wants of its engine, beside what was measured.

    Attributes:
        context_tokens: longest request that must fit [tokens].
        tensor_parallel_size: accelerators that share each layer.
        pipeline_parallel_size: stages of layers.
        layout_reason: why these are not the run's, where they are not.
        dtype: of the record; set where the run's arguments do not say.
        quantization: of the record, likewise; None where the checkpoint itself is quantised.
        revision: of the weights.
        sliced: whether the run left layers out by `--hf-overrides`.
        spans_nodes: whether a replica takes several machines.
        costed: flags and values that the option sets by itself.
    """

    context_tokens: int
    tensor_parallel_size: int = 1
    pipeline_parallel_size: int = 1
    layout_reason: str = "the option has other GPUs per replica than the run"
    dtype: str | None = None
    quantization: str | None = None
    revision: str | None = None
    sliced: bool = False
    spans_nodes: bool = False
    costed: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Sheet:
    """The flags as they become, with what was changed."""

    flags: dict[str, Flag]
    differences: list[Difference] = field(default_factory=list)

    def drop(self, name: str, reason: str) -> None:
        flag = self.flags.pop(name)
        shown = "(not shown)" if name in _HIDDEN else flag.value or ""
        self.differences.append(Difference(flag=name, measured=shown, deployed=None, reason=reason))

    def put(self, name: str, value: str, reason: str) -> None:
        before = self.flags.get(name)
        if before is not None and before.value == value:
            return
        self.flags[name] = Flag(name, value)
        measured = None if before is None else before.value or ""
        self.differences.append(Difference(flag=name, measured=measured, deployed=value, reason=reason))


def deployed_arguments(measured: Sequence[str], wanted: Wanted) -> tuple[tuple[str, ...], tuple[Difference, ...]]:
    """Arguments of `vllm serve` but for the model, and every one that is not as it was measured.

    What the run was measured with is kept, `--enforce-eager` and the switch of the prefix cache included: another setting is another speed. A flag that the run
    did not have keeps the engine's default, as it was measured.

    Args:
        measured: the engine's arguments of the run.
        wanted: what the deployment wants.

    >>> kept, changed = deployed_arguments(["--dtype", "bfloat16", "--max-model-len", "128", "--load-format", "dummy"], Wanted(context_tokens=256))
    >>> kept
    ('--dtype', 'bfloat16', '--max-model-len', '256')
    >>> [(one.flag, one.measured, one.deployed) for one in changed]
    [('--load-format', 'dummy', None), ('--max-model-len', '128', '256')]
    """
    flags, strays = read_flags(measured)
    sheet = _Sheet({flag.name: flag for flag in flags})
    for word in strays:
        sheet.differences.append(Difference(flag=word[:80], measured="", deployed=None, reason="not a flag"))
    _leave_out(sheet, wanted)
    _put_layout(sheet, wanted)
    for name, value in wanted.costed:
        sheet.put(name, value, "the option was costed so")
    _put_record(sheet, wanted, known=bool(measured))
    _put_length(sheet, wanted, known=bool(measured))
    return written(sheet.flags.values()), tuple(sheet.differences)


def _leave_out(sheet: _Sheet, wanted: Wanted) -> None:
    for name, flag in list(sheet.flags.items()):
        reason = LEFT_OUT.get(name)
        if name == "--load-format" and flag.value == "dummy":
            reason = "real weights are loaded instead of random ones"
        if name == "--hf-overrides" and wanted.sliced:
            reason = "the run left layers out to be carried to the whole model; the whole model is deployed"
        if name in _FILES and flag.value is not None and flag.value.startswith(("/", ".", "~")):
            reason = _PLACES
        if name == "--distributed-executor-backend" and wanted.spans_nodes:
            reason = "the machines of a replica work together by vLLM's own multiprocessing, which needs no Ray cluster"
        if reason is not None:
            sheet.drop(name, reason)


def _put_layout(sheet: _Sheet, wanted: Wanted) -> None:
    """A size of one is the default, and is written only where the run had another."""
    for name, size in zip(_LAYOUT, (wanted.tensor_parallel_size, wanted.pipeline_parallel_size), strict=True):
        was = sheet.flags.get(name)
        if (was.value if was else "1") != str(size):
            sheet.put(name, str(size), wanted.layout_reason)


def _put_record(sheet: _Sheet, wanted: Wanted, *, known: bool) -> None:
    told = "the run names it apart from its arguments" if known else "the run names it, but no arguments of its engine"
    for name, value in (("--dtype", wanted.dtype), ("--quantization", wanted.quantization)):
        if value is not None and name not in sheet.flags:
            sheet.put(name, value, told)
    if wanted.revision is not None:
        sheet.put("--revision", wanted.revision, "the weights that were measured")


def _put_length(sheet: _Sheet, wanted: Wanted, *, known: bool) -> None:
    """The measured length is kept where the workload fits it."""
    before = sheet.flags.get(_LENGTH)
    length = _whole(before.value) if before is not None else None
    if length is not None and length >= wanted.context_tokens:
        return
    if length is not None:
        reason = (
            "the workload's longest requests do not fit the measured length; the cache holds as many tokens as before"
        )
    elif before is not None:
        reason = "the run's value is not a plain number of tokens"
    elif known:
        reason = "the run left it to the model's own context, whose cache may not fit; the workload needs no more"
    else:
        reason = "the run's own value is not known; the workload needs no more"
    sheet.put(_LENGTH, str(wanted.context_tokens), reason)


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and text.isascii() else None


def is_eager(arguments: Sequence[str]) -> bool:
    """Whether the engine is told to do without CUDA graphs and compilation."""
    return any(flag.name == _EAGER for flag in read_flags(arguments)[0])
