"""The latent map: a component that draws encoded points and tells where it was clicked."""

from ui.latent_map.wrapper import MapClick, MapLayer, MapMarkers, MapPath, MapPoints, latent_map

__all__ = ["MapClick", "MapLayer", "MapMarkers", "MapPath", "MapPoints", "latent_map"]
