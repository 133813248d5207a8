"""Makes a GGUF file with random weights: a toy that llama.cpp and what builds on it can load, without a download.

    python scripts/make_gguf.py OUT.gguf [--layers 2] [--hidden 64]

The probe's own prompt words are one token each. Bytes and control tokens are known too, but their rows of the output matrix are zero: at temperature 0 they
are never chosen, so that every token of an answer is a word and no answer stops early. Needs the packages gguf and numpy.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import gguf
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from probes.workload.prompts import WORDS

SPACE = "▁"
HEADS, KV_HEADS = 4, 2
CHAT_TEMPLATE = "{% for message in messages %}{{ message['content'] }} {% endfor %}"


def main() -> None:
    """Writes the file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--context", type=int, default=2048)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    tokens, scores, kinds = _vocabulary()
    writer = gguf.GGUFWriter(given.out, "llama")
    writer.add_name("random toy")
    writer.add_context_length(given.context)
    writer.add_block_count(given.layers)
    writer.add_embedding_length(given.hidden)
    writer.add_feed_forward_length(2 * given.hidden)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_dimension_count(given.hidden // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)
    for name, values in _tensors(np.random.default_rng(given.seed), given.layers, given.hidden, kinds).items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    print(f"{given.out}: {len(tokens)} tokens, {given.out.stat().st_size} bytes")


def _vocabulary() -> tuple[list[str], list[float], list[int]]:
    """Control tokens, bytes, and every beginning of every word: SentencePiece reaches a word by lengthening its beginning letter by letter."""
    control = [("<unk>", gguf.TokenType.UNKNOWN), ("<s>", gguf.TokenType.CONTROL), ("</s>", gguf.TokenType.CONTROL)]
    of_bytes = [(f"<0x{value:02X}>", gguf.TokenType.BYTE) for value in range(256)]
    pieces = {SPACE + word[:length] for word in WORDS for length in range(len(word) + 1)} | {
        letter for word in WORDS for letter in word
    }
    normal = [(piece, gguf.TokenType.NORMAL) for piece in sorted(pieces, key=lambda piece: (-len(piece), piece))]
    listed = [*control, *of_bytes, *normal]
    # A longer beginning always wins over a shorter one.
    scores = [0.0] * (len(control) + len(of_bytes)) + [float(len(piece)) for piece, _ in normal]
    return [piece for piece, _ in listed], scores, [int(kind) for _, kind in listed]


def _tensors(rng: np.random.Generator, layers: int, hidden: int, kinds: list[int]) -> dict[str, np.ndarray]:
    def random(rows: int, columns: int) -> np.ndarray:
        return rng.normal(0.0, columns**-0.5, size=(rows, columns)).astype(np.float32)

    kv_size = hidden // HEADS * KV_HEADS
    output = random(len(kinds), hidden)
    output[np.array(kinds) != gguf.TokenType.NORMAL] = 0.0
    tensors = {
        "token_embd.weight": random(len(kinds), hidden),
        "output_norm.weight": np.ones(hidden, np.float32),
        "output.weight": output,
    }
    for layer in range(layers):
        shapes = {
            "attn_q": (hidden, hidden),
            "attn_k": (kv_size, hidden),
            "attn_v": (kv_size, hidden),
            "attn_output": (hidden, hidden),
            "ffn_gate": (2 * hidden, hidden),
            "ffn_up": (2 * hidden, hidden),
            "ffn_down": (hidden, 2 * hidden),
        }
        tensors |= {f"blk.{layer}.{name}.weight": random(*shape) for name, shape in shapes.items()}
        tensors |= {f"blk.{layer}.{name}.weight": np.ones(hidden, np.float32) for name in ("attn_norm", "ffn_norm")}
    return tensors


if __name__ == "__main__":
    main()
