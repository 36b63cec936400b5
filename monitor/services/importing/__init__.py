"""Importing sheets: read by a profile, judged row by row, held against what is recorded, recorded as one change."""
