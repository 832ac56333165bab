// Shard heat: shards down, time across, each cell as dark as the shard was close to its limit.
// Point at a cell, or walk there with the arrow keys, and its numbers are told below.

const MEASURES = ["records", "bytes"];
const ROUND = [1, 2, 5, 10, 15, 20, 30, 60, 120];
const AMOUNT = { records: (number) => plural(number, "record"), bytes: size };
const HINT = "Point at a cell, or walk with the arrow keys, to read its numbers.";

const channels = (color) => [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));

// From nothing (0) to the limit (1), in one hue.
function warmth(colors, share) {
  const stops = [colors.cold, colors.cool, colors.warm, colors.hot].map(channels);
  const place = clamp(share, 0, 1) * 3;
  const left = Math.min(Math.floor(place), 2);
  const rgb = stops[left].map((from, at) => mix(from, stops[left + 1][at], place - left));
  return `rgb(${rgb.map(Math.round).join(" ")})`;
}

function render({ model, el }) {
  const trace = model.get("trace");
  const { shards, columns, seconds, limits } = trace;
  const sum = (row) => row.reduce((total, number) => total + number, 0);
  const totals = shards.map((shard) => ({
    records: sum(shard.records), bytes: sum(shard.bytes),
    throttled: sum(shard.throttled), failed: sum(shard.failed),
  }));
  const refused = ["throttled", "failed"].filter((kind) => totals.some((total) => total[kind] > 0));

  const { root, canvas, controls, legend, status } = frame(el, trace);
  // The canvas is a picture; its holder is what takes the arrow keys.
  const cells = element("div", {
    class: "cells", tabindex: 0, role: "application", "aria-label": "Cells, by arrow keys",
  });
  canvas.replaceWith(cells);
  cells.append(canvas);
  const buttons = MEASURES.map((name) => {
    const button = element("button", { type: "button" }, name[0].toUpperCase() + name.slice(1));
    button.addEventListener("click", () => choose(name));
    return button;
  });
  controls.append(...buttons);
  const meaning = element("span");
  legend.append(element("li", {}, "0", element("span", { class: "ramp" }), meaning));
  for (const kind of refused) legend.append(legendEntry(kind, REFUSED[kind]));

  let measure = trace.measure;
  let plan = null;
  let focus = null; // { lane, column }

  const limit = () => limits[MEASURES.indexOf(measure)];

  function choose(name) {
    measure = name;
    buttons.forEach((button, at) => button.setAttribute("aria-pressed", MEASURES[at] === measure));
    meaning.textContent = `the limit, ${AMOUNT[measure](limit() / seconds)} per second`;
    canvas.setAttribute("aria-label", `${trace.title}, in ${measure}. ${trace.said}`);
    view.redraw();
  }

  function measureUp(width) {
    const row = shards.length <= 6 ? 40 : shards.length <= 12 ? 28 : 18;
    const [number, left] = width < 620 ? [56, 62] : [78, 84];
    const kinds = width < 520 ? refused.slice(0, 1) : refused; // that get a column of numbers
    const room = width - 4 - number * (1 + kinds.length) - left;
    const cell = Math.min(room / columns, 48);
    plan = { row, number, left, kinds, cell, right: width - 4, top: 36 };
    return plan.top + row * shards.length + 30;
  }

  const box = (lane, column) => [
    plan.left + column * plan.cell,
    plan.top + lane * plan.row + 2,
    plan.cell - (plan.cell > 4 ? 1 : 0),
    plan.row - 4,
  ];

  function draw(context, width, height, colors) {
    shards.forEach((shard, lane) => {
      drawNumbers(context, colors, shard, lane);
      for (let column = 0; column < columns; column += 1) {
        if (!shard.open[column]) continue;
        context.fillStyle = warmth(colors, shard[measure][column] / limit());
        context.fillRect(...box(lane, column));
      }
    });
    const radius = clamp((plan.cell - 1.5) / 2, 1.75, 4);
    shards.forEach((shard, lane) => {
      for (let column = 0; column < columns; column += 1) {
        const kind = refused.find((name) => shard[name][column]);
        const [x, y, wide, high] = box(lane, column);
        if (kind) mark(context, colors, kind, x + wide / 2, y + high / 2, radius);
      }
    });
    drawHeads(context, colors);
    drawTicks(context, colors, height - 16);
    if (focus) drawFocus(context, colors, box(focus.lane, focus.column));
  }

  function drawHeads(context, colors) {
    [measure, ...plan.kinds].forEach((name, column) => {
      const x = plan.right - plan.number * column;
      label(context, name, x, plan.top - 14, `11px ${colors.font}`, colors.muted, "right");
    });
  }

  function drawNumbers(context, colors, shard, lane) {
    const y = plan.top + (lane + 0.5) * plan.row;
    const strong = `600 13px ${colors.font}`;
    const total = totals[lane];
    label(context, shard.label, 0, y, strong, shard.closed ? colors.muted : colors.ink);
    if (measure === "bytes") {
      label(context, size(total.bytes), plan.right, y, strong, colors.ink, "right");
    } else {
      figures(context, count(total.records), plan.right, y, strong, colors.ink);
    }
    plan.kinds.forEach((kind, column) => {
      if (!total[kind]) return;
      const x = plan.right - plan.number * (column + 1);
      const edge = figures(context, count(total[kind]), x, y, `13px ${colors.font}`, colors.ink);
      mark(context, colors, kind, edge - 10, y, 4);
    });
  }

  function drawFocus(context, colors, [x, y, wide, high]) {
    for (const [line, color] of [[4, colors.paper], [2, colors.ink]]) {
      context.strokeStyle = color;
      context.lineWidth = line;
      context.strokeRect(x - 1, y - 1, wide + 2, high + 2);
    }
  }

  function drawTicks(context, colors, y) {
    const step = ROUND.find((each) => each * plan.cell >= 48 && columns / each <= 7) ?? columns;
    for (let column = 0; column < columns; column += step) {
      const x = plan.left + column * plan.cell;
      const align = column ? "center" : "left";
      label(context, span(column * seconds), x, y, `11px ${colors.font}`, colors.muted, align);
    }
  }

  function span(time) {
    return time >= 120 ? `${+(time / 60).toFixed(1)} min` : `${+time.toPrecision(3)} s`;
  }

  function describe({ lane, column }) {
    const shard = shards[lane];
    const when = `${span(column * seconds)} to ${span((column + 1) * seconds)}`;
    if (!shard.open[column]) return `${shard.label}, ${when}: not open.`;
    const share = (name, at) => {
      const part = Math.round((100 * shard[name][column]) / limits[at]);
      return `${AMOUNT[name](shard[name][column])} (${part} % of the limit)`;
    };
    const words = MEASURES.map(share);
    for (const kind of refused) {
      if (shard[kind][column]) words.push(`${count(shard[kind][column])} ${kind}`);
    }
    return `${shard.label}, ${when}: ${words.join(", ")}.`;
  }

  function look(cell) {
    focus = cell;
    status.textContent = cell ? describe(cell) : HINT;
    view.redraw();
  }

  function under(event) {
    const corner = canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - corner.left - plan.left) / plan.cell);
    const lane = Math.floor((event.clientY - corner.top - plan.top) / plan.row);
    const inside = lane >= 0 && lane < shards.length && column >= 0 && column < columns;
    return inside ? { lane, column } : null;
  }

  const same = (a, b) => a?.lane === b?.lane && a?.column === b?.column;
  const hover = (event) => {
    const cell = under(event);
    if (!same(cell, focus)) look(cell);
  };
  canvas.addEventListener("pointermove", hover);
  canvas.addEventListener("pointerdown", hover);
  canvas.addEventListener("pointerleave", () => look(null));

  const moves = {
    ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0],
    Home: [0, -Infinity], End: [0, Infinity],
  };
  cells.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    if (!move && event.key !== "Escape") return;
    event.preventDefault();
    if (!move) return look(null);
    const from = focus ?? { lane: 0, column: 0 };
    const [down, right] = focus ? move : [0, 0];
    look({
      lane: clamp(from.lane + down, 0, shards.length - 1),
      column: clamp(from.column + right, 0, columns - 1),
    });
  });
  cells.addEventListener("blur", () => look(null));

  const view = stage(root, canvas, measureUp, draw);
  choose(measure);
  look(null);
  return () => view.stop();
}

export { warmth };
export default { render };
