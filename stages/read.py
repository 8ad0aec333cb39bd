"""Read the documents of data.documents; a file that did not change comes from the row cache."""

from sunwi.params.data import DataParams
from sunwi.params.documents import DocumentsParams
from sunwi.params.reading import Sections
from sunwi.params.section import RowsPerShard
from sunwi.workspace.reading import read_folder
from sunwi.workspace.stage import stage


class Settings(Sections):
    data: DataParams = DataParams()
    documents: DocumentsParams = DocumentsParams()
    rows_per_shard: RowsPerShard = 0


if __name__ == "__main__":
    with stage("read") as workspace:
        params = workspace.params(Settings)
        read_folder(workspace, params.data.documents, params.documents, params.rows_per_shard)
