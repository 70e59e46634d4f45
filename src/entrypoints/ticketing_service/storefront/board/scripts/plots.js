// Plots as SVG: bars over time, and parts of a whole. Each has its numbers in a table or a list.

import { element } from "../../gate/scripts/elements.js";
import { svg, table } from "./dom.js";

const HEIGHT = 190;
const MARGIN = { left: 56, right: 8, top: 12, bottom: 26 };
/** Pixels that the label of a bar needs. */
const LABEL_WIDTH = 74;

/** The next of 1, 2, 3, 4, 5, 6, 8, 10, 20, 30 … that is not smaller. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((step) => step >= value);
}

/** Bars over time. A series that goes back, such as refunds, hangs below the line. */
export class BarPlot {
  #rows = [];

  /**
   * `series` are `{name, className, below}`; `format` writes a value, and `axis` writes it short.
   * @param {{ title: string, when: string, series: { name: string, className: string, below?: boolean }[],
   *   format?: (value: number) => string, axis?: (value: number) => string }} parts
   */
  constructor({ title, when, series, format = String, axis = format }) {
    Object.assign(this, { title, when, series, format, axis });
    this.picture = element("div", { className: "picture-of-plot" });
    this.numbers = element("div", { className: "numbers-of-plot" });
    const legend = series.map(({ name, className }) =>
      element("span", { className: "key" }, element("span", { className: `swatch ${className}` }), name),
    );
    this.root = element(
      "figure",
      { className: "plot" },
      element("figcaption", {}, title),
      ...(series.length > 1 ? [element("p", { className: "legend" }, ...legend)] : []),
      this.picture,
      element("details", {}, element("summary", {}, "Show the numbers"), this.numbers),
    );
    this.root.setAttribute("aria-label", title);
    new ResizeObserver(() => this.#draw()).observe(this.picture);
  }

  /** `rows` are `{label, long, values}`, the oldest first. */
  show(rows) {
    if (JSON.stringify(rows) === JSON.stringify(this.#rows)) {
      return;
    }
    this.#rows = rows;
    const columns = [this.when, ...this.series.map(({ name }) => name)];
    const cells = rows.map(({ long, values }) => [long, ...values.map((value) => this.format(value))]);
    this.numbers.replaceChildren(table(this.title, columns, cells));
    this.#draw();
  }

  get #summary() {
    const sums = this.series.map(({ name }, index) => {
      const values = this.#rows.map(({ values: each }) => each[index]);
      const most = values.indexOf(Math.max(...values));
      const sum = this.format(values.reduce((one, other) => one + other, 0));
      return `${name}: ${sum} in all, at most ${this.format(values[most])} (${this.#rows[most].long})`;
    });
    return `${this.title}. ${sums.join("; ")}.`;
  }

  #draw() {
    const width = this.picture.clientWidth;
    if (this.#rows.length === 0) {
      this.picture.replaceChildren(element("p", { className: "hint" }, "Nothing yet."));
      return;
    }
    if (width === 0) {
      return;
    }
    const extent = (below) => {
      const values = this.#rows.flatMap(({ values: each }) =>
        each.filter((_, index) => Boolean(this.series[index].below) === below),
      );
      return Math.max(0, ...values);
    };
    const [high, low] = [roundUp(Math.max(1, extent(false))), extent(true) && roundUp(extent(true))];
    const inner = { width: width - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
    const y = (value) => MARGIN.top + ((high - value) / (high + low)) * inner.height;
    const step = inner.width / this.#rows.length;
    const x = (index) => MARGIN.left + index * step;
    const lines = [high, 0, ...(low ? [-low] : [])].flatMap((value) => [
      svg("line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value), class: "grid" }),
      svg("text", { x: MARGIN.left - 6, y: y(value) + 4, "text-anchor": "end" }, this.axis(Math.abs(value))),
    ]);
    const above = this.series.filter(({ below }) => !below).length;
    const bars = this.#rows.flatMap(({ values }, index) =>
      values.map((value, of) => {
        const { className, below } = this.series[of];
        const beside = below ? this.series.length - above : above;
        const nth = below ? of - above : of;
        const thick = Math.max(1, (step * 0.8) / beside);
        const left = x(index) + step * 0.1 + nth * thick;
        const [top, bottom] = below ? [y(0), y(-value)] : [y(value), y(0)];
        return svg("rect", { x: left, y: top, width: thick, height: Math.max(0, bottom - top), class: className });
      }),
    );
    const every = Math.ceil(this.#rows.length / Math.max(1, Math.floor(inner.width / LABEL_WIDTH)));
    const labels = this.#rows.flatMap(({ label }, index) =>
      index % every === 0
        ? [svg("text", { x: x(index) + Math.min(step / 2, 40), y: HEIGHT - 8, "text-anchor": "middle" }, label)]
        : [],
    );
    const options = { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img" };
    this.picture.replaceChildren(svg("svg", { ...options, "aria-label": this.#summary }, ...lines, ...bars, ...labels));
  }
}

/** Parts of a whole on one line, with a list that says how many each is. */
export class PartsPlot {
  /** @param {{ title: string, format?: (value: number) => string }} parts */
  constructor({ title, format = String }) {
    this.format = format;
    this.picture = svg("svg", { viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" });
    this.list = element("ul", { className: "legend" });
    this.root = element("figure", { className: "plot parts" }, element("figcaption", {}, title), this.picture, this.list);
  }

  /** `parts` are `{name, className, value}`. */
  show(parts) {
    const whole = Math.max(1, parts.reduce((sum, { value }) => sum + value, 0));
    let left = 0;
    const bars = parts.map(({ className, value }) => {
      const bar = svg("rect", { x: left, y: 0, width: (100 * value) / whole, height: 8, class: className });
      left += (100 * value) / whole;
      return bar;
    });
    this.picture.replaceChildren(...bars);
    const keys = parts.map(({ name, className, value }) => {
      const swatch = element("span", { className: `swatch ${className}` });
      return element("li", { className: "key" }, swatch, `${name}: `, element("strong", {}, this.format(value)));
    });
    this.list.replaceChildren(...keys);
  }
}
