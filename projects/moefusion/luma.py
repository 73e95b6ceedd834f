"""The weights of gray from colour, for files without torch and for the network alike."""

# MATLAB's rgb2gray, which the evaluation in the literature uses: BT.601 to more digits.
# One set of weights for loading, fusing and scoring.
RGB_TO_GRAY = (0.298936021293775, 0.587043074451121, 0.114020904255103)
