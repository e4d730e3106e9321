"""Draws Plotly figures in place: what Streamlit's own chart shows is taken away and built anew each time."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import plotly
import plotly.graph_objects as go
import streamlit as st

LIBRARY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
"""Plotly for browsers, as it comes with the package."""
SERVED = "plotly.min.js"
"""The name by which the page finds it, beside itself."""
CONFIG = {"displaylogo": False, "responsive": True}
HTML = '<div class="interstice-chart"></div>'
SCRIPT = """
const load = (source) => (window.interstice_plotly ??= new Promise((loaded, failed) => {
    const script = document.createElement("script");
    script.src = source;
    script.onload = () => loaded(window.Plotly);
    script.onerror = failed;
    document.head.append(script);
}));

export default function ({ data, parentElement }) {
    const graph = parentElement.querySelector(".interstice-chart");
    const figure = JSON.parse(data.figure);
    graph.style.height = `${figure.layout.height}px`;
    load(data.source).then((Plotly) => Plotly.react(graph, figure.data, figure.layout, data.config));
}
"""


def draw(figure: go.Figure, key: str) -> None:
    """Draw a figure, or what has changed of the one that was drawn with this key."""
    source = f"/{st.get_option('server.baseUrlPath').strip('/')}/{SERVED}"
    data = {"figure": figure.to_json(), "source": source, "config": CONFIG}
    _component()(data=data, key=key, height=figure.layout.height)


@cache
def _component() -> Any:
    return st.components.v2.component("interstice_chart", html=HTML, js=SCRIPT, isolate_styles=False)
