"""The floor of `benchmarks.app_speed`: the least that a Streamlit app of two pages with a text, a number, a slider and an Altair chart does."""

import altair as alt
import pandas as pd
import streamlit as st

POINTS = 36


def first() -> None:
    st.header("The floor")
    number = st.number_input("Number", value=1.0, key="number")
    st.slider("Slider", 1, 10, 1, key="slider")
    st.info(f"The answer is {number:g}")
    frame = pd.DataFrame({"month": range(POINTS), "cost": [number * month for month in range(POINTS)]})
    st.altair_chart(alt.Chart(frame).mark_line().encode(x="month", y="cost"))


def second() -> None:
    st.header("The other page")


st.set_page_config(layout="wide")
st.navigation(
    [st.Page(first, title="First", default=True), st.Page(second, title="Second", url_path="second")], position="top"
).run()
