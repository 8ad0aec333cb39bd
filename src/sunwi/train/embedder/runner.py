"""FlagEmbedding's runner and trainer over prepared groups: one code path for its three kinds of models.

Import this module where training starts: it loads FlagEmbedding and torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from FlagEmbedding.abc.finetune.embedder import (
    AbsEmbedderDataArguments,
    AbsEmbedderRunner,
    AbsEmbedderTrainer,
)
from FlagEmbedding.finetune.embedder.decoder_only.base.arguments import DecoderOnlyEmbedderModelArguments
from FlagEmbedding.finetune.embedder.decoder_only.base.load_model import get_model
from FlagEmbedding.finetune.embedder.encoder_only.m3 import EncoderOnlyEmbedderM3Runner
from safetensors.torch import load_file, save_file
from torch.utils.data import Dataset, SequentialSampler

from sunwi.models.encoder_weights import load_encoder
from sunwi.models.loading import load_tokenizer
from sunwi.models.projection import layers_of
from sunwi.models.spec import ModelInfo
from sunwi.params.train_embedder import TrainEmbedderParams
from sunwi.progress import trainer_progress
from sunwi.train.embedder.collator import GroupCollator
from sunwi.train.embedder.dev_evaluation import CHOSEN_BY
from sunwi.train.embedder.groups import Group
from sunwi.train.embedder.guide import Guide
from sunwi.train.embedder.models import DecoderModel, DenseModel, M3Model
from sunwi.train.shared.early_stopping import is_exhausted
from sunwi.train.shared.frozen_layers import FrozenOutputs, can_reuse, reuse_frozen_layers
from sunwi.train.shared.layer_rates import freeze, parameter_groups, without_attention_dropout

Evaluate = Callable[[torch.nn.Module, Any], dict[str, float]]
WEIGHTS = "trained.safetensors"
MODELS = {"dense": DenseModel, "m3": M3Model, "decoder": DecoderModel}


class Groups(Dataset[Group]):
    """Groups in training order."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self.groups = groups

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, position: int) -> Group:
        return self.groups[position]


class GroupTrainer(AbsEmbedderTrainer):  # type: ignore[misc]
    """Rows in their order, layer-wise rates, dev figures, and checkpoints of trained weights only.

    Frozen weights are the base's, so a checkpoint without them is complete; one mechanism serves LoRA, M3's
    heads and plain encoders, of which transformers can resume only the last.
    """

    optimizer: Any
    control: Any

    def __init__(self, *, params: TrainEmbedderParams, evaluate: Evaluate | None, **options: Any) -> None:
        self.layer_decay, self.patience = params.layer_decay, params.patience
        self.dev_figures = evaluate
        super().__init__(**options)

    def _get_train_sampler(self, *_: Any) -> SequentialSampler:
        """A shuffle would put questions about the same passage in one batch."""
        return SequentialSampler(self.train_dataset)

    def create_optimizer(self, model: Any = None) -> Any:
        """AdamW, its rate falling with the depth if `layer_decay` is below 1."""
        if self.optimizer is None and self.layer_decay < 1.0:
            kind, options = self.get_optimizer_cls_and_kwargs(self.args, self.model)
            self.optimizer = kind(
                parameter_groups(self.model, self.args.learning_rate, self.layer_decay), **options
            )
        return super().create_optimizer(model)

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Dev figures, logged so that they come back with a resumed run; without a better one training stops.

        transformers' EarlyStoppingCallback counts anew in a resumed run, which would train for longer.
        """
        assert self.dev_figures is not None  # eval_strategy is "no" without it
        figures = {
            f"eval_{name}": value for name, value in self.dev_figures(self.model.model, self.tokens).items()
        }
        self.log(figures)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, figures)
        key = f"eval_{CHOSEN_BY}"
        values = [row[key] for row in self.state.log_history if key in row]
        if self.patience and is_exhausted(values, self.patience):
            self.control.should_training_stop = True
        return figures

    @property
    def tokens(self) -> Any:
        """The tokeniser."""
        return self.processing_class

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:  # noqa: ARG002
        folder = Path(output_dir or self.args.output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        trained = {name: value.detach().cpu().contiguous() for name, value in self._trained().items()}
        save_file(trained, folder / WEIGHTS)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:  # noqa: ARG002
        saved = load_file(Path(resume_from_checkpoint) / WEIGHTS)
        with torch.no_grad():
            for name, parameter in self._trained().items():
                parameter.copy_(saved[name])

    def _load_best_model(self) -> None:
        best = Path(
            self.state.best_model_checkpoint
        ).name  # the cache folder may have moved since it was written
        self._load_from_checkpoint(str(Path(self.args.output_dir) / best))

    def _trained(self) -> dict[str, torch.nn.Parameter]:
        return {name: value for name, value in self.model.named_parameters() if value.requires_grad}


class GroupRunner(AbsEmbedderRunner):  # type: ignore[misc]
    """FlagEmbedding's runner with its loading replaced; losses and the training loop stay its own."""

    def __init__(
        self,
        info: ModelInfo,
        groups: Sequence[Group],
        params: TrainEmbedderParams,
        training_args: Any,
        guide: Guide | None,
        evaluate: Evaluate | None,
        frozen: FrozenOutputs | None = None,
    ) -> None:
        self.info, self.groups, self.params = info, groups, params
        self.guide, self.evaluate = guide, evaluate
        self.frozen = frozen or FrozenOutputs()
        super().__init__(None, AbsEmbedderDataArguments(train_data=[]), training_args)

    def load_tokenizer_and_model(self) -> tuple[Any, Any]:
        """Weights in float32: transformers keeps a half-precision checkpoint's type, which cannot train."""
        tokenizer = load_tokenizer(self.info.folder)
        args = self.training_args
        m3 = {}
        if self.params.method == "m3":
            base = EncoderOnlyEmbedderM3Runner.get_model(
                str(self.info.folder), trust_remote_code=False, torch_dtype=torch.float32
            )
            encoder = base["model"]
            m3 = {"unified_finetuning": args.unified_finetuning, "use_self_distill": args.use_self_distill}
        elif self.params.method == "decoder":
            base = encoder = get_model(
                self._decoder_arguments(), args.output_dir, False, len(tokenizer)
            ).float()
        else:
            base = encoder = load_encoder(self.info.folder, torch.float32)
        freeze(encoder, self.params.freeze_word_embeddings, self.params.freeze_layers)
        without_attention_dropout(encoder)
        plain = args.use_cpu and not (args.bf16 or args.fp16 or args.gradient_checkpointing)
        if self.params.freeze_layers and plain and can_reuse(encoder):
            reuse_frozen_layers(encoder, self.params.freeze_layers, self.frozen)
        model: Any = MODELS[self.params.method](
            base,
            tokenizer=tokenizer,
            negatives_cross_device=args.negatives_cross_device,
            temperature=args.temperature,
            kd_loss_type=args.kd_loss_type,
            use_mrl=args.use_mrl,
            mrl_dims=args.mrl_dims,
            sentence_pooling_method=args.sentence_pooling_method,
            normalize_embeddings=args.normalize_embeddings,
            **m3,
        )
        model.dense_layers = layers_of(self.info)
        model.hardness_mode = self.params.hardness_mode
        model.hardness_strength = self.params.hardness_strength
        if self.params.method == "m3":
            model.choose(self.params.heads)
        model.by_ranks = self.params.distill_loss == "adr_mse"
        if args.gradient_checkpointing:
            model.enable_input_require_grads()
        return tokenizer, model

    def _decoder_arguments(self) -> DecoderOnlyEmbedderModelArguments:
        return DecoderOnlyEmbedderModelArguments(
            model_name_or_path=str(self.info.folder),
            trust_remote_code=False,
            lora_rank=self.params.lora_r,
            lora_alpha=self.params.lora_alpha,
            lora_dropout=self.params.lora_dropout,
            target_modules=list(self.params.lora_target_modules),
        )

    def load_train_dataset(self) -> Groups:
        """The prepared groups."""
        return Groups(self.groups)

    def load_data_collator(self) -> GroupCollator:
        """The collator of groups."""
        return GroupCollator(self.tokenizer, self.info, self.params, self.guide)

    def load_trainer(self) -> GroupTrainer:
        """The trainer, its dev figures in place of an evaluation set."""
        trainer = GroupTrainer(
            params=self.params,
            evaluate=self.evaluate,
            model=self.model,
            args=self.training_args,
            train_dataset=self.train_dataset,
            eval_dataset=[] if self.evaluate else None,
            data_collator=self.data_collator,
            processing_class=self.tokenizer,
        )
        trainer_progress(trainer, "training steps")
        return trainer
