"""Paired data: readers, loading transform, layout checker, synthetic pairs. Imports nothing, so that parts stay usable without mm*."""
