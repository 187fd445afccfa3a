// What can be done with a receipt: copy it, keep it as a picture, print it, carry it to another phone.

import { html, LitElement, nothing, svg, type TemplateResult } from "lit";
import { encode } from "uqr";
import type { Custom } from "../messages";
import type { Words } from "../words";
import { far } from "../words.long";

type Receipt = Extract<Custom, { kind: "receipt" }>;

class ReceiptTools extends LitElement {
  static override properties = { words: {}, receipt: {}, server: {}, own: {}, done: { state: true }, picture: { state: true } };
  declare words: Words;
  declare receipt: Receipt;
  declare server: string;
  declare own: boolean;
  declare done: string;
  declare picture: string;

  constructor() {
    super();
    this.done = this.picture = "";
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** Number and code stand behind the #, which a browser never sends to a server. */
  private get address(): string {
    const { case_no, query_code } = this.receipt;
    return `${this.server || location.origin}/#q=${case_no},${query_code}`;
  }

  private copy = async (): Promise<void> => {
    const text = far(this.words)("copy_text", { case_no: this.receipt.case_no, query_code: this.receipt.query_code });
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Old browsers and plain HTTP: by way of a selection.
      const area = document.createElement("textarea");
      area.value = text;
      area.setAttribute("aria-hidden", "true");
      area.className = "who";
      this.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    this.done = far(this.words)("copied");
  };

  private draw = async (): Promise<void> => {
    const t = far(this.words);
    const r = this.receipt;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [720, 1400];
    const c = canvas.getContext("2d")!;
    const write = (text: string, y: number, size: number, color = "#1b2530", weight = "") => {
      c.font = `${weight} ${size}px system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif`;
      c.fillStyle = color;
      let line = "";
      for (const ch of text) {
        if (c.measureText(line + ch).width > 600 && !"，。、；：）".includes(ch)) {
          c.fillText(line, 60, y);
          y += size * 1.5;
          line = "";
        }
        line += ch;
      }
      c.fillText(line, 60, y);
      return y + size * 1.6;
    };
    c.fillStyle = "#fff";
    c.fillRect(0, 0, 720, 1400);
    c.fillStyle = "#14508c";
    c.fillRect(0, 0, 720, 16);
    let y = write(`${t("title")} · ${t("receipt")}`, 90, 38, "#14508c", "bold");
    y = write(t("case_no"), y + 20, 26, "#52606d");
    y = write(r.case_no, y + 8, 48, undefined, "bold");
    y = write(t("query_code"), y + 8, 26, "#52606d");
    y = write(r.query_code, y + 8, 48, undefined, "bold");
    y = write(`${t("filed_on")} ${r.filed_on}`, y + 8, 26, "#52606d");
    y = write(`${t("next")}：${r.next.what}${r.next.due ? `，${t("by_when")} ${r.next.due}` : ""}`, y, 26);
    const qr = encode(this.address, { border: 0 });
    const cell = Math.floor(220 / qr.size);
    c.fillStyle = "#000";
    for (let row = 0; row < qr.size; row++)
      for (let col = 0; col < qr.size; col++) if (qr.data[row]![col]) c.fillRect(60 + col * cell, y + row * cell, cell, cell);
    y = write(t("keep_secret"), y + qr.size * cell + 50, 24, "#52606d");
    const cut = document.createElement("canvas");
    [cut.width, cut.height] = [720, Math.min(1400, y + 20)];
    cut.getContext("2d")!.drawImage(canvas, 0, 0);
    const blob = await new Promise<Blob | null>((give) => cut.toBlob(give, "image/png"));
    if (blob) this.picture = URL.createObjectURL(blob);
  };

  private print = (): void => {
    const turn = this.closest(".turn");
    this.querySelector("details")!.open = true;
    turn?.classList.add("to-print");
    document.documentElement.classList.add("printing");
    window.addEventListener(
      "afterprint",
      () => {
        turn?.classList.remove("to-print");
        document.documentElement.classList.remove("printing");
      },
      { once: true },
    );
    window.print();
  };

  private code(): TemplateResult {
    const qr = encode(this.address, { border: 2 });
    let path = "";
    qr.data.forEach((row, y) => row.forEach((on, x) => (path += on ? `M${x} ${y}h1v1h-1z` : "")));
    return html`<svg class="qr" viewBox="0 0 ${qr.size} ${qr.size}" role="img" aria-label=${far(this.words)("qr_alt")}>${svg`<path d=${path} />`}</svg>`;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.picture) URL.revokeObjectURL(this.picture);
  }

  protected override render(): TemplateResult {
    const t = far(this.words);
    return html`<div class="deeds">
        <button type="button" @click=${this.copy}>${t("copy")}</button>
        <button type="button" @click=${this.draw}>${t("picture")}</button>
        ${this.own ? html`<button type="button" @click=${this.print}>${t("print")}</button>` : nothing}
        <span role="status">${this.done}</span>
      </div>
      <details class="code"><summary>${t("qr")}</summary>${this.code()}</details>
      ${this.picture
        ? html`<figure class="picture"><img src=${this.picture} alt="${t("case_no")} ${this.receipt.case_no}" /><figcaption>${t("picture_hint")}</figcaption>
            <a class="button" download="${this.receipt.case_no}.png" href=${this.picture}>${t("picture_save")}</a></figure>`
        : nothing}`;
  }
}

customElements.define("sf-receipt", ReceiptTools);
