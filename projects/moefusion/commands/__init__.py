"""The commands of ``moefusion``; ``tools/*.py`` run the same functions."""
