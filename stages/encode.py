"""Encode passages and synthetic questions with the base or the promoted encoder."""

import sys

from project import INDEX, METRICS, encoder, passages, questions, timed
from sunwi.params.loading import load_params
from sunwi.records.files import write_json
from sunwi.search.index.store import vectors_file

if __name__ == "__main__":
    which = sys.argv[1]
    params = load_params()
    with timed(f"encode_{which}"):
        model = encoder(which, params)
        corpus, asked = passages(), [question.question for question in questions()]
        with vectors_file(INDEX / which / "corpus.npy") as empty:
            model.encode(corpus.texts, "passage", params.encoder.max_length, "encode passages", empty)
        encoded = {"encoded": model.count.encoded, "cached": model.count.cached}
        with vectors_file(INDEX / which / "questions.npy") as empty:
            model.encode(asked, "query", params.encoder.query_max_length, "encode questions", empty)
    # What the cache spared is a fact of this machine, so it stands beside the timings.
    write_json(METRICS / "timing" / f"encode_{which}_rows.json", encoded)
