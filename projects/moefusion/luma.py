"""The weights that make a colour image gray, one set for loading, fusing and scoring."""

# MATLAB's rgb2gray, which the evaluation in the literature uses: BT.601 to more digits.
RGB_TO_GRAY = (0.298936021293775, 0.587043074451121, 0.114020904255103)
