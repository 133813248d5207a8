"""The pages that people see. Only this folder and `app.py` import Streamlit; the numbers come from `tco.evaluate`."""

SCENARIO_VARIABLE = "TCO_APP_SCENARIO"
"""Environment variable by which `tco app SCENARIO` tells the pages which file to open."""
