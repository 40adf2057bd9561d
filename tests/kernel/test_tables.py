"""Files with rows: read whatever a spreadsheet program saves, write what none executes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prm.kernel.automation.tables import MOST_BYTES, Unreadable, neutral, read_table, unclosed, write_table

pytestmark = pytest.mark.pure
TEXT = "Name;Ort\r\nMüller & Söhne;Köln\r\nÅs AB;Malmö\r\n"


class TestReading:
    @pytest.mark.parametrize(
        "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"]
    )
    def test_understands_every_encoding_that_spreadsheets_save(self, encoding):
        assert read_table(TEXT.encode(encoding)).rows == [(2, ["Müller & Söhne", "Köln"]), (3, ["Ås AB", "Malmö"])]

    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_finds_the_delimiter(self, delimiter):
        table = read_table(delimiter.join(("name", "city")).encode() + b"\n" + delimiter.join(("A", "B")).encode())
        assert (table.header, table.delimiter) == (["name", "city"], delimiter)

    def test_a_comma_within_quotes_is_no_delimiter(self):
        table = read_table(b'name;note\n"Smith, Jones";"a; b"\n')
        assert table.rows == [(2, ["Smith, Jones", "a; b"])]

    def test_tells_the_line_where_a_row_begins_in_the_file(self):
        table = read_table(b'name,note\nA,"two\nlines"\n\nB,x\n')
        assert [line for line, _cells in table.rows] == [2, 5]

    @pytest.mark.parametrize(
        ("data", "told"),
        [
            (b"PK\x03\x04rest", "Excel"),
            (b"\xd0\xcf\x11\xe0rest", "Excel"),
            (b"%PDF-1.7", "PDF"),
            (b"\x89PNG\r\n", "PNG"),
            (b"", "empty"),
            (b"\n\n", "empty"),
            (b"name,city\n", "headings only"),
            (b"name,city\nA\x00B,C\nD,E", "NUL"),
            (b"name\n" + b"x" * MOST_BYTES, "larger than 5 MB"),
            (b",".join(b"c%d" % n for n in range(200)) + b"\n1\n", "more than 100 columns"),
            (b'name\n"' + b"x" * 200_000 + b'"\n', "Line 2 can't be read"),
        ],
    )
    def test_says_what_is_wrong_with_a_file_that_is_no_table(self, data, told):
        with pytest.raises(Unreadable, match=told):
            read_table(data)

    @given(st.binary(max_size=300))
    def test_never_fails_otherwise_whatever_the_bytes(self, data):
        try:
            read_table(data)
        except Unreadable as unreadable:
            assert str(unreadable)


class TestAQuotationMarkThatNothingCloses:
    GOOD = "\n".join(f"Firm {n},DE,{n}" for n in range(5))

    @pytest.mark.parametrize(
        "behind",
        [
            GOOD,
            'Smith,DE,"1,5"\n' + GOOD,
            'Firm,DE,1\nBolt",DE,1\n' + GOOD,
            'Note,DE,"two\nlines"\n' + GOOD,
            'A,"",1\n' + GOOD,
            "\n".join([GOOD] * 80),
        ],
    )
    @pytest.mark.parametrize("broken", ['"Acme,DE,7', 'Acme,"DE,7', 'Acme,DE,"7'])
    def test_spoils_its_own_line_alone(self, broken, behind):
        table = read_table(f"name,country,n\nFirst,FR,1\n{broken}\n{behind}\n".encode())
        assert table.rows[:2] == [(2, ["First", "FR", "1"]), (3, broken.split(","))]
        assert unclosed(table.rows[1][1]) == broken.split(",").index(next(c for c in broken.split(",") if c[0] == '"'))
        assert table.rows[2:] == [
            (line + 2, cells) for line, cells in read_table(f"name,country,n\n{behind}\n".encode()).rows
        ]

    def test_is_told_in_the_last_line_of_a_file_too(self):
        assert unclosed(read_table(b'name,city\nA,B\n"C,D').rows[-1][1]) == 0

    def test_is_none_of_a_cell_of_several_lines(self):
        rows = read_table(b'name,a,b,note\nA,x,y,"one, two, three\nfour\n""five"""\n"B ""Best"" Ltd",x,y,z\n').rows
        assert rows == [(2, ["A", "x", "y", 'one, two, three\nfour\n"five"']), (5, ['B "Best" Ltd', "x", "y", "z"])]
        assert [unclosed(cells) for _line, cells in rows] == [None, None]


class TestWriting:
    @pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1"])
    def test_no_cell_is_a_formula(self, cell):
        assert neutral(cell).startswith("'")

    def test_plain_text_stays_as_it_is(self):
        assert neutral("Birch 'n' Co = fine") == "Birch 'n' Co = fine"

    def test_reads_back_what_it_wrote(self):
        table = read_table(write_table(["Näme", "City"], [["a,b", 'say "hi"'], ["two\nlines", "x"]]))
        assert (table.header, [cells for _line, cells in table.rows]) == (
            ["Näme", "City"],
            [["a,b", 'say "hi"'], ["two\nlines", "x"]],
        )
