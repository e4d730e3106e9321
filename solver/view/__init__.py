"""A page in the browser for whoever stands at the bench: pick a case, move sliders, run, watch, compare.

`serve` shows it on this machine alone, `page` is what Streamlit draws. All that it knows is in modules without a
browser: `folder` (which cases and runs there are), `sliders`, `check`, `jobs` (runs as processes), `comparison`,
`charts`.
"""
