"""Clean, check, chunk and compare the source folder's documents."""

from pathlib import Path

from project import METRICS, PREPARED, timed
from sunwi.corpus.prepare import prepare, write_prepared
from sunwi.params.loading import load_params
from sunwi.records.files import write_json

if __name__ == "__main__":
    params = load_params()
    with timed("prepare"):
        prepared = prepare(Path(params.data.source), params.corpus)
        write_prepared(prepared, PREPARED, params.rows_per_shard)
        write_json(METRICS / "prepare.json", prepared.statistics)
