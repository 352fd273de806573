"""The latent map: a component that draws encoded points, decodes under the pointer, and tells what a hand settles."""

from ui.latent_map.codes import MapCodes
from ui.latent_map.colour import MapColour
from ui.latent_map.messages import MapClick, MapGroup
from ui.latent_map.points import MapPoints
from ui.latent_map.wrapper import MapLink, MapMarkers, MapPath, Role, latent_map

__all__ = [
    "MapClick",
    "MapCodes",
    "MapColour",
    "MapGroup",
    "MapLink",
    "MapMarkers",
    "MapPath",
    "MapPoints",
    "Role",
    "latent_map",
]
