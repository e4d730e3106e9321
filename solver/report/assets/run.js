// The charts of a run.

const DASHES = ["solid", "dash", "dot", "dashdot"];
const LINE_COLOURS = { light: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b07800", "#3a96cf", "#666666"], dark: ["#56b4e9", "#f2803a", "#2fc79b", "#e39bc0", "#e69f00", "#8ccdf5", "#aaaaaa"] };
const lineColours = () => LINE_COLOURS[matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"];
const scaled = (values, factor) => Float64Array.from(values, (value) => value * factor);

start((numbers) => {
  const { curves, maps, body } = numbers;
  if (curves) {
    fillCurves(curves);
    if (curves.losses.length) fillLosses(curves);
    fillBalances(curves);
  }
  if (maps && maps.length) fillMaps(maps, curves);
  if (body) fillBody(body, curves);
});

/** A time [s] in the unit of the run. */
const timeInWords = (curves, seconds) => `${digits(seconds * curves.time.factor)} ${curves.time.unit}`;
const quantity = (curves, name) => curves.quantities.find((one) => one.name === name);

/** Places along the axis that is asked for, and in which rows a line begins anew: capacity counts from 0 in each step. */
function abscissa(curves, name) {
  if (name === "time") return { x: scaled(curves.time.values, curves.time.factor), title: withUnit("time", curves.time.unit), breaks: [] };
  const { values, factor, unit, label } = quantity(curves, name);
  const breaks = name === "capacity" ? curves.steps.map((step) => step.first) : [];
  return { x: scaled(values[0], factor), title: withUnit(name === "capacity" ? "capacity of the step" : label || name, unit), breaks };
}

/** Put a gap before each row that begins a line anew. */
function broken(values, breaks) {
  if (!breaks.length) return values;
  const result = [];
  values.forEach((value, row) => {
    if (breaks.includes(row)) result.push(null);
    result.push(value);
  });
  return result;
}

/** Shades behind the steps of the protocol, where the axis is time. */
function shades(curves, name) {
  if (name !== "time" || curves.steps.length > 300) return [];
  const { values, factor } = curves.time;
  return curves.steps.map(({ first, last, colour: fill }) => ({
    type: "rect", xref: "x", yref: "paper", y0: 0, y1: 1, layer: "below", line: { width: 0 }, fillcolor: fill, opacity: 0.16,
    x0: values[Math.max(first - 1, 0)] * factor, x1: values[last] * factor,
  }));
}

const axisOptions = (curves) => [["time", "time"], ...curves.axes.map((name) => [name, name])];

/** A legend of the kinds of steps, in words and colours. */
function stepKey(parent, curves) {
  const kinds = new Map(curves.steps.map((step) => [step.kind, step.colour]));
  const key = element("div", { class: "key" });
  for (const [kind, fill] of kinds) key.append(element("span", {}, element("i", { style: `background:${fill};opacity:.45` }), kind));
  parent.append(key);
}

/** Top and bottom of each of `count` rows of a chart that share their axis, from 1 to 0, with room for a title above each. */
const ROOM = 0.28;
function bands(count) {
  const unit = 1 / (count - ROOM);
  return Array.from({ length: count }, (_, number) => [1 - number * unit - (1 - ROOM) * unit, 1 - number * unit].map((one) => Math.max(one, 0)));
}

// --- curves -----------------------------------------------------------------------------------------

const ROW = 132;

function fillCurves(curves) {
  const parent = document.getElementById("curves");
  const controls = parent.querySelector(".controls");
  const chosen = new Set(curves.first);
  let along = "time";
  const again = () => redraw(place);
  switches(controls, "against", axisOptions(curves), along, (name) => { along = name; again(); });
  const others = curves.quantities.map(({ name }) => name).filter((name) => !curves.usual.includes(name));
  chips(controls, "quantities", [...curves.usual, ...others].map((name) => [name, name]), chosen, curves.usual, again);
  if (curves.steps.length) stepKey(parent, curves);
  const place = chart(parent, "curves-chart", () => {
    const rows = [...chosen].map((name) => quantity(curves, name));
    const { x, title, breaks } = abscissa(curves, along);
    const layout = {
      height: Math.max(rows.length, 1) * ROW + 70, showlegend: false, hovermode: "x unified", hoversubplots: "axis",
      xaxis: { title: { text: title }, anchor: rows.length > 1 ? `y${rows.length}` : "y" },
      shapes: shades(curves, along), annotations: [], margin: { l: 60, r: 14, t: 28, b: 44 },
    };
    const traces = [];
    const palette = lineColours();
    rows.forEach((row, number) => {
      const suffix = number ? number + 1 : "";
      const [bottom, top] = bands(rows.length)[number];
      layout[`yaxis${suffix}`] = { domain: [bottom, top], anchor: "x", nticks: 5, exponentformat: "power" };
      const names = row.of.filter(Boolean);
      layout.annotations.push({
        text: `<b>${withUnit(row.name, row.unit)}</b>` + (names.length > 1 ? `  ${names.map((name, one) => `${["──", "– –", "····", "–·–"][one % 4]} ${plain(name)}`).join("   ")}` : names.length ? ` of ${plain(names[0])}` : ""),
        xref: "paper", yref: "paper", x: 0, y: top, xanchor: "left", yanchor: "bottom", showarrow: false, font: { size: isNarrow() ? 11 : 12.5 },
      });
      row.values.forEach((values, one) => {
        traces.push({
          type: "scatter", mode: "lines", x: broken(x, breaks), y: broken(scaled(values, row.factor), breaks), xaxis: "x", yaxis: `y${suffix}`,
          name: withUnit(row.of[one] ? `${row.name} of ${row.of[one]}` : row.name, row.unit),
          line: { color: palette[number % palette.length], width: 2, dash: DASHES[one % 4], shape: row.steps && along === "time" ? "vh" : "linear" },
          hovertemplate: "%{y:.5~g}",
        });
      });
    });
    if (!rows.length) layout.annotations.push({ text: "choose a quantity", showarrow: false, xref: "paper", yref: "paper", x: 0.5, y: 0.5 });
    return { traces, layout };
  });
}

// --- the parts of the voltage ------------------------------------------------------------------------

function fillLosses(curves) {
  const parent = document.getElementById("losses");
  const controls = parent.querySelector(".controls");
  let along = "time";
  let stacked = "stacked";
  switches(controls, "as", [["stacked", "stacked"], ["lines", "lines"]], stacked, (kind) => { stacked = kind; redraw(place); });
  switches(controls, "against", axisOptions(curves), along, (name) => { along = name; redraw(place); });
  const place = chart(parent, "losses-chart", () => {
    const { x, title, breaks } = abscissa(curves, along);
    const at = broken(x, breaks);
    const traces = [];
    const parts = curves.losses.map((loss) => {
      const { values, factor } = quantity(curves, loss.name);
      return { ...loss, values: scaled(values[0], factor) };
    });
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    for (const { label, colour: fill, values } of parts) {
      const shade = dark && fill === "#000000" ? "#dddddd" : fill;
      if (stacked === "lines") {
        traces.push({ type: "scatter", mode: "lines", name: label, x: at, y: broken(values, breaks), line: { color: shade, width: 2 }, hovertemplate: "%{y:.4~g} mV" });
        continue;
      }
      // what is above and what is below zero are stacked apart
      for (const [sign, pick] of [["above", Math.max], ["below", Math.min]]) {
        const part = values.map((value) => pick(value, 0));
        if (sign === "below" && !part.some((value) => value < 0)) continue;
        traces.push({
          type: "scatter", mode: "lines", name: label, legendgroup: label, showlegend: sign === "above", stackgroup: sign,
          x: at, y: broken(part, breaks), line: { width: 0.5, color: shade }, fillcolor: `${shade}b3`, hoverinfo: "skip", connectgaps: false,
        });
      }
    }
    const total = Float64Array.from(x, (_, row) => parts.reduce((sum, { values }) => sum + values[row], 0));
    traces.push({ type: "scatter", mode: "lines", name: "sum", x: at, y: broken(total, breaks), line: { color: colour("text"), width: 1.5, dash: "dot" },
      hovertemplate: stacked === "lines" ? "%{y:.4~g} mV" : "%{text}<extra></extra>",
      text: stacked === "lines" ? undefined : broken(Array.from(total, (sum, row) => `sum ${digits(sum)} mV<br>${parts.map(({ label, values }) => `${label} ${digits(values[row])}`).join("<br>")}`), breaks) });
    return { traces, layout: {
      height: 400, hovermode: stacked === "lines" ? "x unified" : "x", shapes: shades(curves, along), xaxis: { title: { text: title } }, yaxis: { title: { text: "overpotential [mV]" } },
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 }, margin: { l: 60, r: 14, t: 30, b: 44 },
    } };
  });
}

// --- balances -----------------------------------------------------------------------------------------

function fillBalances(curves) {
  const parent = document.getElementById("balances-charts");
  const time = () => scaled(curves.time.values, curves.time.factor);
  const layout = (title, type, count) => ({
    height: 330 + 22 * Math.ceil(count / 2), hovermode: "x unified", shapes: shades(curves, "time"), xaxis: { title: { text: withUnit("time", curves.time.unit) } },
    yaxis: { title: { text: title }, type, exponentformat: "power", nticks: 7 }, legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 }, margin: { l: 66, r: 12, t: 30, b: 44 }, showlegend: true,
  });
  const lines = (names, shown) => names.flatMap((name, number) => {
    const { values, of, factor } = quantity(curves, name);
    const palette = lineColours();
    return values.map((one) => Array.from(one, (value) => shown(factor * value))).map((one, part) => ({
      type: "scatter", mode: "lines", name: plain(of[part] ? `${name} of ${of[part]}` : name), x: time(), y: one,
      line: { color: palette[number % palette.length], dash: DASHES[(part + (number >= palette.length)) % 4], width: 1.8 }, hovertemplate: "%{y:.3~g}",
    }));
  });
  if (curves.balances.length) {
    const left = element("div", {}, element("h3", {}, "How well the balances close"));
    parent.append(left);
    chart(left, "balances-chart", () => ({ traces: lines(curves.balances, (value) => (value ? Math.abs(value) : null)), layout: layout("relative error", "log", curves.balances.length) }));
  }
  if (curves.accounts.length) {
    const right = element("div", {}, element("h3", {}, "Energy ledger"));
    parent.append(right);
    chart(right, "ledger-chart", () => ({ traces: lines(curves.accounts, (value) => value), layout: layout(withUnit("energy", quantity(curves, curves.accounts[0]).unit), "linear", curves.accounts.length) }));
  }
}

// --- interfaces ---------------------------------------------------------------------------------------

function fillMaps(maps, curves) {
  const parent = document.getElementById("maps");
  const controls = parent.querySelector(".controls");
  const inside = element("div", {});
  const show = (name) => {
    for (const place of inside.querySelectorAll(".chart")) {
      inSight.unobserve(place);
      drawings.delete(place);
      Plotly.purge(place);
    }
    inside.replaceChildren();
    fillMap(inside, maps.find((map) => map.name === name), curves);
  };
  if (maps.length > 1) choice(controls, "interface", maps.map(({ name }) => [name, name]), maps[0].name, show);
  parent.append(inside);
  show(maps[0].name);
}

function fillMap(parent, map, curves) {
  const controls = element("div", { class: "controls" });
  parent.append(controls);
  const state = { number: map.fraction.indexOf(Math.min(...map.fraction)) };
  const words = (number) => {
    const kind = map.kind[number] ? `, ${map.kind[number]}` : "";
    return `${timeInWords(curves, map.times[number])}${kind}, active fraction ${digits(map.fraction[number], 3)}`;
  };
  const moments = slider(controls, "time", map.times.length, state.number, words, (number) => {
    state.number = number;
    parent.querySelectorAll(".chart").forEach(redraw);
  });
  parent.append(moments.moment);
  ({ line: fillLine, plane: fillPlane, rings: fillClosed, balls: fillClosed })[map.shape](parent, controls, map, curves, state, moments);
  if (map.times.length < map.written) parent.append(element("p", { class: "quiet" }, `${map.times.length} of ${map.written} written times are in this page.`));
}

const fieldOptions = (map) => map.fields.map(({ name, label }) => [name, label]);
const field = (map, name) => map.fields.find((one) => one.name === name);
const firstFields = (map) => map.fields.filter((one) => one.first).map((one) => one.name);
const colourBar = ({ label, unit }, options = {}) => ({ title: { text: withUnit(label, unit), side: "right" }, thickness: 13, outlinewidth: 0, tickfont: { size: 11 }, exponentformat: "power", ...options });

/** Least and greatest value of a field at all times. */
function extent({ values, range }) {
  let [low, high] = [Math.min(range[0], 0), 0];
  for (const row of values) for (const value of row) { if (value > high) high = value; if (value < low) low = value; }
  return [low, high || 1];
}

/** Fields along the line of an interface at one time, and one of them over place and time. */
function fillLine(parent, controls, map, curves, state, moments) {
  const chosen = new Set(firstFields(map));
  const x = map.points[0];
  const title = `${map.axes[0]} [${map.length}]`;
  const extents = new Map(map.fields.map((one) => [one.name, extent(one)]));
  chips(controls, "fields", fieldOptions(map), chosen, map.fields.map(({ name }) => name), () => redraw(lines));
  const lines = chart(parent, "interface-lines", () => {
    const rows = map.fields.filter(({ name }) => chosen.has(name));
    const layout = {
      height: Math.max(rows.length, 1) * 118 + 64, showlegend: false, hovermode: "x unified", hoversubplots: "axis", annotations: [], shapes: touching(map, x, state.number),
      xaxis: { title: { text: title }, anchor: rows.length > 1 ? `y${rows.length}` : "y", range: [x[0], x[x.length - 1]] }, margin: { l: 60, r: 14, t: 26, b: 44 },
    };
    const traces = rows.map((row, number) => {
      const suffix = number ? number + 1 : "";
      const [bottom, top] = bands(rows.length)[number];
      const [low, high] = extents.get(row.name);
      const room = 0.06 * (high - low);
      layout[`yaxis${suffix}`] = { domain: [bottom, top], anchor: "x", nticks: 4, range: [low < 0 ? low - room : 0, high + room], exponentformat: "power" };
      layout.annotations.push({ text: `<b>${withUnit(row.label, row.unit)}</b>`, xref: "paper", yref: "paper", x: 0, y: top, xanchor: "left", yanchor: "bottom", showarrow: false });
      return { type: "scatter", mode: "lines", x, y: row.values[state.number], xaxis: "x", yaxis: `y${suffix}`, name: withUnit(row.label, row.unit), line: { color: lineColours()[0], width: 1.6 }, hovertemplate: "%{y:.4~g}" };
    });
    return { traces, layout };
  });
  parent.append(element("div", { class: "key" }, element("span", {}, element("i", { style: `background:${map.contact}` }), "more than half of it conducts")));
  parent.append(element("h3", {}, "The whole run"));
  const below = element("div", { class: "controls" });
  parent.append(below);
  let over = firstFields(map)[0] || map.fields[0].name;
  choice(below, "field", fieldOptions(map), over, (name) => { over = name; redraw(whole); });
  parent.append(element("p", { class: "quiet" }, "Place along the interface and time; the line is the time of the slider, a click moves it."));
  const y = scaled(map.times, curves.time.factor);
  const whole = chart(parent, "interface-history", () => {
    const shown = field(map, over);
    return {
      traces: [{ type: "heatmap", x, y, z: shown.values, zmin: shown.range[0], zmax: shown.range[1], colorscale: shown.colours, colorbar: colourBar(shown), hovertemplate: `${map.axes[0]} %{x:.4~g} ${map.length}<br>%{y:.4~g} ${curves.time.unit}<br>%{z:.4~g} ${plain(shown.unit)}<extra></extra>` }],
      layout: { height: 380, xaxis: { title: { text: title } }, yaxis: { title: { text: withUnit("time", curves.time.unit) } }, margin: { l: 60, r: 10, t: 12, b: 44 },
        shapes: [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: y[state.number], y1: y[state.number], line: { color: colour("warm"), width: 2 } }] },
    };
  });
  new MutationObserver((_, observer) => {
    if (!whole.on) return;
    observer.disconnect();
    whole.on("plotly_click", ({ points }) => {
      const nearest = y.reduce((best, value, number) => (Math.abs(value - points[0].y) < Math.abs(y[best] - points[0].y) ? number : best), 0);
      moments.stop();
      moments.show(nearest);
    });
  }).observe(whole, { childList: true });
}

/** Bands where more than half of a line conducts. */
function touching(map, x, number) {
  const share = field(map, "contacted");
  if (!share) return [];
  const values = share.values[number];
  const edge = (node) => (node < 0 ? x[0] : node >= x.length - 1 ? x[x.length - 1] : (x[node] + x[node + 1]) / 2);
  const bands = [];
  for (let node = 0; node < x.length; node += 1) {
    if (values[node] <= 0.5) continue;
    const begin = node;
    while (node + 1 < x.length && values[node + 1] > 0.5) node += 1;
    bands.push({ type: "rect", xref: "x", yref: "paper", y0: 0, y1: 1, layer: "below", line: { width: 0 }, fillcolor: map.contact, opacity: 0.45, x0: edge(begin - 1), x1: edge(node) });
  }
  return bands;
}

/** Maps of fields on the plane of an interface, with the rim of what conducts. */
function fillPlane(parent, controls, map, curves, state) {
  const chosen = new Set(firstFields(map));
  const { x, y, nodes, weights } = map.pixels;
  const rows = (values) => Array.from(y, (_, row) => Float32Array.from(x, (__, column) => {
    const pixel = row * x.length + column;
    return nodes.reduce((sum, node, corner) => sum + weights[corner][pixel] * values[node[pixel]], 0);
  }));
  const pair = element("div", { class: "pair" });
  const fill = () => {
    for (const { name } of map.fields) {
      let box = pair.querySelector(`[data-field="${name}"]`);
      if (chosen.has(name) && !box) {
        box = element("div", { "data-field": name });
        // in the order of the fields
        const after = map.fields.slice(map.fields.findIndex((one) => one.name === name) + 1).map((one) => pair.querySelector(`[data-field="${one.name}"]`)).find(Boolean);
        pair.insertBefore(box, after || null);
        chart(box, `interface-${name}`, () => onPlane(name));
      }
      if (box) box.hidden = !chosen.has(name);
    }
  };
  const onPlane = (name) => {
    const shown = field(map, name);
    const share = field(map, "contacted");
    const traces = [{ type: "heatmap", x, y, z: rows(shown.values[state.number]), zmin: shown.range[0], zmax: shown.range[1], colorscale: shown.colours, colorbar: colourBar(shown), hovertemplate: `x %{x:.4~g}, y %{y:.4~g} ${map.length}<br>%{z:.4~g} ${plain(shown.unit)}<extra></extra>` }];
    if (share && name !== "contacted") {
      traces.push({ type: "contour", x, y, z: rows(share.values[state.number]), autocontour: false, contours: { start: 0.5, end: 0.5, size: 1, coloring: "none" }, line: { color: "#333333", width: 1, smoothing: 0 }, showscale: false, hoverinfo: "skip" });
    }
    const height = Math.max(220, Math.min(460, (pair.clientWidth / (isNarrow() ? 1 : 2) - 150) * ((y[y.length - 1] - y[0]) / (x[x.length - 1] - x[0])) + 70));
    return { traces, layout: { height, xaxis: { title: { text: `x [${map.length}]` }, constrain: "domain", showgrid: false }, yaxis: { title: { text: `y [${map.length}]` }, scaleanchor: "x", constrain: "domain", showgrid: false }, margin: { l: 52, r: 8, t: 10, b: 42 } } };
  };
  chips(controls, "fields", fieldOptions(map), chosen, map.fields.map(({ name }) => name), fill);
  parent.append(pair, element("div", { class: "key" }, element("span", {}, "line: rim of what conducts")));
  fill();
}

/** A field on the interfaces around particles: rings of a plane cell, balls of a solid one. */
function fillClosed(parent, controls, map, curves, state) {
  let name = firstFields(map)[0] || map.fields[0].name;
  choice(controls, "field", fieldOptions(map), name, (chosen) => { name = chosen; redraw(place); });
  const [x, y, z] = map.points;
  const place = chart(parent, "interface-closed", () => {
    const shown = field(map, name);
    const bar = colourBar(shown);
    if (map.shape === "balls") {
      const [i, j, k] = map.triangles;
      return {
        traces: [{ type: "mesh3d", x, y, z, i, j, k, intensity: shown.values[state.number], cmin: shown.range[0], cmax: shown.range[1], colorscale: shown.colours, colorbar: bar, lighting: { ambient: 0.75, diffuse: 0.4, specular: 0.02 }, hovertemplate: `%{intensity:.4~g} ${plain(shown.unit)}<extra></extra>` }],
        layout: { height: isNarrow() ? 420 : 560, uirevision: "kept", scene: scene(map.length), margin: { l: 0, r: 0, t: 0, b: 0 } },
      };
    }
    const [from, to] = map.lines;
    const along = { x: [], y: [] };
    from.forEach((node, line) => {
      along.x.push(x[node], x[to[line]], null);
      along.y.push(y[node], y[to[line]], null);
    });
    return {
      traces: [
        { type: "scatter", mode: "lines", ...along, line: { color: colour("quiet"), width: 1 }, hoverinfo: "skip", showlegend: false },
        { type: "scatter", mode: "markers", x, y, marker: { size: isNarrow() ? 5 : 7, line: { width: 0.6, color: colour("quiet") }, color: shown.values[state.number], cmin: shown.range[0], cmax: shown.range[1], colorscale: shown.colours, colorbar: bar }, hovertemplate: `${map.axes[0]} %{x:.4~g}, ${map.axes[1]} %{y:.4~g} ${map.length}<br>%{marker.color:.4~g} ${plain(shown.unit)}<extra></extra>`, showlegend: false },
      ],
      layout: { height: isNarrow() ? 420 : 560, uirevision: "kept", xaxis: { title: { text: `${map.axes[0]} [${map.length}]` }, constrain: "domain" }, yaxis: { title: { text: `${map.axes[1]} [${map.length}]` }, scaleanchor: "x", constrain: "domain" }, margin: { l: 52, r: 8, t: 10, b: 42 } },
    };
  });
}

// --- the deformed cell ----------------------------------------------------------------------------------

const sceneAxis = (title) => ({ title: { text: title }, color: colour("quiet"), gridcolor: colour("grid"), showbackground: false, zeroline: false, nticks: 5 });
const scene = (unit) => ({ aspectmode: "data", xaxis: sceneAxis(`x [${unit}]`), yaxis: sceneAxis(`y [${unit}]`), zaxis: sceneAxis(`z [${unit}]`), camera: { eye: { x: 1.35, y: -1.55, z: 0.85 } } });
const COLOUR_BAR = 110;
const hidden = { visible: false, showspikes: false };

function fillBody(body, curves) {
  const parent = document.getElementById("cell");
  const controls = parent.querySelector(".controls");
  const lowest = body.moments.findIndex(({ label }) => label.startsWith("lowest"));
  const state = { number: lowest < 0 ? body.moments.length - 1 : lowest, field: body.first, scale: body.scale, sides: new Set(body.sides.map(({ name }) => name)) };
  const note = element("p", { class: "moment" });
  const again = () => { say(); redraw(place); };
  const moments = body.moments.map(({ label, time, kind }, number) => [String(number), `${timeInWords(curves, time)} (${label}${kind && kind !== "assembly" && label !== kind ? `, ${kind}` : ""})`]);
  choice(controls, "time", moments, String(state.number), (number) => { state.number = Number(number); again(); });
  choice(controls, "colours", body.fields.map(({ name, label }) => [name, label]), state.field, (name) => { state.field = name; again(); });
  const factors = [...new Set([1, body.scale / 4, body.scale / 2, body.scale, 0])].filter((factor) => factor === 0 || factor >= 1).sort((one, other) => one - other);
  choice(controls, "displacements", factors.map((factor) => [String(factor), factor === 0 ? "none" : factor === 1 ? "true (× 1)" : `× ${factor}`]), String(state.scale), (factor) => { state.scale = Number(factor); again(); });
  chips(controls, "sides", body.sides.map(({ name }) => [name, name]), state.sides, body.sides.map(({ name }) => name), again);
  const say = () => {
    const { label, unit } = body.fields.find(({ name }) => name === state.field);
    const scale = state.scale === 0 ? "undeformed" : state.scale === 1 ? "deformation to scale" : `displacement and initial gap × ${state.scale}`;
    note.textContent = `${moments[state.number][1]}; ${label}${unit ? ` [${unit}]` : ""}; ${scale}`;
  };
  parent.append(note);
  say();
  const place = chart(parent, "cell-chart", () => {
    const shown = body.fields.find(({ name }) => name === state.field);
    const visible = body.sides.map(({ name }) => state.sides.has(name));
    const range = colourRange(shown, visible);
    let bar = true;
    const traces = body.sides.map((side, number) => {
      const [x, y, z] = side.points.map((one, axis) => one.map((value, node) => value + state.scale * side.warp[state.number][axis][node]));
      const [i, j, k] = side.triangles;
      const trace = { type: "mesh3d", name: plain(side.name), x, y, z, i, j, k, visible: visible[number], flatshading: !body.plane, lighting: body.plane ? { ambient: 1, diffuse: 0, specular: 0, fresnel: 0 } : { ambient: 0.72, diffuse: 0.45, specular: 0.03 } };
      const values = side.values[state.field];
      if (!values) return { ...trace, color: colour("body"), hoverinfo: "name" };
      Object.assign(trace, { intensity: values[state.number], cmin: range[0], cmax: range[1], colorscale: shown.colours, showscale: bar && visible[number], colorbar: colourBar(shown, isNarrow() ? { orientation: "h", y: -0.02, yanchor: "top", title: { text: withUnit(shown.label, shown.unit), side: "top" } } : { len: 0.8 }), hovertemplate: `${plain(side.name)}<br>%{intensity:.4~g} ${plain(shown.unit)}<extra></extra>` });
      if (visible[number]) bar = false;
      return trace;
    });
    if (body.plane) {
      const { height, scene: flat } = flatScene(traces, place, body);
      return { traces, layout: { height, scene: { ...flat, uirevision: state.scale }, showlegend: false, margin: { l: 0, r: 0, t: 6, b: isNarrow() ? 70 : 6 } } };
    }
    const view = { ...scene(body.length), ...(state.scale > 1 ? { xaxis: hidden, yaxis: hidden, zaxis: hidden } : {}) };
    return { traces, layout: { height: isNarrow() ? 440 : 580, uirevision: "kept", scene: { ...view, uirevision: "kept" }, showlegend: false, margin: { l: 0, r: 0, t: 6, b: isNarrow() ? 60 : 6 } } };
  });
}

/** A scene that shows a plane cell from above, as large as there is room, with its x stretched: in Plotly half its height is 1 wide. */
function flatScene(traces, place, body) {
  const ends = ["x", "y"].map((axis) => traces.reduce(([low, high], trace) => [trace[axis].reduce((one, value) => Math.min(one, value), low), trace[axis].reduce((one, value) => Math.max(one, value), high)], [Infinity, -Infinity]));
  const [width, height] = [body.stretch * (ends[0][1] - ends[0][0]), ends[1][1] - ends[1][0]];
  const room = place.clientWidth - (isNarrow() ? 0 : COLOUR_BAR);
  const high = Math.max(200, Math.min(0.97 * room * (height / width), isNarrow() ? 420 : 600));
  const pixels = Math.min((0.97 * room) / width, (0.97 * high) / height);
  const axis = (range) => ({ ...hidden, range });
  return {
    height: high + (isNarrow() ? 76 : 12),
    scene: {
      aspectmode: "manual", aspectratio: { x: (2 * pixels * width) / high, y: (2 * pixels * height) / high, z: 0.01 }, dragmode: "pan",
      xaxis: axis(ends[0]), yaxis: axis(ends[1]), zaxis: axis([-1, 1]),
      camera: { projection: { type: "orthographic" }, eye: { x: 0, y: 0, z: 1.5 }, up: { x: 0, y: 1, z: 0 } },
    },
  };
}

/** Least and greatest value that colours tell apart, over the sides that are visible. */
function colourRange({ ranges, signed }, visible) {
  const shown = ranges.filter((range, number) => range && visible[number]);
  if (!shown.length) return [0, 1];
  let low = Math.min(...shown.map((range) => range[0]));
  let high = Math.max(...shown.map((range) => range[1]));
  if (signed) [low, high] = [-Math.max(-low, high), Math.max(-low, high)];
  const room = 1e-3 * Math.max(Math.abs(low), Math.abs(high)) || 0.5;
  return high - low > room ? [low, high] : [low - room, high + room];
}
