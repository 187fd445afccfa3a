// <sufang-chat>: the whole page on our own site, a window or a block on a foreign one.

import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { card, type Host } from "./cards";
import { Conversation, type Entry } from "./conversation";
import { icons } from "./icons";
import * as keep from "./keep";
import { spoken, Words, words } from "./words";

const MAX = 5_000;
const PERSONAL = ["name", "phone", "address", "id_number"];
type Part = "pickers" | "receipt" | "rating" | "files" | "voice" | "dialogs";

/** Parts that come when they are needed. Each defines its element and is then there for good. */
const parts: Record<Part, () => Promise<unknown>> = {
  pickers: () => import("./lazy/pickers"),
  receipt: () => import("./lazy/receipt"),
  rating: () => import("./lazy/rating"),
  files: () => import("./lazy/files"),
  voice: () => import("./lazy/voice"),
  dialogs: () => import("./lazy/dialogs"),
};

export class SufangChat extends LitElement implements Host {
  static override properties = {
    server: {},
    heading: {},
    office: {},
    contact: {},
    color: {},
    size: { type: Number },
    start: {},
    theme: {},
    lang: {},
    display: {},
    open_: { attribute: "open", type: Boolean },
    words: { state: true },
    editing: { state: true },
    elder: { state: true },
    earlier: { state: true },
    shades: { state: true },
    reading: { state: true },
    typed: { state: true },
  };

  declare server: string;
  declare heading: string;
  declare office: string;
  declare contact: string;
  declare color: string;
  declare size: number;
  declare start: string;
  declare theme: string;
  declare display: "" | "page" | "frame" | "block";
  declare open_: boolean;
  declare words: Words;
  declare editing: number;
  declare elder: boolean;
  declare earlier: boolean;
  declare shades: string;
  declare reading: boolean;
  declare typed: number;

  /** The look, for a root of its own; our own page links it instead. */
  static sheet = "";
  /** The server that is spoken to when none is named; "" is the page's own. */
  static home = "";

  private loaded = new Set<Part>();
  private talk: Conversation | null = null;
  private seen = 0;
  /** Whether the end of the conversation stays in sight when something grows. */
  private stick = true;
  private watched: Element | null = null;
  private grows = "ResizeObserver" in window ? new ResizeObserver(() => this.stick && this.toEnd()) : null;
  private focusNext: "box" | "news" | "" = "";
  private toStart = "";
  private night = window.matchMedia?.("(prefers-color-scheme: dark)");

  constructor() {
    super();
    this.server = this.heading = this.office = this.contact = this.color = this.start = this.theme = "";
    this.display = "";
    this.size = 0;
    this.open_ = false;
    this.words = new Words();
    this.editing = 0;
    this.elder = keep.get("elder") === "1";
    this.shades = keep.get("shades");
    this.reading = false;
    this.earlier = false;
    this.typed = 0;
  }

  /** On our own page everything is in the open, so that every tool of the browser reaches it; elsewhere nothing leaks in or out. */
  protected override createRenderRoot(): HTMLElement | DocumentFragment {
    if (this.own) return this;
    const root = this.attachShadow({ mode: "open", delegatesFocus: false });
    if ("adoptedStyleSheets" in root) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(SufangChat.sheet);
      root.adoptedStyleSheets = [sheet];
    } else {
      const style = document.createElement("style");
      style.textContent = SufangChat.sheet;
      (root as DocumentFragment).append(style);
    }
    return root;
  }

  get own(): boolean {
    return this.getAttribute("display") === "page" || this.getAttribute("display") === "frame";
  }

  get window_(): boolean {
    return !this.own && this.display !== "block";
  }

  // -- life ---------------------------------------------------------------------------------------------------------------

  override connectedCallback(): void {
    // The page came with a still picture of itself; what was typed into it meanwhile is taken over.
    const still = this.own ? this.querySelector("textarea") : null;
    const early = still?.value ?? "";
    const focused = still !== null && document.activeElement === still;
    if (this.own) this.replaceChildren();
    super.connectedCallback();
    if (early) keep.put("draft", early);
    if (focused) this.focusNext = "box";
    this.server = (this.server || SufangChat.home).replace(/\/$/, "");
    if (this.server === location.origin) this.server = "";
    this.toStart = this.start;
    this.night?.addEventListener?.("change", this.redraw);
    window.addEventListener("storage", this.elsewhere);
    window.addEventListener("hashchange", this.asked);
    void this.speak(keep.get("lang") || this.lang);
    if (!this.window_ || this.open_) this.begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.night?.removeEventListener?.("change", this.redraw);
    window.removeEventListener("storage", this.elsewhere);
    window.removeEventListener("hashchange", this.asked);
    this.talk?.stop();
    this.talk = null;
  }

  private begin(): void {
    if (this.talk) return;
    this.talk = new Conversation(this.server, this.redraw, this.giveBack);
    void this.talk.start().then(this.asked);
    this.requestUpdate();
  }

  /** Another language of the page. */
  async speak(lang: string): Promise<void> {
    if (lang && lang !== this.words.lang) this.words = await words(lang);
  }

  private redraw = (): void => {
    if (this.toStart && this.talk?.entries.length && this.talk.link === "good") {
      // Said once, and only into a conversation that has not begun.
      const text = this.toStart;
      this.toStart = "";
      if (!this.talk.entries.some((e) => e.from === "user")) this.talk.say(text);
    }
    this.requestUpdate();
  };

  /** A QR code of a receipt leads here with number and code behind the #, where no server sees them. */
  private asked = (): void => {
    if (this.own && /^#q=\d+,\d+$/.test(location.hash)) this.open("progress");
  };

  /** Another tab began anew or cleared what is kept on this device. */
  private elsewhere = (e: StorageEvent): void => {
    if (e.key !== "sufang-token" || !this.talk || (e.newValue ?? "") === this.talk.transport.token) return;
    this.seen = 0;
    if (e.newValue) void this.talk.follow(e.newValue);
    else this.talk.forget();
  };

  private giveBack = (text: string): void => {
    const box = this.box;
    if (!box || !text) return;
    box.value = box.value ? text + "\n" + box.value : text;
    this.typing();
  };

  // -- what cards may ask -------------------------------------------------------------------------------------------------

  say(text: string): void {
    this.talk?.say(text);
    this.focusNext = this.focusNext || "news";
  }

  edit(line: number): void {
    this.editing = line;
    if (line)
      void this.updateComplete.then(() => {
        const area = this.renderRoot.querySelector<HTMLTextAreaElement>(".edit textarea");
        area?.focus();
        area?.select();
        area?.form?.scrollIntoView?.({ block: "nearest" });
      });
    else this.focusNext = "box";
  }

  open(dialog: string): void {
    void this.load("dialogs").then(() => this.updateComplete).then(() => this.renderRoot.querySelector<HTMLElement & { show(n: string): void }>("sf-dialogs")?.show(dialog));
  }

  has(part: Part): boolean {
    if (!this.loaded.has(part)) void this.load(part);
    return this.loaded.has(part);
  }

  private async load(part: Part): Promise<void> {
    if (this.loaded.has(part)) return;
    try {
      await parts[part]();
    } catch {
      return; // no network: everything can also be said in words
    }
    this.loaded.add(part);
    this.requestUpdate();
  }

  // -- the box ------------------------------------------------------------------------------------------------------------

  private get box(): HTMLTextAreaElement | null {
    return this.renderRoot.querySelector<HTMLTextAreaElement>(".say textarea");
  }

  private typing = (): void => {
    const box = this.box!;
    keep.put("draft", box.value);
    this.typed = box.value.length;
    // The box grows with the words, up to a third of the height.
    box.style.height = "auto";
    box.style.height = Math.min(box.scrollHeight + 2, Math.max(96, window.innerHeight / 3)) + "px";
  };

  private submit = (e?: Event): void => {
    e?.preventDefault();
    const box = this.box!;
    const text = box.value.trim();
    const tray = this.renderRoot.querySelector<HTMLElement & { ready: { id: string; name: string }[]; clear(): void; uploading: boolean }>("sf-files");
    if (tray?.uploading || box.value.length > MAX) return;
    const files = tray?.ready ?? [];
    if (!text && !files.length) {
      box.focus();
      return;
    }
    const said = text || spoken.files;
    const names = files.map((f) => f.name).join("、");
    this.talk?.say(said, files.map((f) => f.id), names ? said + this.words.t("with_files", { names }) : said);
    tray?.clear();
    box.value = "";
    this.typing();
    this.focusNext = "box";
  };

  private key = (e: KeyboardEvent): void => {
    if (e.key === "Enter" && !e.shiftKey && !e.isComposing && e.keyCode !== 229) {
      e.preventDefault();
      this.submit();
    }
  };

  // -- drawing ------------------------------------------------------------------------------------------------------------

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("theme") && this.theme && !keep.get("shades")) this.shades = this.theme;
    if (changed.has("lang") && this.hasUpdated) void this.speak(this.lang);
    if (changed.has("open_") && this.open_ && this.isConnected) this.begin();
  }

  protected override render(): TemplateResult {
    const t = this.words.t;
    const entries = this.talk?.entries ?? [];
    const dark = this.shades === "dark" || (this.shades !== "light" && (this.night?.matches ?? false));
    const shell = `sf ${this.display || "window"} ${this.elder ? "elder" : ""} ${entries.length > 1 ? "" : "new"}`;
    if (this.window_ && !this.open_)
      return html`<div class=${shell} data-theme=${dark ? "dark" : "light"} lang=${this.words.lang}>
        <button type="button" class="launch" aria-haspopup="dialog" @click=${this.unfold}>${icons.mark}<span>${this.heading || t("title")}</span></button>
      </div>`;
    return html`<div class=${shell} data-theme=${dark ? "dark" : "light"} lang=${this.words.lang} role=${this.window_ ? "dialog" : nothing} aria-label=${this.window_ ? this.heading || t("title") : nothing} @keydown=${this.escape}>
      ${this.own ? html`<a class="skip" href="#words" @click=${this.toBox}>${t("skip")}</a>` : nothing}
      ${this.top()} ${this.display === "page" ? this.side() : nothing}
      ${this.own ? html`<main class="middle">${this.middle(entries)}</main>` : html`<div class="middle">${this.middle(entries)}</div>`}
      ${this.form()}
      ${this.loaded.has("dialogs") ? html`<sf-dialogs .words=${this.words} .host=${this}></sf-dialogs>` : nothing}
    </div>`;
  }

  private middle(entries: Entry[]): TemplateResult {
    const t = this.words.t;
    return html`<p class="danger" role="note">${t("danger")} ${["110", "120", "119"].map((n) => html`<a href="tel:${n}">${n}</a> `)}<span>${t("danger_mood")} <a href="tel:12356">12356</a></span></p>
      ${this.log(entries)} ${this.state()} ${this.docked ? html`<div class="dock">${this.choices()}</div>` : nothing}`;
  }

  private top(): TemplateResult {
    const t = this.words.t;
    const office = this.office;
    const heading = this.heading || t("title");
    const sub = office ? t("subtitle_office", { office }) : t("subtitle");
    return html`<header class="bar">
      ${icons.mark}
      <div class="names">${this.own ? html`<h1>${heading}</h1>` : html`<h2>${heading}</h2>`}<p>${sub}</p></div>
      <div class="tools">
        <button type="button" id="elder" @click=${this.large}>${this.elder ? t("elder_off") : t("elder")}</button>
        <button type="button" @click=${() => this.talk?.say(spoken.human)}>${icons.person}<span>${t("human")}</span></button>
        <button type="button" class="round" aria-label=${t("more")} aria-haspopup="dialog" @click=${() => this.open("menu")}>${icons.more}</button>
        ${this.window_ ? html`<button type="button" class="round" aria-label=${t("close_chat")} @click=${this.fold}>${icons.close}</button>` : nothing}
      </div>
    </header>`;
  }

  private side(): TemplateResult {
    const t = this.words.t;
    const steps = [1, 2, 3, 4] as const;
    return html`<aside class="side" aria-label=${t("aside")}>
      <ol>${steps.map((n) => html`<li><strong>${t(`aside_${n}`)}</strong><span>${t(`aside_${n}_text`)}</span></li>`)}</ol>
      <p><button type="button" class="link" @click=${() => this.open("progress")}>${t("progress")}</button> <button type="button" class="link" @click=${() => this.open("privacy")}>${t("privacy")}</button></p>
    </aside>`;
  }

  private log(entries: Entry[]): TemplateResult {
    const t = this.words.t;
    const lastTurn = [...entries].reverse().find((e) => !e.waiting)?.id ?? "";
    const now = (e: Entry) => e.waiting || e.id === lastTurn;
    // 长辈版: one question a screen; what was said before is one press away.
    const hides = this.elder && !this.earlier && entries.some((e) => !now(e));
    const shown = hides ? entries.filter(now) : entries;
    const noticeAt = entries.find((e) => e.message?.custom?.kind === "ask" && PERSONAL.includes(e.message.custom.field));
    const waiting = entries.some((e) => e.waiting);
    return html`<div id="log" class="log" role="log" aria-live="polite" aria-relevant="additions" aria-label=${t("log")} tabindex="0" @wheel=${this.scrolled} @touchmove=${this.scrolled} @keyup=${this.scrolled}>
      <div class="inner">
        ${this.elder && entries.some((e) => !now(e))
          ? html`<p class="earlier"><button type="button" aria-expanded=${!hides} @click=${() => (this.earlier = !this.earlier)}>${t(hides ? "earlier" : "earlier_hide")}</button></p>`
          : nothing}
        ${repeat(
          shown,
          (e) => `${e.id}/${e.from}/${e.place}`,
          (e) => (e.from === "user" ? this.mine(e) : this.bubble(e, !waiting && e.id === lastTurn, e === noticeAt)),
        )}
        ${waiting || this.docked ? nothing : this.choices()}
        ${this.talk?.working ? html`<div class="dots" aria-hidden="true"><i></i><i></i><i></i></div>` : nothing}
        ${!entries.length && this.talk?.link === "gone" ? html`<p class="center"><button type="button" class="main" @click=${() => void this.talk?.anew()}>${t("again")}</button></p>` : nothing}
      </div>
    </div>`;
  }

  private mine(e: Entry): TemplateResult {
    const t = this.words.t;
    return html`<div class="turn mine ${e.waiting ? "waiting" : ""}" data-from="user" data-id=${e.id}><span class="who">${t("you")}：</span><p>${e.text}</p></div>`;
  }

  private bubble(e: Entry, current: boolean, notice: boolean): TemplateResult {
    const t = this.words.t;
    const m = e.message!;
    const c = m.custom;
    return html`<article
      class="turn bot ${e.fresh ? "fresh" : ""} p${Math.min(e.place, 4)}"
      data-from="bot"
      data-id=${e.id}
      data-kind=${c?.kind ?? "text"}
      data-field=${c?.kind === "ask" ? c.field : nothing}
      tabindex="-1"
    >
      <span class="who">${t("bot")}：</span>
      ${card(m, this, current, notice)}
      ${"speechSynthesis" in window && this.elder ? html`<p class="aside"><button type="button" class="link read" @click=${() => this.aloud(m.text)}>${icons.sound}${t("read")}</button></p>` : nothing}
    </article>`;
  }

  /** An advice is long: its two buttons stay in sight. What confirms stands at the end of what is confirmed. */
  private get docked(): boolean {
    const last = this.talk?.entries[this.talk.entries.length - 1];
    return !this.elder && last?.message?.custom?.kind === "advice";
  }

  private choices(): TemplateResult | typeof nothing {
    const offered = this.talk?.offered ?? [];
    if (!offered.length) return nothing;
    const kind = this.talk!.entries[this.talk!.entries.length - 1]!.message?.custom?.kind;
    const lead = kind === "advice" || kind === "summary";
    return html`<div class="choices" role="group" aria-label=${this.words.t("choices")}>
      ${offered.map((b, i) => html`<button type="button" class=${lead && i === 0 ? "main" : ""} @click=${() => this.press(b)}>${b.title}</button>`)}
    </div>`;
  }

  private press(b: { title: string; payload: string }): void {
    this.focusNext = window.matchMedia?.("(pointer: fine)").matches ? "box" : "news";
    this.talk?.press(b);
  }

  private state(): TemplateResult {
    const t = this.words.t;
    const talk = this.talk;
    const words =
      talk?.trouble || (talk?.link === "starting" ? t("starting") : talk?.link === "lost" ? t("lost") : talk?.link === "offline" ? t("offline") : talk?.link === "gone" ? t("cleared") : talk?.working ? t("typing") : "");
    const bad = Boolean(talk?.trouble) || talk?.link === "lost" || talk?.link === "offline";
    return html`<p id="state" class="state ${bad ? "bad" : talk?.link === "good" ? "quiet" : ""}"><span role="status">${words}</span>${bad ? html`<button type="button" class="link" @click=${talk!.again}>${t("retry")}</button>` : nothing}</p>`;
  }

  private form(): TemplateResult {
    const t = this.words.t;
    const left = MAX - this.typed;
    const listens = "SpeechRecognition" in window || "webkitSpeechRecognition" in window;
    return html`<form class="say" autocomplete="off" aria-label=${t("send")} @submit=${this.submit}>
      ${this.loaded.has("files") ? html`<sf-files .words=${this.words} .transport=${this.talk?.transport} @change=${() => this.requestUpdate()}></sf-files>` : nothing}
      ${left < 500 ? html`<p class="count ${left < 0 ? "bad" : ""}" role="status">${left < 0 ? t("over", { over: -left }) : t("too_long", { left })}</p>` : nothing}
      <div class="line">
        <button type="button" class="round" aria-label=${t("attach")} @click=${this.attach}>${icons.clip}</button>
        <label class="who" for="words">${t("input")}</label>
        <textarea id="words" rows="1" enterkeyhint="send" placeholder=${t("placeholder")} @input=${this.typing} @keydown=${this.key}></textarea>
        ${listens && this.loaded.has("voice")
          ? html`<sf-voice .words=${this.words} @heard=${(e: CustomEvent<string>) => this.heard(e.detail)}></sf-voice>`
          : listens
            ? html`<button type="button" class="round" aria-label=${t("speak")} @click=${this.listen}>${icons.mic}</button>`
            : nothing}
        <button type="submit" class="main send">${t("send")}</button>
      </div>
    </form>`;
  }

  protected override firstUpdated(): void {
    this.drawColours();
    const box = this.box;
    const draft = keep.get("draft");
    if (box && draft) {
      box.value = draft;
      this.typing();
    }
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has("color") || changed.has("size") || changed.has("open_")) this.drawColours();
    const inner = this.renderRoot.querySelector(".inner");
    if (inner !== this.watched) {
      this.grows?.disconnect();
      if (inner) this.grows?.observe(inner);
      this.watched = inner;
    }
    if (this.own) {
      document.documentElement.lang = this.words.lang;
      document.title = this.heading || this.words.t("title");
    }
    const entries = this.talk?.entries ?? [];
    if (entries.length !== this.seen) {
      const more = entries.length > this.seen;
      const news = entries.slice(this.seen);
      this.seen = entries.length;
      if (more) {
        this.editing = 0;
        this.earlier = false;
        this.bringIntoView(news);
        if (this.reading) for (const e of news) if (e.from === "bot" && e.fresh) this.aloud(e.text, true);
      }
    }
    if (this.focusNext && !this.talk?.working) {
      const where = this.focusNext;
      this.focusNext = "";
      if (where === "box") this.box?.focus({ preventScroll: true });
      else [...this.renderRoot.querySelectorAll<HTMLElement>(".turn.bot")].pop()?.focus({ preventScroll: true });
    }
  }

  /** A long answer is read from its beginning, a short one stands at the bottom. */
  private bringIntoView(news: Entry[]): void {
    const log = this.renderRoot.querySelector<HTMLElement>(".log");
    if (!log) return;
    const bot = news.filter((e) => e.from === "bot").length;
    const turns = [...log.querySelectorAll<HTMLElement>(".turn")];
    const first = bot && news.length < 12 ? turns[turns.length - bot] : undefined;
    this.stick = true;
    log.scrollTop = log.scrollHeight;
    if (first) {
      const top = first.getBoundingClientRect().top - log.getBoundingClientRect().top;
      if (top < 0) {
        this.stick = false;
        log.scrollTop += top - 12;
      }
    }
  }

  private toEnd(): void {
    const log = this.renderRoot.querySelector<HTMLElement>(".log");
    if (log) log.scrollTop = log.scrollHeight;
  }

  /** Who scrolls away wants to stay there. */
  private scrolled = (e: Event): void => {
    const log = e.currentTarget as HTMLElement;
    this.stick = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  };

  /** Colour and size by attribute. Set as properties, which a strict policy allows, and kept readable. */
  private drawColours(): void {
    const shell = this.renderRoot.querySelector<HTMLElement>(".sf");
    if (!shell) return;
    if (this.size >= 14 && this.size <= 40) shell.style.setProperty("--size", this.size + "px");
    if (/^#[0-9a-f]{6}$/i.test(this.color)) shell.style.setProperty("--brand", readable(this.color));
  }

  // -- small deeds --------------------------------------------------------------------------------------------------------

  private toBox = (e: Event): void => {
    e.preventDefault();
    this.box?.focus();
  };

  private large = (): void => {
    this.elder = !this.elder;
    this.earlier = false;
    keep.put("elder", this.elder ? "1" : "");
  };

  shade(theme: string): void {
    this.shades = theme;
    keep.put("shades", theme);
  }

  private unfold = (): void => {
    this.open_ = true;
    this.focusNext = "box";
  };

  private fold = (): void => {
    this.open_ = false;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(".launch")?.focus());
  };

  private escape = (e: KeyboardEvent): void => {
    if (e.key === "Escape" && this.window_ && !e.defaultPrevented) this.fold();
  };

  private attach = (): void => {
    void this.load("files").then(() => this.updateComplete).then(() => this.renderRoot.querySelector<HTMLElement & { choose(): void }>("sf-files")?.choose());
  };

  private listen = (): void => {
    void this.load("voice").then(() => this.open("voice"));
  };

  /** After the person agreed that the browser may listen. */
  startListening(): void {
    this.renderRoot.querySelector<HTMLElement & { toggle(): void }>("sf-voice")?.toggle();
  }

  private heard(text: string): void {
    const box = this.box!;
    box.value += text;
    this.typing();
    box.focus();
  }

  private aloud(text: string, queue = false): void {
    const synth = window.speechSynthesis;
    if (!queue && synth.speaking) {
      synth.cancel();
      return;
    }
    const u = new SpeechSynthesisUtterance(text);
    u.lang = "zh-CN";
    u.rate = this.elder ? 0.85 : 1;
    synth.speak(u);
  }

  /** A new conversation on this device. */
  anew(): void {
    this.seen = 0;
    void this.talk?.anew();
    if (this.box) this.box.value = "";
    this.typed = 0;
  }

  /** Forgets this conversation on this device and begins none. */
  clear(): void {
    this.seen = 0;
    this.talk?.forget();
    if (this.box) this.box.value = "";
    this.typed = 0;
    keep.put("lang", "");
  }
}

/** The colour, darkened until white words on it have a contrast of 4.5 (WCAG 2.1, 1.4.3). */
function readable(color: string): string {
  let rgb = [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));
  const light = (c: number) => ((c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const contrast = () => 1.05 / (0.2126 * light(rgb[0]!) + 0.7152 * light(rgb[1]!) + 0.0722 * light(rgb[2]!) + 0.05);
  while (contrast() < 4.6) rgb = rgb.map((c) => Math.floor(c * 0.95));
  return `rgb(${rgb.join(", ")})`;
}
