// The list of runs of a study, which needs no charts, and its numbers against each other.

fillTable();
start((numbers) => fillExplorer(numbers));

/** Sort by what is clicked on, show what is looked for. */
function fillTable() {
  const table = document.getElementById("table");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const find = document.getElementById("find");
  const which = document.getElementById("which");
  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = (which.value && row.dataset.state !== which.value) || !words.every((word) => text.includes(word));
      if (!row.hidden) shown += 1;
    }
    document.getElementById("count").textContent = shown === rows.length ? `${shown} runs` : `${shown} of ${rows.length} runs`;
  };
  find.addEventListener("input", filter);
  which.addEventListener("change", filter);
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const isNumber = head.classList.contains("number");
    head.querySelector("button").addEventListener("click", () => {
      const falling = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      const key = (row) => row.cells[column].dataset.sort;
      rows.sort((one, other) => {
        const [first, second] = [key(one), key(other)];
        // what is missing comes last, in both directions
        if (first === "" || second === "") return (first === "") - (second === "");
        const order = isNumber ? Number(first) - Number(second) : first.localeCompare(second);
        return falling ? -order : order;
      });
      body.append(...rows);
    });
  });
}

const MARKS = { finished: "circle", stopped: "circle-open" };
const MOST_LINES = 12;
const SCALE = [[0, "#0072b2"], [0.5, "#a9a9a9"], [1, "#d55e00"]];

function fillExplorer({ columns, runs, state }) {
  const parent = document.getElementById("explore");
  const controls = parent.querySelector(".controls");
  const inputs = columns.filter(({ kind }) => kind === "input");
  const results = columns.filter(({ kind }) => kind !== "input");
  if (!inputs.length || !results.length) {
    parent.append(element("p", {}, "No run has told a number yet."));
    return;
  }
  const named = (name) => columns.find((column) => column.name === name);
  const chosen = { x: inputs[0].name, y: results[0].name, by: inputs.length > 1 ? inputs[1].name : "", scale: { x: "linear", y: "linear" } };
  const options = columns.map(({ name, words, unit }) => [name, unit ? `${words} [${unit}]` : words]);
  const again = () => redraw(place);
  choice(controls, "across", options, chosen.x, (name) => { chosen.x = name; again(); });
  choice(controls, "up", options, chosen.y, (name) => { chosen.y = name; again(); });
  choice(controls, "colour", [["", "none"], ...options], chosen.by, (name) => { chosen.by = name; again(); });
  for (const axis of ["x", "y"]) switches(controls, axis === "x" ? "scale across" : "scale up", [["linear", "linear"], ["log", "log"]], "linear", (scale) => { chosen.scale[axis] = scale; again(); }).dataset.axis = axis;
  const value = (column, run) => (column.text ? column.text[run] : column.values[run]);
  const words = (column, run) => (column.text ? column.text[run] : `${digits(column.values[run])} ${column.unit}`.trim());
  const told = (run) => [`<b>${plain(runs[run])}</b> ${plain(state[run])}`, ...inputs.map((column) => `${plain(column.words)}: ${plain(words(column, run))}`)].join("<br>");
  const place = chart(parent, "explore-chart", () => {
    const [x, y, by] = [named(chosen.x), named(chosen.y), named(chosen.by)];
    const isThere = (run) => [x, y, by].every((column) => !column || column.text || Number.isFinite(column.values[run]));
    const there = runs.map((_, run) => run).filter(isThere);
    const distinct = by ? [...new Set(there.map((run) => value(by, run)))].sort((one, other) => (by.text ? 0 : one - other)) : [""];
    const grouped = !by || by.text || (by.kind === "input" && distinct.length <= MOST_LINES);
    const point = (group) => ({
      x: group.map((run) => value(x, run)), y: group.map((run) => value(y, run)), text: group.map(told), customdata: group.map((run) => runs[run]),
      hovertemplate: `%{text}<br>${[["x", x], ["y", y]].map(([axis, { words: name, unit, text }]) => `${withUnit(name, unit)}: %{${axis}${text ? "" : ":.4~g"}}`).join("<br>")}<extra></extra>`,
    });
    const marks = (group) => group.map((run) => MARKS[state[run]] || "x");
    let traces;
    if (grouped) {
      traces = distinct.flatMap((one, number) => {
        const share = distinct.length > 1 ? number / (distinct.length - 1) : 0;
        const fill = by && !by.text ? mixed(share) : PALETTE[number % PALETTE.length];
        const group = there.filter((run) => !by || value(by, run) === one);
        return along(group, x, inputs.filter((column) => column !== x && column !== by), value).map((line, part) => ({
          type: "scatter", mode: x.kind === "input" && line.length > 1 ? "lines+markers" : "markers", name: by ? plain(words(by, group[0])) : "", legendgroup: String(number), showlegend: Boolean(by) && part === 0,
          ...point(line), line: { color: fill, width: 1.5 }, marker: { color: fill, size: 9, symbol: marks(line), line: { width: 1.5, color: fill } },
        }));
      });
    } else {
      traces = [{ type: "scatter", mode: "markers", ...point(there), marker: { size: 9, symbol: marks(there), color: there.map((run) => by.values[run]), colorscale: "Viridis", colorbar: { title: { text: withUnit(by.words, by.unit), side: "right" }, thickness: 13, outlinewidth: 0 } } }];
    }
    const axis = (column, scale) => ({ title: { text: withUnit(column.words, column.unit) }, type: column.text ? "category" : scale, exponentformat: "power" });
    const missing = runs.length - there.length;
    return { traces, layout: {
      height: isNarrow() ? 430 : 480, xaxis: axis(x, chosen.scale.x), yaxis: axis(y, chosen.scale.y), hovermode: "closest",
      legend: { title: { text: by ? withUnit(by.words, "") : "", side: "top" }, ...(isNarrow() ? { orientation: "h", y: -0.22, x: 0, entrywidth: 70 } : {}) }, margin: { l: 66, r: 12, t: 24, b: 48 },
      annotations: missing ? [{ text: `${missing} of ${runs.length} runs have no such numbers`, xref: "paper", yref: "paper", x: 1, y: 1.01, xanchor: "right", yanchor: "bottom", showarrow: false, font: { size: 11 } }] : [],
    } };
  });
  parent.append(element("div", { class: "key" }, element("span", {}, "filled: finished; hollow: stopped before the end of its protocol; cross: not ended")));
}

const PALETTE = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b07800", "#3a96cf", "#666666"];

/** A colour between those of `SCALE`. */
function mixed(share) {
  const [[, low], [, middle], [, high]] = SCALE;
  const [from, to, part] = share < 0.5 ? [low, middle, 2 * share] : [middle, high, 2 * share - 1];
  const channel = (text, place) => parseInt(text.slice(place, place + 2), 16);
  return `rgb(${[1, 3, 5].map((place) => Math.round((1 - part) * channel(from, place) + part * channel(to, place))).join(",")})`;
}

/** The runs of a group as lines: those that differ in nothing but what is across, in its order. */
function along(group, x, others, value) {
  const lines = new Map();
  for (const run of group) {
    const key = JSON.stringify(others.map((column) => value(column, run)));
    lines.set(key, [...(lines.get(key) || []), run]);
  }
  const sorted = (line) => (x.text ? line : line.sort((one, other) => x.values[one] - x.values[other]));
  return [...lines.values()].map(sorted);
}
