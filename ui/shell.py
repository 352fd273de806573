"""The main script: it runs before every page. Navigation, and the sidebar with model, data and device."""

import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # Streamlit puts this script's own folder there, not the project's
    sys.path.insert(0, str(ROOT))

from ui import sidebar, state  # noqa: E402 - after the path is set

ICON = str(ROOT / "ui" / "favicon.png")
st.set_page_config(page_title="Latent Space Explorer", page_icon=ICON, layout="wide", initial_sidebar_state=240)
st.html(ROOT / "ui" / "shell.css")
st.logo(str(ROOT / "ui" / "logo.svg"), size="large", icon_image=ICON)

PAGES = [
    ("home", "Home", ":material/home:", "A map that moves by itself, and three doors."),
    ("explore", "Explore", ":material/explore:", "Move through the latent space and see what it decodes to."),
    ("interpolate", "Interpolate", ":material/timeline:", "Walk from one image to another and take the film along."),
    ("directions", "Directions", ":material/north_east:", "Find what moves with a class or number, and move along it."),
    ("projections", "Projections", ":material/scatter_plot:", "More than two dimensions on a plane, in three ways."),
    ("sample", "Sample", ":material/casino:", "Draw from the prior or a fitted sampler, and see where the draws lie."),
    ("variations", "Variations", ":material/auto_awesome_motion:", "Vary an image within what the model knows of it."),
    ("own_image", "Bring an image", ":material/draw:", "Draw an image and see where it lies; mask it, paint on it."),
    ("ledger", "Ledger", ":material/table_rows:", "Every image with its figures: outliers and wrong labels."),
    (
        "graph",
        "Inside one image",
        ":material/account_tree:",
        "Follow one image through the model; every tensor opens.",
    ),
    ("compare", "Compare", ":material/balance:", "Put models side by side: figures, curves, pictures."),
    ("learn", "Learn", ":material/school:", "Lessons of ten minutes: predict first, then see."),
    ("teach", "Teach", ":material/co_present:", "For whoever gives the lessons: goals, timing, answers, links."),
    ("train", "Train", ":material/model_training:", "Train a model of your own and watch its space form."),
    ("runs", "Runs", ":material/movie:", "Every training run as a film, from its first epoch to the newest."),
    ("sweeps", "Sweeps", ":material/grid_view:", "Train a model for every combination of settings and lay them out."),
    ("model", "Model", ":material/description:", "What the model is, its figures, and files to take away or bring."),
]
SECTIONS = {
    "": ["home"],
    "Explore": ["explore", "interpolate", "directions", "projections", "sample", "variations", "own_image"],
    "Understand": ["learn", "graph", "teach"],
    "Models": ["compare", "ledger", "model"],
    "Train": ["train", "runs", "sweeps"],
}
pages = {
    name: st.Page(ROOT / "pages" / f"{name}.py", title=title, icon=icon, help=what, default=name == "home")
    for name, title, icon, what in PAGES
}
sections = {section: [pages[name] for name in names] for section, names in SECTIONS.items()}
page = st.navigation(sections, expanded=True)
if page is not pages["home"]:  # which shows a model of its own, and leaves the address bare
    sidebar.show()
state.show_notice()
page.run()
