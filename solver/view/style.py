"""What the page changes of the looks that Streamlit gives it."""

STYLE = """<style>
[data-testid="stMainBlockContainer"] {padding-top: 2rem; padding-bottom: 2rem; max-width: 1500px}
[data-testid="stSliderTickBarMin"], [data-testid="stSliderTickBarMax"] {white-space: nowrap}
@media (max-width: 640px) {[data-testid="stMainBlockContainer"] {padding: 1rem 0.8rem}}
</style>"""
