"""Encode passages and questions with the base or the promoted encoder."""

import sys

from sunwi.paths import INDEX, METRICS, TIMING
from sunwi.records.files import write_json
from sunwi.search.index.store import vectors_file
from sunwi.search.index.windows import write_windows
from sunwi.workspace.corpus import passages
from sunwi.workspace.encoders import EncoderSections, Which, encoder
from sunwi.workspace.lengths import facts_of_length, lines_on_length
from sunwi.workspace.questions import index_questions, questions
from sunwi.workspace.sentences import write_sentences
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    which: Which = "base" if sys.argv[1] == "base" else "promoted"
    with stage(f"encode_{which}") as workspace:
        model, limits = encoder(workspace, which), workspace.params(EncoderSections).encoder
        corpus, texts = passages(workspace).texts, [row.question for row in questions(workspace)]
        read = model.reading(corpus, "passage", limits.max_length)
        asked = model.reading(texts, "query", limits.query_max_length)
        for line in lines_on_length(read, asked, limits):
            print(line, file=sys.stderr)
        with vectors_file(INDEX / which / "corpus.npy") as empty:
            model.encode(corpus, "passage", limits.max_length, "encode passages", empty)
        encoded = {"encoded": model.count.encoded, "cached": model.count.cached, **model.precision_facts}
        write_windows(INDEX / which, model, read, limits)
        with vectors_file(INDEX / which / "questions.npy") as empty:
            model.encode(texts, "query", limits.query_max_length, "encode questions", empty)
        alone = [row.question for row in index_questions(workspace)]
        with vectors_file(INDEX / which / "index_questions.npy") as empty:
            model.encode(alone, "query", limits.query_max_length, "encode index questions", empty)
        write_sentences(workspace, which, model)
        write_json(METRICS / f"encode_{which}.json", facts_of_length(read, asked, limits))
        # What the cache spared and what `auto` picked are facts of this machine: they are beside the timings.
        write_json(TIMING / f"encode_{which}_rows.json", encoded)
