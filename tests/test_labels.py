"""The references are labelled as the text cites them."""

import labels
import pybtex.database


def entry(authors, year):
    text = f"@book{{key, author = {{{authors}}}, title = {{T}}, year = {{{year}}}}}"
    return pybtex.database.parse_string(text, "bibtex").entries["key"]


def test_a_label_has_authors_and_year():
    entries = [
        entry("Cybenko, George", 1989),
        entry("Glorot, Xavier and Bengio, Yoshua", 2010),
        entry("Adebayo, Julius and Gilmer, Justin and Kim, Been", 2018),
    ]
    assert list(labels.AuthorYear().format_labels(entries)) == [
        "Cybenko 1989",
        "Glorot and Bengio 2010",
        "Adebayo et al. 2018",
    ]


def test_a_second_label_of_the_same_name_and_year_gets_a_letter():
    twins = [entry("Zhang, Richard", 2019)] * 2
    assert list(labels.AuthorYear().format_labels(twins)) == ["Zhang 2019", "Zhang 2019b"]
