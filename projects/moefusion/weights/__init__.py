"""The bundled weights, and loading weights as data: no code from a file runs."""
