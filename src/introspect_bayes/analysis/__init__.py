"""The paper's experiments: which rows, which specification, which contrast, which figure."""
