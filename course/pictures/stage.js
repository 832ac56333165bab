// What the moving pictures share: a canvas that stays crisp and follows the theme, shapes,
// numbers as words. Put before the picture's own script; together they are one ES module.

const KINDS = ["ok", "throttled", "failed"];
const REFUSED = { throttled: "throttled", failed: "failed, another error" };

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const ease = (part) => part * part * (3 - 2 * part);
const mix = (a, b, part) => a + (b - a) * part;

const count = (number) => Math.round(number).toLocaleString("en-US");
const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

function size(bytes) {
  for (const unit of ["B", "KiB", "MiB"]) {
    if (bytes < 1024 || unit === "MiB") {
      const digits = unit === "B" || bytes >= 100 ? 0 : 1;
      const number = bytes.toLocaleString("en-US", { maximumFractionDigits: digits });
      return `${number} ${unit}`;
    }
    bytes /= 1024;
  }
}

// Seconds with as many decimals as the whole span deserves.
function clock(time, span) {
  const decimals = span >= 20 ? 1 : span >= 2 ? 2 : 3;
  return time.toFixed(decimals);
}

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// The frame of a picture: caption, canvas, controls, legend, status line.
function frame(el, { title, about }) {
  const canvas = element("canvas", { role: "img", "aria-label": title });
  const controls = element("div", { class: "controls" });
  const legend = element("ul", { class: "legend", "aria-label": "Legend" });
  const status = element("p", { class: "status", role: "status", "aria-live": "polite" });
  const root = element(
    "figure",
    { class: "course-picture" },
    element("figcaption", {}, title),
    element("p", { class: "about" }, about),
    canvas,
    controls,
    legend,
    status,
  );
  // JupyterLab reads plain keys as commands on the cell: arrows leave it, d d deletes it.
  root.addEventListener("keydown", (event) => {
    const plain = !(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey);
    if (plain && !["Escape", "Tab"].includes(event.key)) event.stopPropagation();
  });
  el.append(root);
  return { root, canvas, controls, legend, status };
}

function legendEntry(kind, meaning) {
  const shape = {
    ok: '<circle cx="6" cy="6" r="4" fill="var(--accent)"/>',
    throttled: '<rect x="2" y="2" width="8" height="8" fill="var(--alarm)"/>',
    failed: '<path d="M6 1.5 10.5 10h-9z" fill="var(--fault)"/>',
    tick: '<path d="M6 0v12" stroke="var(--accent)" stroke-width="2"/>',
  }[kind];
  const item = element("li", {}, element("span"));
  item.innerHTML = `<svg viewBox="0 0 12 12" aria-hidden="true">${shape}</svg>`;
  item.append(meaning);
  return item;
}

// Colours as the canvas needs them, read from the style sheet.
function palette(root) {
  const style = getComputedStyle(root);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  const names = [
    "ink", "muted", "paper", "line", "faint", "path", "accent", "spent", "alarm", "fault",
    "cold", "cool", "warm", "hot",
  ];
  const colors = Object.fromEntries(names.map((name) => [name, read(name)]));
  colors.font = style.fontFamily;
  colors.mono = read("jp-code-font-family") || "ui-monospace, monospace";
  return colors;
}

// Whether the paper is dark, whoever chose it: JupyterLab's theme, another host, or the system.
function noticeTheme(root) {
  delete root.dataset.dark;
  const paper = getComputedStyle(root).backgroundColor.match(/[\d.]+/g) ?? [255, 255, 255];
  const [red, green, blue] = paper.map(Number);
  root.dataset.dark = 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}

// Keeps `canvas` as wide as its place and as fine as the screen. `measure(width)` returns the
// height; `draw(context, width, height, colors)` paints. Returns { redraw, stop }.
function stage(root, canvas, measure, draw) {
  const context = canvas.getContext("2d");
  let width = 0;
  let height = 0;
  let colors = null;

  function redraw() {
    if (!width) return;
    const density = window.devicePixelRatio || 1;
    const pixels = [Math.round(width * density), Math.round(height * density)];
    if (canvas.width !== pixels[0] || canvas.height !== pixels[1]) {
      [canvas.width, canvas.height] = pixels;
      canvas.style.height = `${height}px`;
    }
    context.setTransform(density, 0, 0, density, 0, 0);
    context.clearRect(0, 0, width, height);
    context.textBaseline = "middle";
    draw(context, width, height, colors);
  }

  function resize() {
    const room = canvas.clientWidth;
    if (!room) return;
    width = room;
    height = Math.round(measure(width));
    recolor();
  }

  // Not before the first resize: until it stands in the page, an element has no colours.
  function recolor() {
    if (!width) return;
    noticeTheme(root);
    colors = palette(root);
    redraw();
  }

  const sizes = new ResizeObserver(resize);
  const themes = new MutationObserver(recolor);
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  sizes.observe(canvas);
  themes.observe(document.body, {
    attributes: true,
    attributeFilter: ["class", "data-jp-theme-light", "data-jp-theme-name"],
  });
  system.addEventListener("change", recolor);
  return {
    redraw,
    stop() {
      sizes.disconnect();
      themes.disconnect();
      system.removeEventListener("change", recolor);
    },
  };
}

// The shape of an outcome, as a path.
function shape(context, kind, x, y, radius) {
  if (kind === 0) {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  } else if (kind === 1) {
    context.rect(x - radius, y - radius, 2 * radius, 2 * radius);
  } else {
    context.moveTo(x, y - radius * 1.2);
    context.lineTo(x + radius * 1.15, y + radius);
    context.lineTo(x - radius * 1.15, y + radius);
    context.closePath();
  }
}

// One mark of an outcome, on a rim of paper that sets it off from what is below.
function mark(context, colors, kind, x, y, radius) {
  context.fillStyle = kind === "throttled" ? colors.alarm : colors.fault;
  context.strokeStyle = colors.paper;
  context.lineWidth = 1;
  context.beginPath();
  shape(context, KINDS.indexOf(kind), x, y, radius);
  context.stroke();
  context.fill();
}

// The same shape drawn once, to be stamped many times: a quarter of the cost of a path of as many
// arcs where the browser has no graphics card, if it falls on whole pixels.
function stamp(kind, radius, color, rim, rimColor) {
  const density = window.devicePixelRatio || 1;
  const reach = Math.ceil(radius * 1.3 + rim + 1);
  const sheet = element("canvas", { width: 2 * reach * density, height: 2 * reach * density });
  const context = sheet.getContext("2d");
  context.scale(density, density);
  for (const [grown, fill] of [[radius + rim, rimColor], [radius, color]]) {
    context.fillStyle = fill;
    context.beginPath();
    shape(context, kind, reach, reach, grown);
    context.fill();
  }
  const whole = (length) => Math.round((length - reach) * density) / density;
  return (target, x, y) => target.drawImage(sheet, whole(x), whole(y), 2 * reach, 2 * reach);
}

function label(context, text, x, y, font, color, align = "left") {
  context.font = font;
  context.fillStyle = color;
  context.textAlign = align;
  context.fillText(text, x, y);
}

// A number flush right, each digit as wide as any other, so that it does not jitter as it grows.
// Returns its left edge.
function figures(context, text, right, y, font, color) {
  context.font = font;
  context.fillStyle = color;
  context.textAlign = "center";
  const digit = context.measureText("0").width;
  const comma = context.measureText(",").width;
  let x = right;
  for (let place = text.length - 1; place >= 0; place -= 1) {
    const wide = /\d/.test(text[place]) ? digit : comma;
    x -= wide;
    context.fillText(text[place], x + wide / 2, y);
  }
  return x;
}

function pill(context, x, y, width, height, color) {
  if (width <= 0) return;
  context.fillStyle = color;
  context.beginPath();
  context.roundRect(x, y, width, height, Math.min(3, width / 2));
  context.fill();
}
