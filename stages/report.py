"""The report page, and model cards from the same numbers."""

from sunwi.paths import CARDS, REPORT
from sunwi.report.cards import model_cards
from sunwi.report.page import render_page
from sunwi.report.project_page import page_inputs
from sunwi.runtime import atomic_write
from sunwi.workspace.stage import stage

if __name__ == "__main__":
    with stage("report") as workspace:
        inputs = page_inputs(workspace)
        cards = model_cards(inputs.params, inputs.scores, inputs.metrics, inputs.detail)
        pages = {REPORT / "index.html": render_page(inputs)}
        pages |= {CARDS / f"{kind}.md": card for kind, card in cards.items()}
        for path, text in pages.items():
            with atomic_write(path) as out:
                out.write(text)
