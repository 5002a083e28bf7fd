"""The reports of a validation: report.html, report.json, junit.xml and disagreements.csv."""

from mews_newtt.validation.reports.files import NAMES, as_document, check_report_folder, check_writable, write_reports

__all__ = ["NAMES", "as_document", "check_report_folder", "check_writable", "write_reports"]
