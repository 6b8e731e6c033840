"""The colours of the page: contrast by WCAG 2.1, and lines that a colour-blind reader can tell apart."""

import re
from importlib.resources import files
from itertools import combinations
from math import hypot

import pytest

from daemon.report.at_risk import SHADES
from daemon.report.plots import REGIME_SHADES

CSS = files("daemon.report").joinpath("report.css").read_text()
Colour = tuple[float, float, float]

TEXT_CONTRAST = 4.5
"""WCAG 2.1, 1.4.3: body text on its background."""
SHAPE_CONTRAST = 3.0
"""WCAG 2.1, 1.4.11: a line on its background."""
DISTANCE = 16.0
"""CIE76; about 2.3 is just noticeable (Sharma, Digital Color Imaging Handbook)."""
DEFICIENCIES = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}
"""Machado, Oliveira and Fernandes, IEEE Trans. Vis. Comp. Graphics 15 (2009) 1291: severity 1.0, on linear RGB."""
TOGETHER = (("hedged", "unhedged"), ("put", "call", "ink"), ("hedged", "unhedged", "vix", "call"), ("hedged", "ink"))
"""Colours of lines that one plot shows side by side."""


def themes() -> dict[str, dict[str, Colour]]:
    """Return the colours of each theme; what dark and print leave as it is comes from light."""
    light, dark, paper = (_colours(block) for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL))
    return {"light": light, "dark": light | dark, "print": light | paper}


def _colours(block: str) -> dict[str, Colour]:
    hexes = {name: _hex(code) for name, code in re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)}
    triples = re.findall(r"--([\w-]+): (\d+) (\d+) (\d+)", block)
    return hexes | {name: (int(r) / 255, int(g) / 255, int(b) / 255) for name, r, g, b in triples}


def _hex(code: str) -> Colour:
    red, green, blue = (int(code[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def linear(colour: Colour) -> Colour:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of WCAG 2.1."""
    high, low = sorted((_luminance(linear(one)), _luminance(linear(other))), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(rgb: Colour) -> float:
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]


def over(shade: Colour, alpha: float, paper: Colour) -> Colour:
    red, green, blue = (alpha * a + (1 - alpha) * b for a, b in zip(shade, paper, strict=True))
    return red, green, blue


def lab(rgb: Colour) -> Colour:
    """Return CIE L*a*b* of linear RGB, D65."""
    red, green, blue = rgb
    x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047
    y = 0.2126729 * red + 0.7151522 * green + 0.0721750 * blue
    z = (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883
    fx, fy, fz = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def seen(colour: Colour, matrix: tuple[Colour, ...]) -> Colour:
    rgb = linear(colour)
    red, green, blue = (min(1.0, max(0.0, sum(m * c for m, c in zip(row, rgb, strict=True)))) for row in matrix)
    return lab((red, green, blue))


def distance(one: Colour, other: Colour) -> float:
    return hypot(*(a - b for a, b in zip(one, other, strict=True)))


def test_the_measure_of_contrast_is_that_of_the_recommendation() -> None:
    assert contrast((0, 0, 0), (1, 1, 1)) == pytest.approx(21)
    assert contrast(_hex("#777777"), (1, 1, 1)) == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [(ink, ground) for ink in ("ink", "muted") for ground in ("paper", "card")]
    + [("gain", "paper"), ("loss", "paper"), ("badge-ink", "badge")],
)
def test_letters_stand_out_from_what_they_are_on(theme: str, ink: str, ground: str) -> None:
    colours = themes()[theme]

    assert contrast(colours[ink], colours[ground]) >= TEXT_CONTRAST


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
@pytest.mark.parametrize("line", ["hedged", "unhedged", "put", "call", "vix", "ink"])
def test_lines_stand_out_from_the_page(theme: str, line: str) -> None:
    colours = themes()[theme]

    assert contrast(colours[line], colours["paper"]) >= SHAPE_CONTRAST


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
@pytest.mark.parametrize("shade", ["gain", "loss"])
def test_figures_can_be_read_on_every_shade_of_a_heat_map(theme: str, shade: str) -> None:
    colours = themes()[theme]
    name = {"gain": "rise", "loss": "fall"}[shade]

    rules = re.findall(rf"\.{shade}(\d) \{{ background: rgb\(var\(--{name}\) / (\.\d+)\)", CSS)
    assert [int(step) for step, _ in rules] == [*range(1, SHADES + 1)]
    for _, alpha in rules:
        assert contrast(colours["ink"], over(colours[name], float(alpha), colours["paper"])) >= TEXT_CONTRAST


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_lines_of_one_plot_can_be_told_apart_without_a_kind_of_cone(theme: str, deficiency: str) -> None:
    colours, matrix = themes()[theme], DEFICIENCIES[deficiency]

    for names in TOGETHER:
        for one, other in combinations(names, 2):
            assert distance(seen(colours[one], matrix), seen(colours[other], matrix)) >= DISTANCE, (one, other)


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_the_wilder_a_regime_the_further_its_shade_is_from_the_page(theme: str) -> None:
    colours = themes()[theme]
    shades = [over(colours[regime], alpha, colours["paper"]) for regime, alpha in REGIME_SHADES.items()]

    steps = [contrast(shade, colours["paper"]) for shade in shades]
    assert [*REGIME_SHADES] == ["low", "moderate", "high"]
    assert 1.05 < steps[0] < steps[1] - 0.05
    assert steps[1] < steps[2] - 0.05
    assert all(contrast(colours["vix"], shade) >= SHAPE_CONTRAST for shade in shades)


def test_paper_leaves_no_colour_to_the_theme_of_the_device() -> None:
    light, _, paper = (_colours(block) for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL))

    assert paper.keys() == light.keys()


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_a_gain_and_a_loss_of_a_heat_map_can_be_told_apart_without_a_kind_of_cone(theme: str, deficiency: str) -> None:
    colours, matrix = themes()[theme], DEFICIENCIES[deficiency]
    strongest = [over(colours[name], 0.44, colours["paper"]) for name in ("rise", "fall")]

    assert distance(*(seen(colour, matrix) for colour in strongest)) >= DISTANCE
