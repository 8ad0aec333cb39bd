"""A causal language model as a reranker: the logit of "yes" less that of "no" after a prompt with the pair.

This is the form of Qwen3-Reranker, and of sentence-transformers' `LogitScore`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sunwi.errors import ModelError
from sunwi.models.batches import length_batches
from sunwi.models.loading import load_weights, read_settings
from sunwi.models.long_texts import text_starts
from sunwi.models.pair_scores import Pairs

if TYPE_CHECKING:
    import torch

YES, NO = "yes", "no"
INSTRUCTION = "Given a web search query, retrieve relevant passages that answer the query"
# Qwen3-Reranker's card; used where the tokeniser's chat template knows no roles "query" and "document".
PROMPT = (
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the "
    'Instruct provided. Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n'
    "<Instruct>: {instruction}\n<Query>: {query}\n<Document>: {document}<|im_end|>\n"
    "<|im_start|>assistant\n<think>\n\n</think>\n\n"
)
_QUERY, _DOCUMENT = "\ue000", "\ue001"  # of Unicode's private use area: no template and no text has them


def is_causal(folder: Path) -> bool:
    """Whether a folder's model is a causal language model."""
    named = read_settings(folder / "config.json", {}).get("architectures") or [""]
    return str(named[0]).endswith("ForCausalLM")


def load_yes_no(folder: Path, tokenizer: Any, dtype: torch.dtype) -> torch.nn.Module:
    """A classifier of one label whose logit is that of "yes" less that of "no".

    Its head is the difference of two rows of the language model's head, so only one number a pair is
    computed, not one for each token of the vocabulary.

    Raises
    ------
    ModelError
        If the tokeniser has no token "yes" or "no", or weights are missing.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

    rows = [tokenizer.get_vocab().get(word) for word in (YES, NO)]
    if None in rows:
        found = f"its tokeniser has no token {YES!r} or no token {NO!r}"
        raise ModelError(
            str(folder), found, "use a reranker of Qwen3-Reranker's form, or a classifier of one label"
        )
    causal = load_weights(AutoModelForCausalLM, folder, dtype=dtype)
    head = causal.get_output_embeddings().weight.detach().float()
    model = load_weights(
        AutoModelForSequenceClassification, folder, fresh=["score."], dtype=dtype, num_labels=1
    )
    with torch.no_grad():
        model.score.weight.copy_((head[rows[0]] - head[rows[1]])[None])
    model.config.pad_token_id = tokenizer.pad_token_id
    return model  # type: ignore[no-any-return]


def prompt_parts(tokenizer: Any) -> tuple[str, str, str]:
    """What stands before the query, between query and passage, and after the passage."""
    template = tokenizer.chat_template or ""
    if "query" in template and "document" in template:
        messages = [{"role": "query", "content": _QUERY}, {"role": "document", "content": _DOCUMENT}]
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    else:
        text = PROMPT.format(instruction=INSTRUCTION, query=_QUERY, document=_DOCUMENT)
    before, _, rest = text.partition(_QUERY)
    between, _, after = rest.partition(_DOCUMENT)
    return before, between, after


def prompt_batches(
    tokenizer: Any, pairs: Pairs, max_length: int, batch_size: int
) -> Iterator[tuple[list[int], tuple[dict[str, list[list[int]]], int]]]:
    """Yield rows and their batch, longest first; of a long pair the passage's end is left out.

    `max_length` counts the pair alone, of which a query takes half at most: the prompt around it is always
    whole, for its end is what is scored.
    """
    before, between, after = prompt_parts(tokenizer)
    around, tail = len(_ids(tokenizer, [before + between])[0]), _ids(tokenizer, [after])[0]
    queries = [query for query, _ in pairs]
    half = max_length // 2
    starts = _ids(tokenizer, text_starts(tokenizer, queries, half)) if pairs else []
    queries = [
        tokenizer.decode(ids[:half]) if len(ids) > half else query
        for ids, query in zip(starts, queries, strict=True)
    ]
    passages = text_starts(tokenizer, [passage for _, passage in pairs], max_length)
    # In one piece: a piece's first token depends on the space before it.
    texts = [f"{before}{query}{between}{passage}" for query, passage in zip(queries, passages, strict=True)]
    room = around + max_length
    limit = room + len(tail)
    whole = _ids(tokenizer, [text + after for text in texts]) if texts else []
    encoded = [
        ids if len(ids) <= limit else [*_ids(tokenizer, [text])[0][:room], *tail]
        for ids, text in zip(whole, texts, strict=True)
    ]
    for rows, size in length_batches([len(ids) for ids in encoded], batch_size, limit):
        yield rows, ({"input_ids": [encoded[row] for row in rows]}, size)


def _ids(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    rows: list[list[int]] = tokenizer(texts, add_special_tokens=False)["input_ids"]
    return rows
