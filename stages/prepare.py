"""Clean, check, chunk and compare the source folder's documents."""

from pathlib import Path

from sunwi.corpus.prepare import prepare, write_prepared
from sunwi.params.corpus import CorpusParams
from sunwi.params.data import DataParams
from sunwi.params.reading import Sections
from sunwi.params.section import RowsPerShard
from sunwi.paths import METRICS, PREPARED
from sunwi.records.files import write_json
from sunwi.records.judged import judged_queries
from sunwi.workspace.documents import document_passages
from sunwi.workspace.stage import stage


class Settings(Sections):
    data: DataParams = DataParams()
    corpus: CorpusParams = CorpusParams()
    rows_per_shard: RowsPerShard = 0


if __name__ == "__main__":
    with stage("prepare") as workspace:
        params = workspace.params(Settings)
        read, counted = document_passages(workspace, params.corpus)
        prepared = prepare(Path(params.data.source), params.corpus, read, counted)
        write_prepared(prepared, PREPARED, params.rows_per_shard, judged_queries(Path(params.data.source)))
        write_json(METRICS / "prepare.json", prepared.statistics)
