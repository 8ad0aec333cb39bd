"""Encode passages and questions with the base or the promoted encoder."""

import sys

from sunwi.paths import INDEX, TIMING
from sunwi.records.files import write_json
from sunwi.search.index.store import vectors_file
from sunwi.workspace.corpus import passages
from sunwi.workspace.encoders import EncoderSections, Which, encoder
from sunwi.workspace.questions import index_questions, questions
from sunwi.workspace.sentences import write_sentences
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    which: Which = "base" if sys.argv[1] == "base" else "promoted"
    with stage(f"encode_{which}") as workspace:
        model, limits = encoder(workspace, which), workspace.params(EncoderSections).encoder
        texts = [question.question for question in questions(workspace)]
        with vectors_file(INDEX / which / "corpus.npy") as empty:
            model.encode(passages(workspace).texts, "passage", limits.max_length, "encode passages", empty)
        encoded = {"encoded": model.count.encoded, "cached": model.count.cached, **model.precision_facts}
        with vectors_file(INDEX / which / "questions.npy") as empty:
            model.encode(texts, "query", limits.query_max_length, "encode questions", empty)
        alone = [question.question for question in index_questions(workspace)]
        with vectors_file(INDEX / which / "index_questions.npy") as empty:
            model.encode(alone, "query", limits.query_max_length, "encode index questions", empty)
        write_sentences(workspace, which, model)
        # What the cache spared and what `auto` picked are facts of this machine: they are beside the timings.
        write_json(TIMING / f"encode_{which}_rows.json", encoded)
