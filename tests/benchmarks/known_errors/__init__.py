"""Runs whose error is known: which there are, and what each way of estimating that error gives."""
