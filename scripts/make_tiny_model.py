"""Makes a folder in Hugging Face form with random weights: a toy that real servers can load, without a download.

    python scripts/make_tiny_model.py OUT [--architecture llama|qwen3] [--layers 2] [--hidden 64]

The tokenizer knows whole words (one id each), so that a prompt of n common words has n tokens; every id has a word, so that every answer has text.
No stop token is set: answers are as long as they may be. Needs torch, transformers and tokenizers, which every engine extra brings.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, pre_tokenizers
from tokenizers.models import WordLevel
from transformers import AutoConfig, AutoModelForCausalLM, GenerationConfig, PreTrainedTokenizerFast

VOCAB_SIZE = 1024
SPECIAL = ("<unk>", "<s>", "</s>")
CHAT_TEMPLATE = "{% for message in messages %}{{ message['role'] }} {{ message['content'] }} {% endfor %}"


def main() -> None:
    """Writes config, weights, tokenizer and generation settings into the folder."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--architecture", choices=["llama", "qwen3"], default="llama")
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    config = AutoConfig.for_model(
        given.architecture,
        vocab_size=VOCAB_SIZE,
        hidden_size=given.hidden,
        intermediate_size=2 * given.hidden,
        num_hidden_layers=given.layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=given.hidden // 4,
        max_position_embeddings=2048,
        bos_token_id=1,
        eos_token_id=None,
        tie_word_embeddings=False,
    )
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.generation_config = GenerationConfig(do_sample=False, bos_token_id=1, eos_token_id=None, pad_token_id=0)
    model.save_pretrained(given.out)
    _tokenizer().save_pretrained(given.out)
    print(json.dumps({"folder": str(given.out), "parameters": sum(p.numel() for p in model.parameters())}))


def _tokenizer() -> PreTrainedTokenizerFast:
    words = [*SPECIAL, *(f"w{number}" for number in range(VOCAB_SIZE - len(SPECIAL)))]
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(words)}, unk_token=SPECIAL[0]))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token=SPECIAL[0],
        bos_token=SPECIAL[1],
        pad_token=SPECIAL[0],
        chat_template=CHAT_TEMPLATE,
    )


if __name__ == "__main__":
    main()
