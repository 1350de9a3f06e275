// SPDX-License-Identifier: Apache-2.0
"use strict";
// Zooms into the samples of a report. Without it the page has all pictures and tables; with it every chart can be drawn
// again from all samples, on a canvas above its picture. One time axis and one cursor for all charts.
(() => {
  const source = document.getElementById("data"), spoken = document.getElementById("spoken");
  const figures = [...document.querySelectorAll("figure.chart")];
  if (!source || !figures.length) return;
  document.documentElement.classList.add("scripted");

  // ---- Numbers: see PackedSeries ----

  const codes = new Int16Array(128).fill(-1);
  for (let code = 33, number = 0; code < 127; code++) {
    if (!'"&<\\'.includes(String.fromCharCode(code))) codes[code] = number++;
  }

  /// The values that `text` stands for; a missing one is not a number.
  function unpack(text) {
    const values = [];
    let at = 0, last = 0;
    const take = width => {
      let number = 0, factor = 1;
      for (; width > 0; width--, factor *= 90) number += codes[text.charCodeAt(at++)] * factor;
      return number;
    };
    while (at < text.length) {
      const code = take(1);
      if (code <= 80) {
        values.push(last += Math.floor(code / 9) - 4);
        values.push(last += code % 9 - 4);
      } else if (code <= 83) {
        const zigzag = take(code - 80);
        values.push(last += zigzag % 2 ? -(zigzag + 1) / 2 : zigzag / 2);
      } else {
        const value = code === 86 ? NaN : last;
        for (let count = take(code === 84 ? 1 : 2); count > 0; count--) values.push(value);
      }
    }
    return values;
  }

  let all = null;
  /// Every chart's curves, read when they are first asked for.
  function charts() {
    if (all) return all;
    const data = JSON.parse(source.textContent);
    const axes = data.times.map(axis => {
      const { first_s: first, step_s: step } = axis;
      const ends = Float64Array.from(unpack(axis.off_ms), (off, index) => first + index * step + off / 1000);
      return { ends, lengths: Float64Array.from(unpack(axis.length_ms), length => length / 1000) };
    });
    all = data.charts.map(chart => chart.curves.map(curve => {
      const real = steps => Float64Array.from(steps, value => chart.low + value * chart.step);
      const mean = unpack(curve.mean), { role, fill } = curve;
      const off = (text, sign) => text ? real(unpack(text).map((value, index) => mean[index] + sign * value)) : null;
      const [low, high] = [off(curve.below, -1), off(curve.above, 1)];
      return { role, fill, ...axes[curve.times], mean: real(mean), low, high };
    }));
    return all;
  }

  // ---- What is seen ----
  const length = Number(document.querySelector("main").dataset.length);
  const whole = () => ({ from: 0, to: length });
  let view = whole(), cursor = null, drag = null;
  const isZoomed = () => view.from > 0 || view.to < length;
  const time = seconds => {
    const places = view.to - view.from < 20 ? 2 : view.to - view.from < 300 ? 1 : 0;
    if (seconds < 60) return `${seconds.toFixed(places)} s`;
    const rest = (seconds % 60).toFixed(places).padStart(places ? places + 3 : 2, "0");
    const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60);
    return hours ? `${hours}:${String(minutes % 60).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
  };

  /// The first sample that ends after `seconds`.
  function indexAt(curve, seconds) {
    let low = 0, high = curve.ends.length;
    while (low < high) {
      const middle = low + high >> 1;
      if (curve.ends[middle] > seconds) high = middle; else low = middle + 1;
    }
    return low;
  }

  const style = getComputedStyle(document.documentElement);
  const colours = { achieved: "accent", target: "target", error: "bad", bad: "bad", good: "ok", plain: "ink",
    second: "warn" };
  const colour = name => style.getPropertyValue(`--${name}`).trim();

  // ---- Drawing ----
  const plots = figures.map((figure, index) => {
    const plot = figure.querySelector(".plot"), canvas = document.createElement("canvas");
    canvas.setAttribute("aria-hidden", "true");
    plot.append(canvas);
    plot.tabIndex = 0;
    plot.setAttribute("role", "group");
    plot.setAttribute("aria-label",
      `${figure.querySelector("b").textContent}: arrow keys move the cursor, plus and minus zoom, 0 shows all`);
    const names = [...figure.querySelectorAll(".key:not(.zone):not(.limit)")].map(item => item.textContent);
    const ticks = [...figure.querySelectorAll(".y li")].map(item => parseFloat(item.style.bottom) / 100);
    return { plot, canvas, index, ticks, names, readout: figure.querySelector(".readout"),
      divisor: Number(plot.dataset.divisor) || 1, places: Number(plot.dataset.places) || 0, unit: plot.dataset.unit };
  });
  /// The values at a chart's bottom and top, which its curves are scaled by.
  const ranges = JSON.parse(source.textContent).charts.map(chart => [chart.low, chart.high]);

  function draw() {
    for (const item of plots) drawPlot(item);
    drawAxes();
  }

  function drawPlot({ plot, canvas, index, ticks }) {
    plot.classList.toggle("zoomed", isZoomed());
    const ratio = devicePixelRatio || 1, width = plot.clientWidth, height = plot.clientHeight;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const x = seconds => (seconds - view.from) / (view.to - view.from) * width;
    if (isZoomed()) {
      pen.fillStyle = colour("line");
      for (const tick of ticks) pen.fillRect(0, Math.round((1 - tick) * height), width, 1);
      const [low, high] = ranges[index];
      const y = value => (1 - (value - low) / (high - low)) * height;
      for (const curve of charts()[index]) drawCurve(pen, curve, x, y, width);
    }
    pen.globalAlpha = 1;
    if (drag) {
      pen.fillStyle = colour("accent");
      pen.globalAlpha = .2;
      pen.fillRect(Math.min(x(drag.from), x(drag.to)), 0, Math.abs(x(drag.to) - x(drag.from)), height);
      pen.globalAlpha = 1;
    }
    if (cursor === null) return;
    pen.fillStyle = colour("ink");
    pen.fillRect(Math.round(x(cursor)), 0, 1, height);
  }

  /// Draws the least and the most of each pixel, and the mean; each sample where there are fewer than pixels.
  function drawCurve(pen, curve, x, y, width) {
    const first = indexAt(curve, view.from), last = Math.min(curve.ends.length - 1, indexAt(curve, view.to));
    const columns = [];
    for (let index = first; index <= last; index++) {
      const mean = curve.mean[index];
      if (Number.isNaN(mean)) { columns.push(null); continue; }
      const right = x(curve.ends[index]), left = Math.max(x(curve.ends[index] - curve.lengths[index]), -1);
      const low = curve.low ? curve.low[index] : mean, high = curve.high ? curve.high[index] : mean;
      const open = columns[columns.length - 1];
      if (open && right - open.left < 1) {
        open.low = Math.min(open.low, low);
        open.high = Math.max(open.high, high);
        open.sum += mean;
        open.count++;
        open.right = right;
      } else columns.push({ left, right, low, high, sum: mean, count: 1 });
    }
    pen.fillStyle = pen.strokeStyle = colour(colours[curve.role]);
    for (const column of columns) {
      if (!column) continue;
      const top = y(column.high), bottom = y(column.low), right = Math.min(column.right, width);
      const w = Math.max(1, right - column.left), level = y(column.sum / column.count);
      pen.globalAlpha = .35;
      if (bottom - top > 1) pen.fillRect(column.left, top, w, bottom - top);
      pen.globalAlpha = .2;
      if (curve.fill) pen.fillRect(column.left, level, w, y(0) - level);
    }
    pen.globalAlpha = 1;
    pen.lineWidth = 1.5;
    pen.setLineDash(curve.role === "target" ? [5, 4] : curve.role === "second" ? [2, 2] : []);
    pen.beginPath();
    let end = null;
    for (const column of columns) {
      if (!column) { end = null; continue; }
      const level = y(column.sum / column.count);
      if (end === null || column.left > end + 3) pen.moveTo(column.left, level); else pen.lineTo(end, level);
      pen.lineTo(end = column.right, level);
    }
    pen.stroke();
    pen.setLineDash([]);
  }

  const kept = [...document.querySelectorAll("ol.x")].map(axis => [axis, [...axis.children]]);
  const phases = [...document.querySelectorAll("ol.phases li")].map(item =>
    [item, parseFloat(item.style.left), parseFloat(item.style.width)]);

  /// The time axes: those of the page where all is seen, else times of what is.
  function drawAxes() {
    const span = view.to - view.from;
    for (const [axis, items] of kept) {
      axis.replaceChildren(...(isZoomed() ? [0, 1, 2, 3, 4].map(part => {
        const item = document.createElement("li");
        item.style.left = `${part * 20}%`;
        item.textContent = time(view.from + span * part / 5);
        return item;
      }) : items));
    }
    for (const [item, left, width] of phases) {
      const start = Math.max(0, (left / 100 * length - view.from) / span * 100);
      const end = Math.min(100, ((left + width) / 100 * length - view.from) / span * 100);
      item.style.left = `${start}%`;
      item.style.width = `${Math.max(0, end - start)}%`;
      item.style.display = end > start ? "" : "none";
    }
  }

  // ---- The cursor and the keys ----
  function tell(active) {
    for (const { index, readout, names, divisor, places, unit } of plots) {
      if (cursor === null) { readout.textContent = ""; continue; }
      const texts = charts()[index].map((curve, place) => {
        const value = curve.mean[Math.min(curve.ends.length - 1, indexAt(curve, cursor - 1e-9))];
        const text = value === undefined || Number.isNaN(value) ? "–" : (value / divisor).toFixed(places);
        return names.length > 1 ? `${names[place]} ${text}` : text;
      });
      readout.textContent = `${time(cursor)}: ${texts.join(", ")} ${unit}`;
      if (active === index) spoken.textContent = readout.textContent;
    }
  }

  let isDue = false;
  function render(active) {
    tell(active);
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => { isDue = false; draw(); });
  }

  function zoom(from, to) {
    const least = Math.min(length, 0.05), size = Math.min(length, Math.max(least, to - from));
    const start = Math.min(Math.max(0, (from + to - size) / 2), length - size);
    view = { from: start, to: start + size };
    render();
  }

  function key(event, index) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const curve = charts()[index][0], span = view.to - view.from, middle = cursor ?? (view.from + view.to) / 2;
    const move = count => {
      const at = Math.min(Math.max(0, indexAt(curve, middle - 1e-9) + count), curve.ends.length - 1);
      cursor = curve.ends[at];
      const shift = cursor < view.from ? cursor - view.from : cursor > view.to ? cursor - view.to : 0;
      if (shift) view = { from: view.from + shift, to: view.to + shift };
    };
    switch (event.key) {
    case "ArrowLeft": move(event.shiftKey ? -10 : -1); break;
    case "ArrowRight": move(event.shiftKey ? 10 : 1); break;
    case "Home": move(-Infinity); break;
    case "End": move(Infinity); break;
    case "+": case "=": zoom(middle - span / 4, middle + span / 4); break;
    case "-": zoom(middle - span, middle + span); break;
    case "0": case "Escape": view = whole(); cursor = null; break;
    default: return;
    }
    event.preventDefault();
    render(index);
  }

  for (const { plot, index } of plots) {
    const at = event => {
      const box = plot.getBoundingClientRect();
      return view.from + Math.min(Math.max(0, (event.clientX - box.left) / box.width), 1) * (view.to - view.from);
    };
    plot.addEventListener("pointermove", event => {
      cursor = at(event);
      if (drag) drag.to = cursor;
      render();
    });
    plot.addEventListener("pointerleave", () => { if (!drag) { cursor = null; render(); } });
    plot.addEventListener("pointerdown", event => {
      if (event.pointerType === "touch" || event.button) return;
      plot.setPointerCapture(event.pointerId);
      drag = { from: at(event), to: at(event) };
    });
    const end = () => {
      const chosen = drag;
      drag = null;
      if (chosen && Math.abs(chosen.to - chosen.from) > (view.to - view.from) / 100) {
        zoom(Math.min(chosen.from, chosen.to), Math.max(chosen.from, chosen.to));
      } else render();
    };
    plot.addEventListener("pointerup", end);
    plot.addEventListener("pointercancel", end);
    plot.addEventListener("dblclick", event => {
      const centre = at(event);
      if (isZoomed()) view = whole(); else zoom(centre - length / 16, centre + length / 16);
      render();
    });
    plot.addEventListener("wheel", event => {
      // A page is scrolled by the wheel; with Ctrl it is zoomed, and here the chart is.
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const centre = at(event), factor = event.deltaY > 0 ? 1.25 : .8;
      zoom(centre - (centre - view.from) * factor, centre + (view.to - centre) * factor);
    }, { passive: false });
    plot.addEventListener("keydown", event => key(event, index));
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => render());
  addEventListener("resize", () => render());
})();
