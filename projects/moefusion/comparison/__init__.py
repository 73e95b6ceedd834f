"""Scores folders of fused images of any methods: tables, ranks, figure, published rows."""
