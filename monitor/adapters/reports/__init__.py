"""Reports as files: CSV, XLSX, a printable page, and the folders of their revisions."""
