"""The pipeline and the reports: every figure is counted over the rows of a list, and leads to exactly those rows."""
