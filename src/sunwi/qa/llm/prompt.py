"""The request for one passage: Korean prompt files, styles drawn by share, a window of the passage."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sunwi.corpus.chunking import leading_text
from sunwi.llm.prompting import read_prompt
from sunwi.llm.request import LlmRequest, Message
from sunwi.records.corpus import Document
from sunwi.resources import resource_folder
from sunwi.runtime import text_hash

PROMPTS = resource_folder("sunwi.qa.prompts")
TASK = "questions"  # for training, and first in the index
INDEX_TASK = "index_questions"  # for the index alone: other wordings
STYLES = ("colloquial", "factual", "keyword", "scenario", "why_how")


@dataclass(frozen=True, slots=True)
class Prompt:
    """The prompt files' texts of a task; `fingerprint` names their version in every record."""

    system: str
    questions: str
    styles: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        """12 hex digits of the texts' hash."""
        return text_hash(self.system, self.questions, *(self.styles[name] for name in STYLES))[:12]


@cache
def load_prompt(task: str = TASK) -> Prompt:
    """The prompt files of the package for one task."""
    styles = {name: read_prompt(PROMPTS.joinpath("styles"), name) for name in STYLES}
    return Prompt(read_prompt(PROMPTS, "system"), read_prompt(PROMPTS, task), styles)


def request_for(
    document: Document,
    count: int,
    shares: Mapping[str, float],
    context_chars: int,
    seed: int,
    task: str = TASK,
) -> LlmRequest:
    """The request for `count` questions; it depends on the document, the settings and the seed alone.

    So an edited document asks for itself alone, and a reordered corpus for nothing.
    """
    prompt = load_prompt(task)
    styles = draw_styles(document.docid, count, shares, seed)
    passage = context(document, context_chars).replace(
        "</글>", "<\\/글>"
    )  # the passage cannot close its frame
    text = prompt.questions.format(
        count=count,
        styles="\n".join(f"{number}. {name}: {prompt.styles[name]}" for number, name in enumerate(styles, 1)),
        passage=passage,
    )
    messages = (Message("system", prompt.system), Message("user", text))
    return LlmRequest(task=task, row=document.docid, messages=messages, schema=schema(count))


def draw_styles(docid: str, count: int, shares: Mapping[str, float], seed: int) -> list[str]:
    """Styles for one passage, drawn by share without repeats until every style with a share is used."""
    draw = random.Random(text_hash("styles", str(seed), docid))
    wanted = {name: shares[name] for name in sorted(shares) if shares[name] > 0}
    chosen: list[str] = []
    left: dict[str, float] = {}
    while len(chosen) < count:
        left = left or dict(wanted)
        (name,) = draw.choices(list(left), weights=list(left.values()))
        chosen.append(name)
        del left[name]
    return chosen


def context(document: Document, limit: int) -> str:
    """Title, and the whole sentences from the content's start that fit into `limit` characters."""
    head = f"{document.title}\n" if document.title else ""
    return head + leading_text(document.content, limit)


def schema(count: int) -> dict[str, Any]:
    """JSON schema of the answer."""
    question = {
        "type": "object",
        "properties": {"style": {"type": "string", "enum": list(STYLES)}, "question": {"type": "string"}},
        "required": ["style", "question"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {
            "questions": {"type": "array", "items": question, "minItems": count, "maxItems": count}
        },
        "required": ["questions"],
        "additionalProperties": False,
    }
