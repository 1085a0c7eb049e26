// Maps: `data-map` names the element with the points as JSON. The list beside a map says the same, so nothing is lost
// without it. Points near each other on the screen are one, that opens when one zooms in.
"use strict";

const CELL = 48; // pixels: a finger

for (const box of document.querySelectorAll("[data-map]")) { draw(box); }

function draw(box) {
  const read = () => JSON.parse(document.getElementById(box.dataset.map)?.textContent || "[]");
  let points = read();
  const part = box.closest(".map-block");
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(box, {
    zoomControl: false, attributionControl: Boolean(box.dataset.bron), maxZoom: 15, minZoom: 6,
    zoomAnimation: !still, fadeAnimation: !still, markerZoomAnimation: !still, inertia: !still,
    scrollWheelZoom: false,
  });
  L.control.zoom({ zoomInTitle: box.dataset.in, zoomOutTitle: box.dataset.uit }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  if (box.dataset.tegels) { L.tileLayer(box.dataset.tegels, { attribution: box.dataset.bron }).addTo(map); }
  borders(box, map);
  const layer = L.layerGroup().addTo(map);

  const fit = () => {
    if (points.length) { map.fitBounds(points.map((p) => [p.lat, p.lon]), { padding: [32, 32], maxZoom: 13 }); }
  };
  const show = () => {
    const focused = box.contains(document.activeElement) && document.activeElement.dataset.key;
    layer.clearLayers();
    for (const [key, group] of cells(map, points)) { layer.addLayer(marker(map, box, group, key)); }
    // What was focused may be in parts now: then the first of all points is.
    if (focused) { (box.querySelector(`[data-key="${CSS.escape(focused)}"]`) || box.querySelector(".map__point"))?.focus(); }
  };
  fit();
  map.on("zoomend", show);
  show();

  // The list was fetched again: the points with it.
  document.addEventListener("htmx:afterSettle", () => {
    const now = read();
    if (JSON.stringify(now) === JSON.stringify(points)) { return; }
    points = now;
    part.hidden = points.length === 0;
    map.invalidateSize();
    show();
  });
}

// Of the gemeenten of the region, where somebody read them in; they cannot be clicked and have no place in the tab order.
function borders(box, map) {
  const areas = JSON.parse(document.getElementById(box.dataset.grenzen)?.textContent || "[]");
  for (const area of areas) {
    L.polygon(area.ringen, { className: "map__border", interactive: false, weight: 2 }).addTo(map);
  }
}

// The points that a finger could not tell apart together, the same wherever the map was moved to: those of one square of
// the screen, and then what still lies too near each other, until nothing does. Each by a key that stays.
function cells(map, points) {
  const found = new Map();
  for (const point of points) {
    const at = map.project([point.lat, point.lon]);
    const key = `${Math.floor(at.x / CELL)}:${Math.floor(at.y / CELL)}`;
    found.set(key, [...(found.get(key) || []), point]);
  }
  for (let near = nearest(map, found); near; near = nearest(map, found)) {
    found.set(near[0], [...found.get(near[0]), ...found.get(near[1])]);
    found.delete(near[1]);
  }
  return found;
}

// The keys of two groups of which the middles lie less than a finger apart.
function nearest(map, groups) {
  const middles = [...groups].map(([key, group]) => [key, map.project(middle(group))]);
  for (const [at, [one, here]] of middles.entries()) {
    const other = middles.slice(at + 1).find(([, there]) => here.distanceTo(there) < CELL);
    if (other) { return [one, other[0]]; }
  }
  return null;
}

function middle(group) { return [mean(group.map((p) => p.lat)), mean(group.map((p) => p.lon))]; }

function marker(map, box, group, key) {
  const one = group.length === 1;
  const title = one ? `${group[0].naam}, ${group[0].uitleg}` : `${group.length} ${box.dataset.samen}`;
  const icon = L.divIcon({
    className: one ? "map__point" : "map__point map__point--more", html: one ? "" : String(group.length),
    iconSize: one ? [28, 28] : [44, 44],
  });
  const made = L.marker(middle(group), { icon, title, keyboard: true });
  const bounds = L.latLngBounds(group.map((p) => [p.lat, p.lon]));
  const opens = !one && map.getZoom() < map.getMaxZoom() && bounds.getNorthEast().distanceTo(bounds.getSouthWest()) > 1;
  if (opens) {
    const open = () => map.fitBounds(bounds, { padding: [48, 48], maxZoom: Math.max(map.getZoom() + 2, 13) });
    made.on("click", open);
    // Of the keys Leaflet only opens a popup by itself.
    made.on("keypress", (event) => { if (event.originalEvent.key === "Enter") { open(); } });
  } else {
    made.bindPopup(() => popup(group, box.dataset.naar));
  }
  made.on("add", () => {
    const element = made.getElement();
    element.dataset.key = key;
    element.setAttribute("aria-label", title);
  });
  return made;
}

function popup(group, naar) {
  const list = document.createElement("div");
  for (const point of group) {
    const name = document.createElement("strong");
    name.textContent = point.naam;
    const line = document.createElement("p");
    line.append(name, document.createElement("br"), point.uitleg);
    const link = document.createElement("a");
    link.href = point.naar;
    link.textContent = naar;
    link.className = "utrecht-link utrecht-link--html-a";
    list.append(line, link);
  }
  return list;
}

function mean(numbers) { return numbers.reduce((sum, one) => sum + one, 0) / numbers.length; }
