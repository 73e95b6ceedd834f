"""Paired data: readers, loading, layout check, synthetic pairs; imports nothing by itself."""
