"""Synthetic street scenes: aligned pairs with boxes, drawn with numpy and OpenCV alone.

``scene.render_pair`` draws one pair, ``writer.make_demo_data`` a data set in the layout of M3FD.
Everything is drawn twice over: as it looks (BGR and light of its own) and as warm as it is.
"""
