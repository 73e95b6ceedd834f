"""Evaluation of fused images: MMEngine metrics, and the tables that ``tools/evaluate.py`` writes.

Imports nothing, so that the parts without mm* (pairs, tables, figure) stay usable without it.
"""
