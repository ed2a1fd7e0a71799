"use strict";
// Everything can be read without this file: it draws the chart that answers to a pointer, and keeps open pages fresh.
(() => {
  const REFRESH_MS = 15000;
  const SORTS = ["full", "marked", "smaller", "none"];
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function chart(figure) {
    const given = JSON.parse(figure.dataset.chart);
    const labels = JSON.parse(figure.dataset.labels);
    const still = figure.querySelector("svg");
    if (!window.uPlot || !given.days.length) return;
    const place = document.createElement("div");
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", figure.dataset.title);
    const readout = document.createElement("p");
    readout.className = "readout";
    figure.insertBefore(place, still);
    figure.insertBefore(readout, still.nextSibling);
    still.remove();
    let plot = null;

    // Bars stand on each other: the tallest is drawn first, each next one in front of it.
    const sums = SORTS.map((_, upTo) => given.days.map((_, at) =>
      SORTS.slice(SORTS.length - 1 - upTo).reduce((sum, sort) => sum + given[sort][at], 0) || null));
    const tell = (at) => {
      if (at === null || at === undefined) { readout.textContent = ""; return; }
      const parts = SORTS.filter((sort) => given[sort][at]).map((sort) => `${labels[sort]} ${given.shown[sort][at]}`);
      readout.textContent = `${given.names[at]}: ${parts.join(", ") || labels.nothing}`;
    };

    function draw() {
      if (plot) plot.destroy();
      const soft = style("--soft"), line = style("--line");
      const font = `12px ${style("--sans") || "sans-serif"}`;
      plot = new uPlot({
        width: Math.max(figure.clientWidth, 240), height: 230,
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
        scales: { x: { time: false, range: [-0.7, given.days.length - 0.3] }, y: { range: (_, low, high) => [0, Math.max(high * 1.05, 4)] } },
        axes: [
          { stroke: soft, font, grid: { show: false }, ticks: { show: false }, size: 28,
            space: 70, incrs: [1, 2, 5, 7, 10], values: (_, places) => places.map((at) => given.names[at] ?? "") },
          { stroke: soft, font, grid: { stroke: line, width: 1 }, ticks: { show: false }, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6] },
        ],
        series: [{}, ...SORTS.map((_, upTo) => {
          const sort = SORTS[upTo];
          return { fill: style(`--${sort}`), stroke: sort === "none" ? style("--rule") : style(`--${sort}`), width: 1,
            paths: uPlot.paths.bars({ size: [0.68, 36] }), points: { show: false } };
        })],
        hooks: { setCursor: [(self) => tell(self.cursor.idx)] },
      }, [given.days, ...sums.slice().reverse()], place);
    }
    draw();
    let width = figure.clientWidth;
    new ResizeObserver(() => { if (figure.clientWidth !== width) { width = figure.clientWidth; draw(); } }).observe(figure);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  }

  function live() {
    const button = document.querySelector("[data-live-switch]");
    if (!button || !document.querySelector("[data-live], [data-tail]")) return;
    let on = localStorage.getItem("guard-live") !== "off";
    const show = () => { button.textContent = on ? button.dataset.on : button.dataset.off; button.setAttribute("aria-pressed", String(on)); };
    button.hidden = false;
    show();
    button.addEventListener("click", () => {
      on = !on;
      localStorage.setItem("guard-live", on ? "on" : "off");
      show();
      document.dispatchEvent(new CustomEvent("guard-live", { detail: on }));
    });
    setInterval(() => {
      if (!on || document.hidden) return;
      for (const part of document.querySelectorAll("[data-live]")) {
        if (!part.contains(document.activeElement)) part.dispatchEvent(new CustomEvent("refresh"));
      }
    }, REFRESH_MS);
    document.dispatchEvent(new CustomEvent("guard-live", { detail: on }));
  }

  function tail(state) {
    const body = document.querySelector("#rows tbody") ?? empty();
    const most = Number(state.dataset.most);
    const rows = new Map();
    let source = null;

    function empty() {
      const table = document.createElement("table");
      table.className = "cards records";
      document.getElementById("rows").replaceChildren(table);
      return table.createTBody();
    }
    function cell(row, label, name) {
      const made = row.insertCell();
      made.dataset.label = label;
      const inner = made.appendChild(document.createElement(name));
      return inner;
    }
    const labels = [...document.querySelectorAll("#rows thead th")].map((one) => one.textContent);
    function add(said) {
      const row = body.insertRow(0);
      row.className = "new";
      const head = row.appendChild(document.createElement("th"));
      head.scope = "row";
      const link = head.appendChild(document.createElement("a"));
      link.href = `/console/explain/${said.record}`;
      link.textContent = said.at;
      link.setAttribute("aria-label", state.dataset.explain.replace("{n}", said.record));
      cell(row, labels[1] ?? "", "bdi").textContent = said.who;
      cell(row, labels[2] ?? "", "code").appendChild(document.createElement("bdi")).textContent = said.path;
      const action = cell(row, labels[3] ?? "", "span");
      action.className = `action a-${said.action}`;
      action.textContent = said.decision;
      const sent = cell(row, labels[4] ?? "", "span");
      sent.textContent = said.sent;
      rows.set(said.record, sent);
      while (body.rows.length > most) body.deleteRow(-1);
      for (const [number, one] of rows) if (!one.isConnected) rows.delete(number);
    }
    function end(said) {
      const sent = rows.get(said.record);
      if (!sent) return;
      const more = sent.appendChild(document.createElement("span"));
      more.className = "soft";
      more.textContent = ` ${said.end}`;
      rows.delete(said.record);
    }
    document.addEventListener("guard-live", (event) => {
      if (source) source.close();
      source = null;
      if (!event.detail) { state.textContent = state.dataset.off; return; }
      source = new EventSource(state.dataset.tail);
      source.addEventListener("ready", () => { state.textContent = state.dataset.on; });
      source.onerror = () => { state.textContent = state.dataset.broken; };
      source.onmessage = (message) => {
        const said = JSON.parse(message.data);
        if (said.end === undefined) add(said); else end(said);
      };
    });
  }

  document.querySelectorAll("[data-chart]").forEach(chart);
  document.querySelectorAll("[data-tail]").forEach(tail);
  live();
})();
