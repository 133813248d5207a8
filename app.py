"""The app of a clone: `streamlit run app.py`, or `tco app`."""

from tco.views.main import show

show()
