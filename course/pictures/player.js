// Play, pause, scrub and speed, for a picture that is a function of one moment. `film.now` runs
// from -lead to film.length + tail, in seconds on screen; at 0 the trace begins, at film.length it
// has ended. Scrubbing back is as good as playing.

const SPEEDS = [["Slow", 2], ["Normal", 1], ["Fast", 0.5], ["Very fast", 0.25]];
const CLOCK_EVERY = 80; // milliseconds: slider and clock cost a layout of the page
const LABEL_EVERY = 1000; // milliseconds: the canvas's label, for who asks while it plays

// `parts` are those of `frame`. `show` says what to do: draw(), time() and words() for the moment,
// rescale() when the length has changed.
function player(parts, { title, seconds, lead, tail }, show) {
  const { canvas, controls, status } = parts;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const film = { now: calm ? seconds + tail : -lead, length: seconds, stop };
  let playing = false;
  let begun = calm; // it starts by itself once
  let inSight = false;
  let request = 0;
  let last = 0;
  let clockAt = 0;
  let labelAt = 0;

  const button = element("button", { type: "button" });
  const slider = element("input", {
    type: "range", min: 0, max: 1, step: "any", "aria-label": "Moment of the replay",
  });
  const time = element("span", { class: "clock" });
  const speed = element("select", { "aria-label": "Speed of the replay" });
  for (const [name, factor] of SPEEDS) {
    const lasts = Math.round(seconds * factor);
    const option = element("option", { value: factor }, `${name}, ${lasts} s`);
    option.selected = factor === 1;
    speed.append(option);
  }
  controls.append(button, slider, time, speed);

  const end = () => film.length + tail;

  function tick() {
    slider.value = (film.now + lead) / (end() + lead);
    time.textContent = show.time();
  }

  const name = () => canvas.setAttribute("aria-label", `${title}. ${show.words()}`);

  // For those who do not see the canvas: told when it rests, not with every frame.
  function announce() {
    name();
    slider.setAttribute("aria-valuetext", time.textContent);
    status.textContent = show.words();
  }

  function paint() {
    tick();
    show.draw();
    button.textContent = playing ? "Pause" : film.now >= end() ? "Replay" : "Play";
  }

  function step(moment) {
    film.now = Math.min(film.now + Math.min((moment - last) / 1000, 0.1), end());
    last = moment;
    show.draw();
    if (moment - clockAt > CLOCK_EVERY) {
      clockAt = moment;
      tick();
    }
    if (moment - labelAt > LABEL_EVERY) {
      labelAt = moment;
      name();
    }
    if (film.now >= end()) pause();
    else request = requestAnimationFrame(step);
  }

  function run() {
    cancelAnimationFrame(request);
    if (!playing || !inSight) return;
    last = performance.now();
    request = requestAnimationFrame(step);
  }

  function play() {
    if (film.now >= end()) film.now = -lead;
    playing = begun = true;
    status.textContent = "";
    paint();
    run();
  }

  function halt() {
    playing = false;
    cancelAnimationFrame(request);
    paint();
  }

  function pause() {
    halt();
    announce();
  }

  button.addEventListener("click", () => (playing ? pause() : play()));
  slider.addEventListener("input", () => {
    begun = true;
    film.now = mix(-lead, end(), Number(slider.value));
    halt();
  });
  slider.addEventListener("change", announce);
  speed.addEventListener("change", () => {
    const length = seconds * Number(speed.value);
    if (film.now > 0) film.now = Math.min((film.now * length) / film.length, length + tail);
    film.length = length;
    show.rescale();
    paint();
  });

  // Starts when it is first seen; rests while it is out of sight.
  const sight = new IntersectionObserver(([entry]) => {
    inSight = entry.isIntersecting;
    if (inSight && !begun) play();
    else run();
  }, { threshold: 0.25 });

  film.start = () => {
    paint();
    announce();
    sight.observe(canvas);
  };

  function stop() {
    cancelAnimationFrame(request);
    sight.disconnect();
  }

  return film;
}
