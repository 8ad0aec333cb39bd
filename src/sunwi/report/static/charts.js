// Draws every chart in the page's colours, again when the colour scheme changes.
(() => {
  "use strict";
  const specs = JSON.parse(document.getElementById("charts-data").textContent);
  const places = [...document.querySelectorAll("[data-chart]")];

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  const coloured = (value) => {
    if (typeof value === "string") return value.startsWith("$") ? colour(value.slice(1)) : value;
    if (Array.isArray(value)) return value.map(coloured);
    if (value && typeof value === "object") {
      // Data are left alone: a text that begins with "$" is no colour.
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, key === "values" ? part : coloured(part)]));
    }
    return value;
  };

  const config = (width) => ({
    background: "transparent",
    font: colour("sans"),
    view: { stroke: null },
    axis: {
      domain: false, ticks: false, grid: false, gridColor: colour("line"), labelColor: colour("quiet"),
      titleColor: colour("quiet"), titleFontWeight: 400, labelFontSize: 12, titleFontSize: 12, labelPadding: 6, labelLimit: 150, labelFlush: false, labelOverlap: "greedy", labelSeparation: 4,
    },
    legend: { labelColor: colour("ink"), labelFontSize: 12, orient: "top", symbolStrokeWidth: 2, labelLimit: 220, columns: width < 480 ? 1 : width < 700 ? 3 : 6 },
    text: { color: colour("ink"), fontSize: 12 },
    line: { strokeWidth: 2 },
    range: { category: [colour("accent"), colour("third"), colour("bad"), colour("good"), colour("soft"), "#8a6fc0", "#3d9aa1", "#c0719b"] },
  });

  const draw = () => Promise.all(places.map((place) => window.vegaEmbed(
    place,
    { width: "container", autosize: { type: "fit-x", contains: "padding" }, ...coloured(specs[place.dataset.chart]) },
    { actions: false, renderer: "svg", ast: true, mode: "vega-lite", config: config(place.clientWidth) }, // ast: no eval, as the page's policy asks
  )));

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw().then(() => document.documentElement.setAttribute("data-drawn", "true"));
})();
