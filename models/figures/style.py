"""The house style of all figures."""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

BLACK: Final = "#1a1a1a"
_AXIS: Final[dict[str, Any]] = {"gridcolor": "#e4e4e4", "zeroline": False, "linecolor": "#888888", "ticks": "outside"}


def house_style(figure: "Figure", *, top: int) -> None:
    """Give a figure the house style, with so many pixels above it."""
    figure.update_layout(
        template="none",
        font={"family": "Georgia, 'Times New Roman', serif", "size": 13, "color": BLACK},
        margin={"l": 64, "r": 16, "t": top, "b": 48},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": 12}},
        paper_bgcolor="white",
        plot_bgcolor="white",
        hovermode="closest",
    )
    figure.update_xaxes(**_AXIS)
    figure.update_yaxes(**_AXIS, automargin=True)
