"""The reports of a validation: report.html, report.json, junit.xml, disagreements.csv and letter.md."""

from mews_newtt.tables.folders import check_report_folder, check_writable
from mews_newtt.validation.reports.files import NAMES, as_document, write_reports
from mews_newtt.validation.reports.letter import Letter, letter_of, letters_of

__all__ = ["NAMES", "Letter", "as_document", "check_report_folder", "check_writable", "letter_of", "letters_of", "write_reports"]
