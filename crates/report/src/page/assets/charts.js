// Charts that zoom together. Data are inside the page; nothing is fetched.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("chart-data").textContent);
  const NS = "http://www.w3.org/2000/svg";
  const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const FOOT = 22, HEAD = 10;

  // ---- numbers and times as text -------------------------------------------------------------
  const grouped = (value, digits) => {
    const text = Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return (value < 0 && /[1-9]/.test(text) ? "\u2212" : "") + text;
  };
  const digitsOf = (step) => Math.max(0, Math.min(12, Math.ceil(-Math.log10(step) - 1e-9)));
  const plain = (value) => {
    const size = Math.abs(value);
    return grouped(value, size === 0 || size >= 0.1 ? 2 : Math.min(10, Math.ceil(-Math.log10(size)) + 2));
  };
  const two = (value) => String(value).padStart(2, "0");
  const moment = (ms, seconds) => {
    const at = new Date(ms);
    const day = `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;
    const time = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
    return `${day} ${time}${seconds ? ":" + two(at.getUTCSeconds()) : ""}`;
  };
  const nice = (value) => {
    const power = 10 ** Math.floor(Math.log10(value));
    return ([1, 2, 5, 10].find((step) => step * power >= value * (1 - 1e-9)) || 10) * power;
  };

  // ---- marks on the time axis, in UTC --------------------------------------------------------
  const S = 1000, M = 60 * S, H = 60 * M, D = 24 * H;
  const STEPS = [S, 5 * S, 15 * S, 30 * S, M, 5 * M, 15 * M, 30 * M, H, 3 * H, 6 * H, 12 * H, D, 2 * D, 7 * D, 14 * D];
  const timeMarks = (from, to, most) => {
    const step = STEPS.find((one) => (to - from) / one <= most);
    const marks = [];
    if (step) {
      for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
        const when = new Date(at);
        const day = `${when.getUTCDate()} ${MONTHS[when.getUTCMonth()]}`;
        const clock = `${two(when.getUTCHours())}:${two(when.getUTCMinutes())}`;
        const text = at % D === 0 ? day : step < M ? `${clock}:${two(when.getUTCSeconds())}` : clock;
        marks.push([at, text === "1 Jan" ? String(when.getUTCFullYear()) : text]);
      }
      return marks;
    }
    const number = (at) => new Date(at).getUTCFullYear() * 12 + new Date(at).getUTCMonth();
    const first = number(from), last = number(to);
    const months = [1, 3, 6, 12].find((one) => (last - first) / one <= most) || 12 * Math.ceil((last - first) / 12 / most);
    for (let month = Math.floor(first / months) * months; month <= last; month += months) {
      const at = Date.UTC(Math.floor(month / 12), month % 12, 1);
      if (at >= from && at <= to) marks.push([at, month % 12 === 0 ? String(month / 12) : MONTHS[month % 12]]);
    }
    return marks;
  };

  // ---- curves --------------------------------------------------------------------------------
  const curve = (raw) => {
    const t = raw.t.map((at) => at + data.from);
    return {
      t, u: raw.u ? raw.u.map((length, place) => t[place] + length) : t,
      f: raw.f || raw.c, l: raw.l || raw.c, h: raw.h || raw.c, c: raw.c,
    };
  };
  // The first place whose value is not below `wanted`.
  const place = (list, wanted) => {
    let low = 0, high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle] < wanted) low = middle + 1; else high = middle;
    }
    return low;
  };
  const seen = (one) => [Math.max(0, place(one.u, view.from) - 1), Math.min(one.t.length, place(one.t, view.to) + 1)];
  const reach = (one) => {
    const [start, end] = seen(one);
    let low = Infinity, high = -Infinity;
    for (let at = start; at < end; at++) { low = Math.min(low, one.l[at]); high = Math.max(high, one.h[at]); }
    return [low, high];
  };
  // One column of points per pixel at most, so that the path stays short.
  const path = (one, x, y, held, width) => {
    const [start, end] = seen(one);
    const points = [];
    let last = null;
    const push = (px, py) => { points.push(`${px.toFixed(1)} ${py.toFixed(1)}`); };
    const each = Math.max(1, Math.floor((end - start) / (1.5 * width)));
    for (let at = start; at < end; at += each) {
      const stop = Math.min(end, at + each) - 1;
      let low = one.l[at], high = one.h[at];
      for (let inner = at + 1; inner <= stop; inner++) { low = Math.min(low, one.l[inner]); high = Math.max(high, one.h[inner]); }
      const px = x(one.t[at]);
      if (held && last !== null) push(px, y(last));
      push(px, y(one.f[at]));
      if (low < high) { push(px, y(low)); push(px, y(high)); }
      last = one.c[stop];
      push(x(one.u[stop]), y(last));
    }
    if (held && last !== null && end === one.t.length) push(x(Math.max(data.to, one.t[end - 1])), y(last));
    return points;
  };
  const valueAt = (one, at) => {
    const index = place(one.t, at + 1) - 1;
    return index < 0 ? null : one.c[index];
  };

  // ---- what each chart shows -----------------------------------------------------------------
  const unit = data.currency ? " " + data.currency : "";
  const percent = (value, digits) => grouped(100 * value, Math.max(0, digits - 2)) + " %";
  const kinds = {
    equity: () => ({ one: curve(data.equity), held: true, color: "--good", fill: "low", base: data.opening,
      label: grouped, say: (value) => plain(value) + unit, empty: "Equity never changed" }),
    drawdown: () => ({ one: curve(data.drawdown), held: true, color: "--bad", fill: "zero", down: true, floor: 0.001,
      label: (value, digits) => percent(-value, digits), say: (value) => percent(-value, 4), empty: "No drawdown" }),
    exposure: () => ({ one: curve(data.exposure), held: true, color: "--good", fill: "zero", floor: 0.01,
      label: percent, say: (value) => percent(value, 3) + " of equity", empty: "Nothing was ever held" }),
    price: (index) => ({ one: curve(data.prices[index].series), color: "--price", instrument: index,
      label: grouped, say: (value) => grouped(value, data.prices[index].decimals), empty: "No price was seen" }),
  };

  const whole = { from: data.from, to: Math.max(data.to, data.from + 1000) };
  const view = { ...whole };
  const least = Math.max(1000, (whole.to - whole.from) / 20000);
  const charts = [...document.querySelectorAll("figure[data-chart]")].map((figure) => ({
    figure, svg: figure.querySelector("svg"), output: figure.querySelector("output"),
    ...kinds[figure.dataset.chart](Number(figure.dataset.index || 0)),
  }));

  const add = (parent, name, attributes, text) => {
    const element = document.createElementNS(NS, name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    if (text !== undefined) element.textContent = text;
    parent.appendChild(element);
    return element;
  };

  const bounds = (chart) => {
    let [low, high] = reach(chart.one);
    if (chart.fill === "zero") return [0, Math.max(chart.floor, high * 1.06)];
    if (chart.base !== undefined && view.from === whole.from && view.to === whole.to) {
      low = Math.min(low, chart.base); high = Math.max(high, chart.base);
    }
    // A difference that only rounding made is none, and too small to count steps in.
    if (!(high - low > 1e-9 * Math.max(Math.abs(low), Math.abs(high)))) { const room = Math.max(Math.abs(low) / 100, 1e-9); return [low - room, high + room]; }
    const room = (high - low) * (chart.instrument === undefined ? 0.06 : 0.1);
    return [low - room, high + room];
  };

  const draw = (chart) => {
    const { svg, one } = chart;
    const width = Math.max(1, svg.clientWidth), height = Math.max(40, svg.clientHeight);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.textContent = "";
    const bottom = height - FOOT;
    chart.x = (at) => ((at - view.from) / (view.to - view.from)) * width;
    for (const [at, text] of timeMarks(view.from, view.to, Math.max(2, width / 95))) {
      const px = chart.x(at);
      add(svg, "line", { x1: px, x2: px, y1: HEAD, y2: bottom, class: "grid" });
      const anchor = px < 20 ? "start" : px > width - 24 ? "end" : "middle";
      add(svg, "text", { x: px, y: height - 6, "text-anchor": anchor }, text);
    }
    add(svg, "line", { x1: 0, x2: width, y1: bottom + .5, y2: bottom + .5, class: "axis" });
    if (one.t.length === 0) {
      add(svg, "text", { x: width / 2, y: bottom / 2 + 8, "text-anchor": "middle", class: "empty" }, chart.empty);
      return;
    }
    const [low, high] = bounds(chart);
    const share = (value) => (value - low) / (high - low);
    const y = (value) => chart.down ? HEAD + share(value) * (bottom - HEAD) : bottom - share(value) * (bottom - HEAD);
    chart.y = y;
    const step = nice((high - low) / Math.max(2, (bottom - HEAD) / 52));
    const labels = [];
    for (let number = Math.ceil(low / step); number * step <= high; number++) {
      const at = y(number * step);
      add(svg, "line", { x1: 0, x2: width, y1: at, y2: at, class: "grid" });
      if (at > HEAD + 8) labels.push([at, chart.label(number * step, digitsOf(step))]);
    }
    const points = path(one, chart.x, y, chart.held, width);
    const color = `var(${chart.color})`;
    if (chart.fill && points.length > 1) {
      const edge = chart.fill === "zero" ? y(0) : bottom;
      const first = points[0].split(" ")[0], last = points[points.length - 1].split(" ")[0];
      add(svg, "path", { d: `M${first} ${edge}L${points.join("L")}L${last} ${edge}Z`, fill: color, opacity: chart.fill === "zero" ? .22 : .1 });
    }
    if (chart.base !== undefined && chart.base >= low && chart.base <= high) {
      add(svg, "line", { x1: 0, x2: width, y1: y(chart.base), y2: y(chart.base), class: "axis", "stroke-dasharray": "2 4" });
    }
    add(svg, "path", { d: `M${points.join("L")}`, fill: "none", stroke: color, "stroke-width": chart.fill === "zero" ? 1.3 : 1.6, "stroke-linejoin": "round" });
    if (points.length < 4) add(svg, "circle", { cx: chart.x(one.t[0]), cy: y(one.c[0]), r: 3.5, fill: color });
    if (chart.instrument !== undefined) trades(chart);
    for (const [at, text] of labels) add(svg, "text", { x: width - 2, y: at - 4, "text-anchor": "end", class: "halo" }, text);
    chart.cross = add(svg, "line", { y1: HEAD, y2: bottom, class: "cross", visibility: "hidden" });
    chart.brush = add(svg, "rect", { y: HEAD, height: bottom - HEAD, class: "brush", visibility: "hidden" });
  };

  // Lines from entry to exit when few are in view, and a mark for each fill, thinned where crowded.
  const trades = (chart) => {
    const { svg, x, y, instrument } = chart;
    const inside = data.trips.filter((trip) => trip[4] === instrument && trip[0] + data.from <= view.to && (trip[1] === null || trip[1] + data.from >= view.from));
    if (inside.length <= 150) {
      for (const [from, to, entry, exit, , won] of inside) {
        const open = to === null;
        add(svg, "line", {
          x1: x(from + data.from), x2: x(open ? data.to : to + data.from), y1: y(entry), y2: y(exit),
          stroke: won ? "var(--good)" : "var(--bad)", "stroke-width": 1.6, "stroke-dasharray": open ? "3 4" : "none", opacity: .75,
        });
      }
    }
    const fills = data.fills, crowded = new Set();
    const size = inside.length > 150 ? 3.6 : 5;
    for (let at = place(fills.t, view.from - data.from); at < fills.t.length && fills.t[at] + data.from <= view.to; at++) {
      if (fills.i[at] !== instrument) continue;
      const px = x(fills.t[at] + data.from), buys = fills.b[at] === 1, entry = fills.e[at] === 1;
      const spot = `${Math.round(px / 7)} ${buys} ${entry}`;
      if (crowded.has(spot)) continue;
      crowded.add(spot);
      const py = y(fills.p[at]), way = buys ? 1 : -1, color = buys ? "var(--good)" : "var(--bad)";
      const tip = py + way * 3, base = py + way * (3 + 1.8 * size);
      add(svg, "path", {
        d: `M${px.toFixed(1)} ${tip.toFixed(1)}L${(px - size).toFixed(1)} ${base.toFixed(1)}L${(px + size).toFixed(1)} ${base.toFixed(1)}Z`,
        fill: entry ? color : "var(--card)", stroke: color, "stroke-width": 1.4, "stroke-linejoin": "round",
      });
    }
  };

  const range = document.getElementById("range");
  let waiting = false;
  const redraw = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      charts.forEach(draw);
      histogram();
      const fine = view.to - view.from < 2 * H;
      range.textContent = `${moment(view.from, fine)} to ${moment(view.to, fine)} UTC`;
      document.getElementById("reset").disabled = view.from === whole.from && view.to === whole.to;
    });
  };
  const look = (from, to) => {
    const length = Math.min(whole.to - whole.from, Math.max(least, to - from));
    const start = Math.min(Math.max(whole.from, (from + to - length) / 2), whole.to - length);
    view.from = start; view.to = start + length;
    if (length >= whole.to - whole.from) Object.assign(view, whole);
    redraw();
  };
  const zoom = (factor, around) => {
    const at = around === undefined ? (view.from + view.to) / 2 : around;
    look(at - (at - view.from) * factor, at + (view.to - at) * factor);
  };
  const pan = (share) => { const by = share * (view.to - view.from); look(view.from + by, view.to + by); };
  const reset = () => look(whole.from, whole.to);

  const point = (at) => {
    for (const chart of charts) {
      if (!chart.cross) continue;
      const hidden = at === null || at < view.from || at > view.to;
      chart.cross.setAttribute("visibility", hidden ? "hidden" : "visible");
      if (!hidden) { chart.cross.setAttribute("x1", chart.x(at)); chart.cross.setAttribute("x2", chart.x(at)); }
      const value = hidden ? null : valueAt(chart.one, at);
      chart.output.textContent = hidden ? "" : `${moment(at, view.to - view.from < 2 * H)}  ${value === null ? "" : chart.say(value)}`;
    }
  };
  const brush = (from, to) => {
    for (const chart of charts) {
      if (!chart.brush) continue;
      const hidden = from === null;
      chart.brush.setAttribute("visibility", hidden ? "hidden" : "visible");
      if (hidden) continue;
      const left = chart.x(Math.min(from, to));
      chart.brush.setAttribute("x", left);
      chart.brush.setAttribute("width", Math.max(0, chart.x(Math.max(from, to)) - left));
    }
  };

  // ---- hands: mouse, fingers, keys -----------------------------------------------------------
  const fingers = new Map();
  let drag = null;
  const timeOf = (svg, clientX) => {
    const box = svg.getBoundingClientRect();
    return view.from + ((clientX - box.left) / box.width) * (view.to - view.from);
  };
  for (const { figure, svg } of charts) {
    svg.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      figure.focus({ preventScroll: true });
      svg.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, event.clientX);
      const at = timeOf(svg, event.clientX);
      const pans = event.shiftKey || event.pointerType === "touch";
      drag = fingers.size === 2 ? { pinch: true, last: [...fingers.values()] } : { pans, start: at, last: event.clientX, far: false };
    });
    svg.addEventListener("pointermove", (event) => {
      const at = timeOf(svg, event.clientX);
      if (drag && fingers.has(event.pointerId)) {
        fingers.set(event.pointerId, event.clientX);
        if (drag.pinch && fingers.size === 2) {
          const [a, b] = [...fingers.values()], [c, d] = drag.last;
          const factor = Math.abs(c - d) / Math.max(8, Math.abs(a - b));
          zoom(factor, timeOf(svg, (a + b) / 2));
          drag.last = [a, b];
          return;
        }
        if (drag.pans) {
          pan((drag.last - event.clientX) / svg.clientWidth);
          drag.last = event.clientX;
        } else if (!drag.pinch) {
          drag.far = drag.far || Math.abs(event.clientX - drag.last) > 6;
          if (drag.far) brush(drag.start, at);
        }
      }
      point(at);
    });
    const done = (event) => {
      fingers.delete(event.pointerId);
      if (drag && drag.far && event.type === "pointerup") {
        const at = timeOf(svg, event.clientX);
        look(Math.min(drag.start, at), Math.max(drag.start, at));
      }
      brush(null);
      if (fingers.size === 0) drag = null;
    };
    svg.addEventListener("pointerup", done);
    svg.addEventListener("pointercancel", done);
    svg.addEventListener("pointerleave", () => { if (!drag) point(null); });
    svg.addEventListener("dblclick", reset);
    // A page scrolls over a chart until the reader has chosen the chart.
    svg.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && document.activeElement !== figure) return;
      event.preventDefault();
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) pan(((event.deltaX || event.deltaY) / svg.clientWidth));
      else zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY / 300))), timeOf(svg, event.clientX));
    }, { passive: false });
    figure.addEventListener("keydown", (event) => {
      const actions = {
        "+": () => zoom(.6), "=": () => zoom(.6), "-": () => zoom(1 / .6), ArrowLeft: () => pan(-.2), ArrowRight: () => pan(.2),
        Home: () => look(whole.from, whole.from + view.to - view.from), End: () => look(whole.to - (view.to - view.from), whole.to), 0: reset, Escape: reset,
      };
      if (event.ctrlKey || event.metaKey || event.altKey || !actions[event.key]) return;
      event.preventDefault();
      actions[event.key]();
    });
  }
  const press = (id, action) => document.getElementById(id).addEventListener("click", action);
  press("zoom-in", () => zoom(.6)); press("zoom-out", () => zoom(1 / .6));
  press("earlier", () => pan(-.3)); press("later", () => pan(.3)); press("reset", reset);
  document.addEventListener("show-times", (event) => {
    const { from, to } = event.detail, room = Math.max((to - from) * .75, 30 * (whole.to - whole.from) / 20000);
    look(from - room, to + room);
    document.getElementById("charts").scrollIntoView();
  });

  // ---- how profits of trades are spread ------------------------------------------------------
  const bars = document.getElementById("histogram");
  const histogram = () => {
    if (!bars) return;
    const svg = bars.querySelector("svg"), { bins } = data.distribution;
    const width = Math.max(1, svg.clientWidth), height = Math.max(40, svg.clientHeight), bottom = height - FOOT;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.textContent = "";
    const highest = Math.max(...bins.map((bin) => bin.count)), each = width / bins.length;
    const every = Math.ceil(bins.length / Math.max(2, width / 80));
    const zero = Math.max(0, bins.findIndex((bin) => bin.from >= 0));
    bins.forEach((bin, index) => {
      const tall = (bin.count / highest) * (bottom - HEAD - 10);
      const bar = add(svg, "rect", {
        x: index * each + .75, width: Math.max(1, each - 1.5), y: bottom - tall, height: tall, rx: Math.min(2, tall / 2),
        fill: bin.from < 0 ? "var(--bad)" : "var(--good)", opacity: .85,
      });
      const beyond = index === 0 && data.distribution.open_below ? " and below" : index === bins.length - 1 && data.distribution.open_above ? " and above" : "";
      add(bar, "title", {}, `${plain(bin.from)} to ${plain(bin.to)}${beyond}: ${bin.count}`);
      if ((index - zero) % every === 0) {
        const anchor = index * each < 20 ? "start" : index * each > width - 40 ? "end" : "middle";
        add(svg, "text", { x: index * each, y: height - 6, "text-anchor": anchor }, grouped(bin.from, digitsOf(bin.to - bin.from)));
      }
    });
    add(svg, "line", { x1: 0, x2: width, y1: bottom + .5, y2: bottom + .5, class: "axis" });
  };

  new ResizeObserver(redraw).observe(document.querySelector("main"));
  redraw();
})();
