"""A tiny real model: a Llama of random weights and a tokenizer of bytes, saved as transformers saves any model.

These tests need torch, which the common environment lacks: `make torch-tests` runs them in one of their own.
"""

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import pytest

collect_ignore_glob = [] if importlib.util.find_spec("torch") else ["test_*.py"]

TEMPLATE = (
    "{% for message in messages %}<{{ message['role'] }}>{{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    transformers: Any = importlib.import_module("transformers")  # its types are those of some versions alone
    path = tmp_path_factory.mktemp("tiny")
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    known = {"<s>": 0, "</s>": 1, **{letter: number for number, letter in enumerate(letters, start=2)}}
    inner: Any = Tokenizer(models.BPE(vocab=known, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    ends = {"bos_token": "<s>", "eos_token": "</s>"}
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=inner, **ends)
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(path)
    torch.manual_seed(1)
    config = transformers.LlamaConfig(
        vocab_size=len(known),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        initializer_range=0.6,  # wide, so that answers differ from prompt to prompt
        bos_token_id=0,
        eos_token_id=1,
    )
    model = transformers.LlamaForCausalLM(config)
    model.generation_config.repetition_penalty = 1.7  # what authors prefer must not change what the study asks for
    model.generation_config.do_sample = True
    model.generation_config.top_k = 3
    model.save_pretrained(path)
    return path
