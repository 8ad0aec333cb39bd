// Writes NAME.hwp and NAME.hwpx for each NAME.tsv of a folder: lines "H level text", "P text", "L text" and
// "T cell cell ..." with tabs between. HWP gets a table's rows as paragraphs: hwplib builds tables by hand only.
import java.nio.file.*;
import java.util.*;
import kr.dogfoot.hwplib.object.HWPFile;
import kr.dogfoot.hwplib.object.bodytext.Section;
import kr.dogfoot.hwplib.object.docinfo.Style;
import kr.dogfoot.hwplib.writer.HWPWriter;
import kr.dogfoot.hwpxlib.object.HWPXFile;
import kr.dogfoot.hwpxlib.object.content.section_xml.*;
import kr.dogfoot.hwpxlib.object.content.section_xml.enumtype.*;
import kr.dogfoot.hwpxlib.object.content.section_xml.paragraph.*;
import kr.dogfoot.hwpxlib.object.content.section_xml.paragraph.object.Table;
import kr.dogfoot.hwpxlib.object.content.section_xml.paragraph.object.table.*;
import kr.dogfoot.hwpxlib.writer.HWPXWriter;

class Writer {
    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        try (DirectoryStream<Path> sources = Files.newDirectoryStream(folder, "*.tsv")) {
            for (Path source : sources) {
                String name = source.toString().replaceAll("\\.tsv$", "");
                List<String> lines = Files.readAllLines(source);
                hwp(lines, name + ".hwp");
                hwpx(lines, name + ".hwpx");
            }
        }
    }

    static void hwp(List<String> lines, String path) throws Exception {
        HWPFile file = kr.dogfoot.hwplib.tool.blankfilemaker.BlankFileMaker.make();
        Section section = file.getBodyText().getSectionList().get(0);
        for (String line : lines) {
            String[] parts = line.split("\t");
            String text = parts[0].equals("H") ? parts[2]
                : String.join(" | ", Arrays.copyOfRange(parts, 1, parts.length));
            var paragraph = section.addNewParagraph();
            paragraph.createText();
            paragraph.getText().addString(text);
            var first = section.getParagraph(0);
            var style = parts[0].equals("H") ? outline(file, Integer.parseInt(parts[1])) : null;
            paragraph.getHeader().setParaShapeId(
                style == null ? first.getHeader().getParaShapeId() : style.getParaShapeId());
            paragraph.getHeader().setStyleId(
                style == null ? first.getHeader().getStyleId() : (short) styles(file).indexOf(style));
            paragraph.createCharShape();
            paragraph.getCharShape().addParaCharShape(0, 0);
            paragraph.getHeader().setCharShapeCount(1);
        }
        var all = section.getParagraphs();
        for (int index = 0; index < all.length; index++) {
            all[index].getHeader().setLastInList(index == all.length - 1);
        }
        HWPWriter.toFile(file, path);
    }

    static List<Style> styles(HWPFile file) {
        return file.getDocInfo().getStyleList();
    }

    static Style outline(HWPFile file, int level) {
        return styles(file).stream().filter(style -> style.getHangulName().equals("개요 " + level)).findFirst().get();
    }

    static void hwpx(List<String> lines, String path) throws Exception {
        HWPXFile file = kr.dogfoot.hwpxlib.tool.blankfilemaker.BlankFileMaker.make();
        SectionXMLFile section = file.sectionXMLFileList().get(0);
        for (int index = 0; index < lines.size(); index++) {
            String[] parts = lines.get(index).split("\t");
            if (parts[0].equals("T")) {
                List<String[]> rows = new ArrayList<>();
                for (; index < lines.size() && lines.get(index).startsWith("T\t"); index++) {
                    rows.add(lines.get(index).substring(2).split("\t"));
                }
                index--;
                table(paragraph(section, "0").addNewRun(), rows);
            } else if (parts[0].equals("H")) {  // styles 2 and 3 of the blank file are outlines 1 and 2
                text(paragraph(section, Integer.toString(1 + Integer.parseInt(parts[1]))), parts[2]);
            } else {
                text(paragraph(section, "0"), parts[1]);
            }
        }
        HWPXWriter.toFilepath(file, path);
    }

    static Para paragraph(ParaListCore list, String style) {
        String shape = style.equals("2") ? "2" : style.equals("3") ? "3" : "0";
        return list.addNewPara().idAnd("0").paraPrIDRefAnd(shape).styleIDRefAnd(style).pageBreakAnd(false)
            .columnBreakAnd(false).mergedAnd(false);
    }

    static void text(Para paragraph, String text) {
        Run run = paragraph.addNewRun();
        run.charPrIDRef("0");
        run.addNewT().addText(text);
    }

    static void table(Run run, List<String[]> rows) {
        run.charPrIDRef("0");
        Table table = run.addNewTable();
        table.id("1");
        table.rowCntAnd((short) rows.size()).colCntAnd((short) rows.get(0).length).borderFillIDRefAnd("1");
        for (int row = 0; row < rows.size(); row++) {
            Tr line = table.addNewTr();
            for (int column = 0; column < rows.get(row).length; column++) {
                Tc cell = line.addNewTc().nameAnd("").headerAnd(row == 0).borderFillIDRefAnd("1");
                cell.createSubList();
                text(paragraph(cell.subList(), "0"), rows.get(row)[column]);
                cell.createCellAddr();
                cell.cellAddr().colAddrAnd((short) column).rowAddrAnd((short) row);
                cell.createCellSpan();
                cell.cellSpan().colSpanAnd((short) 1).rowSpanAnd((short) 1);
                cell.createCellSz();
                cell.cellSz().widthAnd(8000L).heightAnd(1000L);
            }
        }
    }
}
