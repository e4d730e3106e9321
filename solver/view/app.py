"""What Streamlit runs after each thing that somebody does on the page."""

from interstice.solver.view.desk import present
from interstice.solver.view.page import show

show(present())
