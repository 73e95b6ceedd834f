"""Synthetic street scenes: aligned pairs with boxes, drawn with numpy and OpenCV alone.

Everything is drawn twice over: as it looks (BGR and light of its own) and as warm as it is.
"""

from moefusion.synthetic.light import CONDITIONS
from moefusion.synthetic.scene import Pair, render_pair
from moefusion.synthetic.writer import make_demo_data

__all__ = ['CONDITIONS', 'Pair', 'make_demo_data', 'render_pair']
