// What all pages share: reading what the page holds, charts in its colours, and what people choose by.

/** Return the bytes that an element of the page holds as base64 of gzip, and take them out of it. */
async function unzipped(id) {
  const element = document.getElementById(id);
  const bytes = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
  element.remove();
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

/** Return what `pack` packed: of arrays views, of those with two dimensions a list of rows. */
function unpacked(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const start = Math.ceil((4 + length) / 8) * 8;
  const types = { f4: Float32Array, f8: Float64Array, i4: Int32Array, u2: Uint16Array };
  return JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)), (key, value) => {
    if (!value || !value.$) return value;
    const [kind, place, shape] = value.$;
    const all = new types[kind](buffer, start + place, shape.reduce((product, one) => product * one, 1));
    if (shape.length === 1) return all;
    return Array.from({ length: shape[0] }, (_, row) => all.subarray(row * shape[1], (row + 1) * shape[1]));
  });
}

/** Return a text of a user as Plotly shows it letter by letter, without what it takes for markup. */
const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const withUnit = (label, unit) => plain(unit ? `${label} [${unit}]` : label);
const digits = (value, count = 4) =>
  value === null || !Number.isFinite(value) ? "–" : String(Number(value.toPrecision(count)));

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// --- charts ---------------------------------------------------------------------------------------

const drawings = new Map();
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const isNarrow = () => window.innerWidth < 640;

/** Let `make` say what a chart shows, {traces, layout}: drawn once it comes into sight, and again at each `redraw`. */
function chart(parent, name, make) {
  const place = element("div", { class: "chart", id: name, role: "figure", "aria-label": name.replaceAll("-", " ") });
  parent.append(place);
  drawings.set(place, { make, drawn: false });
  inSight.observe(place);
  return place;
}

function redraw(place) {
  if (drawings.get(place).drawn) draw(place);
}

function draw(place) {
  const drawing = drawings.get(place);
  drawing.drawn = true;
  inSight.unobserve(place);
  const { traces, layout } = drawing.make();
  const text = colour("text");
  const line = { gridcolor: colour("grid"), linecolor: colour("line"), zerolinecolor: colour("line"), tickcolor: colour("line"), automargin: true };
  const whole = {
    font: { family: "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", size: isNarrow() ? 11 : 12.5, color: text },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 56, r: 12, t: 26, b: 44 },
    hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: text } },
    ...layout,
  };
  for (const axis of Object.keys(whole).filter((key) => /^[xy]axis\d*$/.test(key))) whole[axis] = { ...line, ...whole[axis] };
  if (whole.height) place.style.minHeight = `${whole.height}px`;
  const options = { responsive: true, displaylogo: false, displayModeBar: isNarrow() ? false : "hover", modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"], toImageButtonOptions: { format: "svg", filename: place.id } };
  return Plotly.react(place, traces, whole, options);
}

const inSight = new IntersectionObserver(
  (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => draw(entry.target)),
  { rootMargin: "500px" },
);
const redrawAll = () => drawings.forEach((drawing, place) => redraw(place));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
matchMedia("(max-width: 640px)").addEventListener("change", redrawAll);
// a chart keeps its width on paper, so that it has to be no wider than a sheet
const SHEET = 680;
window.addEventListener("beforeprint", () => {
  for (const place of drawings.keys()) {
    draw(place);
    Plotly.relayout(place, { width: Math.min(SHEET, place.clientWidth) });
  }
});
window.addEventListener("afterprint", () => {
  for (const place of drawings.keys()) Plotly.relayout(place, { width: null, autosize: true });
});

// --- what people choose by ------------------------------------------------------------------------

/** A list to choose one of `options` [value, words] from. */
function choice(parent, words, options, first, act) {
  const list = element("select", { onchange: () => act(list.value) });
  for (const [value, name] of options) list.append(element("option", { value }, name));
  list.value = first;
  parent.append(element("label", {}, words, list));
  return list;
}

/** Buttons of which one is pressed. */
function switches(parent, words, options, first, act) {
  const group = element("div", { class: "group", role: "group", "aria-label": words }, element("span", {}, words));
  for (const [value, name] of options) {
    const button = element("button", { type: "button", "data-value": value, "aria-pressed": value === first }, name);
    button.addEventListener("click", () => {
      for (const other of group.querySelectorAll("button")) other.setAttribute("aria-pressed", other === button);
      act(value);
    });
    group.append(button);
  }
  parent.append(group);
  return group;
}

/** Buttons that each may be pressed: `chosen` is a set that they change; those beyond `shown` are in a list of more. */
function chips(parent, words, options, chosen, shown, act) {
  const group = element("div", { class: "group chips", role: "group", "aria-label": words }, element("span", {}, words));
  const add = ([value, name], before) => {
    const button = element("button", { type: "button", "data-value": value, "aria-pressed": chosen.has(value) }, name);
    button.addEventListener("click", () => {
      if (!chosen.delete(value)) chosen.add(value);
      button.setAttribute("aria-pressed", chosen.has(value));
      act();
    });
    group.insertBefore(button, before);
  };
  const more = options.filter(([value]) => !shown.includes(value));
  let list = null;
  if (more.length) {
    list = element("select", { "aria-label": `more ${words}`, onchange: () => {
      const option = list.selectedOptions[0];
      chosen.add(option.value);
      add([option.value, option.textContent], list);
      option.remove();
      list.value = "";
      act();
    } }, element("option", { value: "" }, "more …"));
    for (const [value, name] of more) list.append(element("option", { value }, name));
    group.append(list);
  }
  for (const option of options.filter(([value]) => shown.includes(value))) add(option, list);
  parent.append(group);
  return group;
}

/** A slider over `count` moments, at the `first`, that `describe` puts into words, with a button that plays them. */
function slider(parent, words, count, first, describe, act) {
  const input = element("input", { type: "range", min: 0, max: count - 1, step: 1, "aria-label": words });
  input.value = first;
  const play = element("button", { type: "button", "aria-label": "play", title: "play" }, "▶");
  const moment = element("p", { class: "moment", "aria-live": "off" });
  const show = (number) => {
    input.value = number;
    moment.textContent = describe(number);
    input.setAttribute("aria-valuetext", moment.textContent);
    act(number);
  };
  let timer = null;
  const stop = () => {
    clearInterval(timer);
    timer = null;
    play.textContent = "▶";
    play.setAttribute("aria-label", "play");
  };
  play.addEventListener("click", () => {
    if (timer) return stop();
    if (Number(input.value) === count - 1) show(0);
    play.textContent = "❚❚";
    play.setAttribute("aria-label", "pause");
    timer = setInterval(() => {
      if (Number(input.value) >= count - 1) return stop();
      show(Number(input.value) + 1);
    }, Math.max(60, Math.min(500, 12000 / count)));
  });
  input.addEventListener("input", () => {
    stop();
    show(Number(input.value));
  });
  parent.append(element("div", { class: "slider" }, play, input));
  moment.textContent = describe(first);
  return { show, moment, stop };
}

/** Read the page, start Plotly and let `fill` draw; in a browser that is too old say so. */
async function start(fill) {
  if (typeof DecompressionStream === "undefined") {
    document.getElementById("old").hidden = false;
    return;
  }
  const [program, buffer] = await Promise.all([unzipped("plotly"), unzipped("numbers")]);
  const script = element("script", {}, new TextDecoder().decode(program));
  script.nonce = nonce;
  document.head.append(script);
  fill(unpacked(buffer));
  document.documentElement.dataset.ready = "yes";
}
const nonce = document.currentScript.nonce;
