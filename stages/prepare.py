"""Clean, check, chunk and compare the source folder's documents."""

from pathlib import Path

from pydantic import NonNegativeInt

from sunwi.corpus.prepare import prepare, write_prepared
from sunwi.params.corpus import CorpusParams
from sunwi.params.data import DataParams
from sunwi.params.reading import Sections
from sunwi.paths import METRICS, PREPARED
from sunwi.records.files import write_json
from sunwi.workspace.stage import stage


class Settings(Sections):
    data: DataParams = DataParams()
    corpus: CorpusParams = CorpusParams()
    rows_per_shard: NonNegativeInt = 0


if __name__ == "__main__":
    with stage("prepare") as workspace:
        params = workspace.params(Settings)
        prepared = prepare(Path(params.data.source), params.corpus)
        write_prepared(prepared, PREPARED, params.rows_per_shard)
        write_json(METRICS / "prepare.json", prepared.statistics)
