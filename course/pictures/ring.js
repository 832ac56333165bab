// The hash ring, replayed: records leave the producer, meet the ring at their hash and run into
// that shard's lane; what is throttled falls off.

const FALL = 1.0; // seconds a refused record takes to fall out of sight
const FADE = 0.5; // seconds a shard takes to appear or to go
const FEW_DOTS = 60; // up to here each record carries its partition key
const FEW_KEYS = 12; // up to here the ring names the keys it has seen
const FEW_RECORDS = 40; // up to here a lane shows its records one by one
const FEW_TICKS = 60; // up to here the marks on the ring are bold
const MOST_TICKS = 240;
const MOST_LANES = 12; // more get one line each
const PARTS = 1e6; // places travel as whole numbers of this many parts
const TURN = 2 * Math.PI;

// The counts per shard after each step of the replay, and how to ask for them. A place is where
// a moment stands in the replay, 0..1.
function prepare(trace) {
  const { steps, places, times } = trace;
  const names = ["records", "bytes", "throttled", "failed"];
  const totals = trace.counts.map((flat) => {
    const shard = {};
    names.forEach((name, column) => {
      const sums = new Float64Array(steps + 1);
      for (let at = 0; at < flat.length; at += 5) sums[flat[at] + 1] = flat[at + 1 + column];
      for (let step = 1; step <= steps; step += 1) sums[step] += sums[step - 1];
      shard[name] = sums;
    });
    return shard;
  });

  // Between two steps the count lies between theirs.
  function counted(shard, name, place) {
    const step = clamp(place, 0, 1) * steps;
    const low = Math.min(Math.floor(step), steps - 1);
    const sums = totals[shard][name];
    return mix(sums[low], sums[low + 1], step - low);
  }

  // Seconds of the trace at a place.
  function moment(place) {
    const right = places.findIndex((knot, at) => at > 0 && knot >= place);
    const left = right - 1;
    const part = (place - places[left]) / (places[right] - places[left]);
    return mix(times[left], times[right], part);
  }

  const ends = (name) => totals.map((shard) => shard[name][steps]);
  const refused = ["throttled", "failed"].filter((name) => ends(name).some(Boolean));
  return { counted, moment, refused, most: Math.max(0, ...ends("records")) };
}

// Where everything stands on a canvas this wide. The ring is cut at the left: so it unrolls into
// lanes on the right and no two paths cross.
function layOut(width, lanes, kinds, few) {
  const radius = clamp(width * 0.137, 62, 140);
  const row = lanes <= 6 ? 54 : lanes <= MOST_LANES ? 42 : 24;
  const height = Math.max(lanes * row + 44, radius * 2.9 + 12);
  const x = radius * 1.43 + 6;
  const y = height / 2;
  const left = x + radius + clamp(width * 0.11, 44, 130);
  const right = width - 4;
  // Columns of numbers: the records, then what was refused, as far as there is room.
  const columns = clamp(Math.floor((right - left - 58) / 56), 1, 1 + kinds);
  const number = Math.min(78, (right - left - 58) / columns);
  const oneLine = lanes > MOST_LANES;
  const middle = (lane) => y + 8 + row * (lane + 0.5 - lanes / 2);
  return {
    height, radius, left, right, number, columns, oneLine,
    thick: radius * 0.13,
    center: [x, y],
    roomy: width >= 620,
    track: oneLine
      ? { x: left + 70, width: right - number * columns - left - 78, height: 8 }
      : { x: left, width: right - left, height: few ? 16 : 10 },
    lineY: (lane) => middle(lane) - (oneLine ? 0 : 11), // of a lane's words
    trackY: (lane) => middle(lane) + (oneLine ? 0 : 10), // the middle of its track
    at(place, distance) {
      const angle = Math.PI + TURN * place;
      return [x + distance * Math.cos(angle), y + distance * Math.sin(angle)];
    },
  };
}

// The way of a record whose hash stands at `place`, into a lane whose shard's range has its
// middle at `middle`, and on by `run` pixels. Gives `point(part)` for part 0..1 of the way, and
// `hit`, the part where it meets the ring.
function route(plan, place, middle, lane, run) {
  const { radius, thick, at } = plan;
  const rim = radius + thick / 2;
  // From the left half it first climbs to a rail round the ring, to the top or to the bottom.
  const leaves = clamp(place, 0.25, 0.75);
  const rail = radius * (1.19 + 0.8 * Math.max(Math.abs(middle - 0.5) - 0.25, 0));
  const climb = (part) => mix(rim, rail, ease(Math.min(part * 1.5, 1)));
  const [x, y] = at(leaves, leaves === place ? rim : rail);
  const [endX, endY] = [plan.left - 6, plan.trackY(lane)];
  const arc = Math.abs(leaves - place) * TURN * (rim + rail) * 0.5;
  const around = arc && Math.hypot(arc, rail - rim);
  const across = Math.hypot(endX - x, endY - y) * 1.06;
  const total = rim + around + across + run;

  function point(part) {
    let rest = part * total;
    if (rest <= rim) return at(place, rest);
    rest -= rim;
    if (rest < around) return at(mix(place, leaves, rest / around), climb(rest / around));
    rest -= around;
    if (rest >= across) return [endX + Math.min(rest - across, run), endY];
    // A Bézier curve that leaves and arrives level.
    const t = rest / across;
    const u = 1 - t;
    const bend = (endX - x) * 0.55;
    const [a, b, c, d] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
    return [a * x + b * (x + bend) + c * (endX - bend) + d * endX, (a + b) * y + (c + d) * endY];
  }

  return { point, hit: rim / total };
}

function render({ model, el }) {
  const trace = model.get("trace");
  const { dots, shards } = trace;
  const { counted, moment, refused, most } = prepare(trace);
  const few = most <= FEW_RECORDS;
  const amount = dots.place.length;
  const named = dots.key.length > 0; // whether the partition keys were sent
  const carried = named && amount <= FEW_DOTS;
  const flight = carried ? 1.7 : 1.2; // seconds from the producer to the lane
  const middles = shards.map((shard) => (shard.from + shard.to) / 2);
  const keysIn = shards.map((_, lane) =>
    dots.key
      .filter((_, dot) => dots.shard[dot] === lane && dots.kind[dot] === 0)
      .map((key) => trace.keys[key]));

  const parts = frame(el, trace);
  const each = trace.each > 1 ? `one dot for ${count(trace.each)} records` : "a record";
  parts.legend.append(legendEntry("ok", each), legendEntry("tick", "hash of a partition key"));
  for (const kind of refused) parts.legend.append(legendEntry(kind, REFUSED[kind]));

  let plan = null;
  let routes = []; // of the dots
  let ticks = []; // on the ring, in its order: { place, when, name }
  let hottest = 1; // records per second on screen
  let stamps = {};

  const due = (dot) => (dots.place[dot] / PARTS) * film.length;
  const placeNow = () => clamp(film.now / film.length, 0, 1);
  const taken = (lane, name) => counted(lane, name, placeNow());

  // How far a shard has come into the picture, and gone from the ring: 0..1.
  function presence({ opened, closed }) {
    // What happened before the replay began (place 0) is not shown happening.
    const since = (place) =>
      place > 0 ? ease(clamp((film.now - place * film.length) / FADE, 0, 1)) : 1;
    return { come: since(opened), gone: closed === null ? 0 : since(closed) };
  }

  // Records per second on screen, smoothed over the last second or so.
  function heat(lane, now) {
    const before = (seconds) => counted(lane, "records", (now - seconds) / film.length);
    const rates = [0.4, 0.8, 1.2].map((seconds) => (before(0) - before(seconds)) / seconds);
    return (rates[0] + rates[1] + rates[2]) / 3;
  }

  // What depends on the width or the length of the replay, and not on the moment.
  function arrange() {
    const step = plan.track.width / Math.max(most, 10);
    const landed = shards.map(() => 0);
    routes = dots.hash.map((hash, dot) => {
      const lane = dots.shard[dot];
      let run = 0;
      if (few && !plan.oneLine && dots.kind[dot] === 0) {
        run = 6 + step * (landed[lane] + 0.5);
        landed[lane] += 1;
      }
      return route(plan, hash / PARTS, middles[lane], lane, run);
    });
    ticks = arrangeTicks();
    hottest = 1e-9;
    for (let now = 0; now <= film.length; now += film.length / 200) {
      shards.forEach((_, lane) => { hottest = Math.max(hottest, heat(lane, now)); });
    }
  }

  function arrangeTicks() {
    const seen = new Map();
    for (let dot = 0; dot < amount; dot += 1) {
      const place = dots.hash[dot] / PARTS;
      const when = due(dot) - (dots.kind[dot] === 0 ? flight * (1 - routes[dot].hit) : 0);
      if (seen.get(place)?.when <= when) continue;
      seen.set(place, { place, when, key: named ? trace.keys[dots.key[dot]] : "", name: "" });
    }
    const all = [...seen.values()].sort((a, b) => a.place - b.place);
    const kept = all.filter((_, at) => at % Math.ceil(all.length / MOST_TICKS) === 0);
    if (trace.keys.length > FEW_KEYS) return kept;
    // Names, where they do not run into the one before.
    let free = -1;
    for (const tick of kept) {
      const name = tick.key.length > 8 ? `${tick.key.slice(0, 7)}…` : tick.key;
      const half = (3.4 * name.length + 1.5) / (TURN * (plan.radius + plan.thick / 2 + 9));
      if (tick.place - half < free) continue;
      tick.name = name;
      free = tick.place + half;
    }
    return kept;
  }

  function draw(context, width, height, colors) {
    const states = shards.map(presence);
    drawPaths(context, colors, states);
    drawRing(context, colors, states);
    drawTicks(context, colors);
    drawHeads(context, colors);
    shards.forEach((shard, lane) => drawLane(context, colors, shard, lane, states[lane]));
    drawDots(context, colors);
    drawNames(context, colors, states);
  }

  function drawPaths(context, colors, states) {
    context.strokeStyle = colors.path;
    context.lineWidth = 1.25;
    states.forEach(({ come, gone }, lane) => {
      context.globalAlpha = come * (1 - gone);
      const { point, hit } = route(plan, middles[lane], middles[lane], lane, 0);
      context.beginPath();
      for (let step = 0; step <= 64; step += 1) {
        context.lineTo(...point(mix(hit, 1, step / 64)));
      }
      context.stroke();
    });
    context.globalAlpha = 1;
  }

  function drawRing(context, colors, states) {
    const { radius, thick, center } = plan;
    const arc = ({ from, to }, distance, wide, color, alpha) => {
      const gap = to - from > 0.01 && to - from < 1 ? 1 / distance : 0;
      context.globalAlpha = alpha;
      context.strokeStyle = color;
      context.lineWidth = wide;
      context.beginPath();
      context.arc(
        ...center, distance, Math.PI + TURN * from + gap, Math.PI + TURN * to - gap,
      );
      context.stroke();
    };
    shards.forEach((shard, lane) => {
      const { come, gone } = states[lane];
      const open = come * (1 - gone);
      const warm = clamp(heat(lane, film.now) / hottest, 0, 1);
      arc(shard, radius, thick, colors.line, open);
      arc(shard, radius, thick, colors.accent, 0.35 * warm * open);
      arc(shard, radius - thick - 3, 4, colors.faint, gone);
    });
    context.globalAlpha = 1;
  }

  function drawTicks(context, colors) {
    const { radius, thick, at } = plan;
    const font = `600 11px ${colors.font}`;
    const bold = ticks.length <= FEW_TICKS;
    context.strokeStyle = colors.accent;
    context.lineWidth = bold ? 2 : 1;
    context.globalAlpha = bold ? 1 : 0.45;
    context.beginPath();
    for (const { place, when, name } of ticks) {
      if (when > film.now) continue;
      context.moveTo(...at(place, radius - thick / 2));
      context.lineTo(...at(place, radius + thick / 2));
      const spot = at(place, radius + thick / 2 + 9);
      if (name) label(context, name, ...spot, font, colors.accent, "center");
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  function drawHeads(context, colors) {
    const y = plan.lineY(0) - 21;
    ["records", ...refused].slice(0, plan.columns).forEach((name, column) => {
      const x = plan.right - plan.number * column;
      label(context, name, x, y, `11px ${colors.font}`, colors.muted, "right");
    });
  }

  function drawLane(context, colors, shard, lane, { come, gone }) {
    if (!come) return;
    const { left, right, number, oneLine, roomy } = plan;
    const y = plan.lineY(lane);
    const closed = gone > 0.5;
    const strong = `600 13px ${colors.font}`;
    const records = taken(lane, "records");
    context.globalAlpha = come;
    label(context, shard.label, left, y, strong, closed ? colors.muted : colors.ink);
    if (!oneLine) {
      const about = [roomy ? shard.range : "", closed ? "closed" : ""].filter(Boolean).join("  ");
      label(context, about, left + 62, y, `11px ${colors.mono}`, colors.muted);
    }
    const color = records >= 0.5 ? colors.ink : colors.muted;
    figures(context, count(records), right, y, strong, color);
    refused.slice(0, plan.columns - 1).forEach((kind, column) => {
      const fell = taken(lane, kind);
      if (fell < 0.5) return;
      const x = right - number * (column + 1);
      const edge = figures(context, count(fell), x, y, `13px ${colors.font}`, colors.ink);
      mark(context, colors, kind, edge - 10, y, 4);
    });
    drawTrack(context, colors, lane, records, closed ? colors.spent : colors.accent);
    context.globalAlpha = 1;
  }

  function drawTrack(context, colors, lane, records, color) {
    const { x, width, height } = plan.track;
    const middle = plan.trackY(lane);
    const y = middle - height / 2;
    if (records < 0.5) {
      context.strokeStyle = colors.line;
      context.lineWidth = 1;
      context.setLineDash([3, 3]);
      context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
      context.setLineDash([]);
      return;
    }
    pill(context, x, y, width, height, colors.faint);
    if (!few) {
      pill(context, x, y, (width * records) / most, height, color);
      return;
    }
    const step = width / Math.max(most, 10);
    const font = `11px ${colors.font}`;
    for (let cell = 0; cell < Math.round(records); cell += 1) {
      const left = x + cell * step;
      pill(context, left, y, step - 2, height, color);
      const key = keysIn[lane][cell] ?? "";
      context.font = font;
      if (height < 16 || context.measureText(key).width > step - 8) continue;
      label(context, key, left + step / 2 - 1, middle + 0.5, font, colors.paper, "center");
    }
  }

  // Stamps for the outcomes, cut anew when theme or screen change.
  function cutStamps(colors) {
    if (stamps.colors !== colors || stamps.density !== window.devicePixelRatio) {
      const radius = amount > 600 ? 2.6 : 3.6;
      stamps = {
        colors,
        density: window.devicePixelRatio,
        made: [
          stamp(0, radius, colors.accent, 1.2, colors.paper),
          stamp(1, radius + 0.8, colors.alarm, 0, colors.alarm),
          stamp(2, radius + 0.8, colors.fault, 0, colors.fault),
        ],
      };
    }
    return stamps.made;
  }

  function drawDots(context, colors) {
    const made = cutStamps(colors);
    const { center, radius } = plan;
    const flying = [];
    for (let dot = firstDue(film.now - FALL); dot < amount; dot += 1) {
      const left = due(dot) - film.now; // seconds until it is taken, or since it was refused
      if (left > flight) break;
      const { point, hit } = routes[dot];
      const kind = dots.kind[dot];
      if (left > 0) {
        // A refused record flies like any other until it meets the ring.
        const part = kind === 0 ? 1 - left / flight : hit * (1 - left / (flight * 0.45));
        if (part > 0) flying.push([...point(part), dot]);
      } else if (kind !== 0 && left > -FALL) {
        const [x, y] = point(hit);
        const [outX, outY] = [(x - center[0]) / radius, (y - center[1]) / radius];
        context.globalAlpha = clamp((FALL + left) / (FALL * 0.5), 0, 1);
        const drop = 50 * (outY - 0.5) * -left + 190 * left * left;
        made[kind](context, x - 64 * outX * left, y + drop);
      }
    }
    context.globalAlpha = 1;
    for (const [x, y] of flying) made[0](context, x, y);
    if (!carried) return;
    for (const [x, y, dot] of flying) {
      const landing = x > plan.left;
      const spot = landing ? [x, y + 16] : [x + 7, y - 9];
      const align = landing ? "center" : "left";
      const key = trace.keys[dots.key[dot]];
      label(context, key, ...spot, `600 12px ${colors.font}`, colors.ink, align);
    }
  }

  // The first dot due at `now` or later.
  function firstDue(now) {
    let [low, high] = [0, amount];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (due(middle) < now) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // Over the dots, with a rim of paper, so that a busy stream does not hide them.
  function drawNames(context, colors, states) {
    const { radius, thick, at, center } = plan;
    const write = (text, [x, y], font, color) => {
      context.font = font;
      context.textAlign = "center";
      context.strokeText(text, x, y);
      label(context, text, x, y, font, color, "center");
    };
    context.strokeStyle = colors.paper;
    context.lineWidth = 4;
    context.lineJoin = "round";
    const isOpen = ({ come, gone }) => come * (1 - gone) > 0.5;
    const open = [...shards.keys()].filter((lane) => isOpen(states[lane]));
    const inFull = open.length <= 8 && radius >= 84;
    for (const lane of open.length <= 32 ? open : []) {
      const text = inFull ? shards[lane].label : shards[lane].label.replace(/^shard /, "");
      const spot = at(middles[lane], radius - thick - (inFull ? 31 : 12));
      write(text, spot, `11px ${colors.font}`, colors.ink);
    }
    open.forEach((lane, place) => {
      // A border is named where it has room between the names of its neighbours.
      const gap = middles[lane] - middles[open.at(place - 1)];
      if (!inFull || (gap + 1) % 1 < 0.2) return;
      const digits = `${shards[lane].range.slice(0, 4)}…`;
      const spot = at(shards[lane].from, radius - thick - 18);
      write(digits, spot, `10px ${colors.mono}`, colors.muted);
    });
    write("producer", [center[0], center[1] + 17], `11px ${colors.font}`, colors.muted);
    context.fillStyle = colors.ink;
    context.beginPath();
    context.arc(...center, 5, 0, TURN);
    context.fill();
  }

  function words() {
    const lanes = shards
      .map((shard, lane) => ({
        name: shard.label + (presence(shard).gone > 0.5 ? " (closed)" : ""),
        here: presence(shard).come > 0.5,
        records: Math.round(taken(lane, "records")),
        fell: refused
          .map((kind) => [Math.round(taken(lane, kind)), kind])
          .filter(([number]) => number > 0)
          .map(([number, kind]) => `, ${count(number)} ${kind}`)
          .join(""),
      }))
      .filter(({ here }) => here);
    const told = lanes.length <= 6
      ? lanes
      : [...lanes].sort((a, b) => b.records - a.records).slice(0, 3);
    const lead = told.length < lanes.length ? `${lanes.length} shards, the fullest ` : "";
    const each = told.map((lane) => `${plural(lane.records, "record")} in ${lane.name}${lane.fell}`);
    return `At ${clock(moment(placeNow()), trace.busy)} s: ${lead}${each.join("; ")}.`;
  }

  const reel = { title: trace.title, seconds: trace.seconds, lead: flight, tail: FALL };
  const film = player(parts, reel, {
    draw: () => view.redraw(),
    time: () => {
      const [now, end] = [moment(placeNow()), trace.duration];
      return `${clock(now, trace.busy)} of ${clock(end, trace.busy)} s`;
    },
    words,
    rescale: () => plan && arrange(),
  });
  const measure = (width) => {
    plan = layOut(width, shards.length, refused.length, few);
    arrange();
    return plan.height;
  };
  const view = stage(parts.root, parts.canvas, measure, draw);
  film.start();

  return () => {
    film.stop();
    view.stop();
  };
}

export { layOut, prepare, route };
export default { render };
