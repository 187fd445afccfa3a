// Pictures, PDF and recordings: made smaller here, checked by what they are, sent with a progress bar.

import { html, LitElement, nothing, type TemplateResult } from "lit";
import { icons } from "../icons";
import type { Transport } from "../transport";
import type { Words } from "../words";
import { far } from "../words.long";

const MAX = 10 * 1024 * 1024;
const SIDE = 2_000;
const SMALL = 600 * 1024;

interface Item {
  name: string;
  /** 0 to 1; 1 when the server has it. */
  part: number;
  id: string;
  why: string;
  /** Bytes that were sent. */
  sent: number;
  stop?: () => void;
}

/** The first bytes tell what a file is, whatever it is called. The server looks again. */
async function kind(file: Blob): Promise<"picture" | "other" | ""> {
  const b = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  const text = String.fromCharCode(...b);
  if (/^(\xff\xd8\xff|\x89PNG|GIF8)/.test(text) || /^RIFF....WEBP/s.test(text)) return "picture";
  if (/^(%PDF-|#!AMR|ID3|\xff\xfb)/.test(text) || /^RIFF....WAVE/s.test(text) || /^....ftyp(M4A|mp4|iso)/s.test(text)) return "other";
  return "";
}

/** A large picture becomes a JPEG of at most 2,000 pixels a side; where and when it was taken is lost with that, which is meant. */
async function smaller(file: File): Promise<Blob> {
  if (file.size < SMALL || !("createImageBitmap" in window)) return file;
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
    const c = canvas.getContext("2d")!;
    c.fillStyle = "#fff";
    c.fillRect(0, 0, canvas.width, canvas.height);
    c.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((give) => canvas.toBlob(give, "image/jpeg", 0.85));
    return blob && blob.size < file.size ? blob : file;
  } catch {
    return file; // a picture that this browser cannot draw goes as it is
  }
}

class Files extends LitElement {
  static override properties = { words: {}, transport: {}, items: { state: true } };
  declare words: Words;
  declare transport: Transport;
  declare items: Item[];

  constructor() {
    super();
    this.items = [];
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  get ready(): { id: string; name: string }[] {
    return this.items.filter((i) => i.id);
  }

  get uploading(): boolean {
    return this.items.some((i) => !i.id && !i.why);
  }

  choose(): void {
    this.querySelector("input")!.click();
  }

  clear(): void {
    this.items = [];
  }

  private chosen = (e: Event): void => {
    const input = e.target as HTMLInputElement;
    for (const file of [...(input.files ?? [])].slice(0, 20 - this.items.length)) void this.take(file);
    input.value = "";
  };

  private async take(file: File): Promise<void> {
    const item: Item = { name: file.name || "1", part: 0, id: "", why: "", sent: 0 };
    this.items = [...this.items, item];
    const what = await kind(file);
    if (!what) return this.fail(item, far(this.words)("bad_type"));
    const body = what === "picture" ? await smaller(file) : file;
    if (body.size > MAX) return this.fail(item, far(this.words)("too_big"));
    this.send(item, body);
  }

  private send(item: Item, body: Blob): void {
    const form = new FormData();
    form.append("file", body, item.name);
    const request = new XMLHttpRequest(); // fetch tells nothing of how far it is
    request.open("POST", this.transport.server + "/chat/attachments");
    request.setRequestHeader("Authorization", "Bearer " + this.transport.token);
    request.timeout = 300_000;
    request.upload.onprogress = (e) => {
      item.part = e.lengthComputable ? (e.loaded / e.total) * 0.98 : 0.5;
      this.requestUpdate();
    };
    request.onload = () => {
      let answer: { attachment_id?: string; error?: { message?: string } } = {};
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        /* told below */
      }
      if (request.status !== 201 || !answer.attachment_id) return this.fail(item, answer.error?.message ?? far(this.words)("busy"));
      item.id = answer.attachment_id;
      item.part = 1;
      this.changed();
    };
    request.onerror = request.ontimeout = () => this.fail(item, far(this.words)("lost"));
    item.stop = () => request.abort();
    item.sent = body.size;
    request.send(form);
  }

  private fail(item: Item, why: string): void {
    item.why = why;
    this.changed();
  }

  private changed(): void {
    this.requestUpdate();
    this.dispatchEvent(new Event("change"));
  }

  private drop(item: Item): void {
    item.stop?.();
    this.items = this.items.filter((i) => i !== item);
    this.dispatchEvent(new Event("change"));
  }

  protected override render(): TemplateResult {
    const t = far(this.words);
    return html`<input type="file" class="who" tabindex="-1" aria-label=${t("attach")} multiple accept="image/*,application/pdf,audio/*" @change=${this.chosen} />
      ${this.items.length
        ? html`<ul class="files">
            ${this.items.map((i) => {
              const told = i.why ? t("upload_failed", { name: i.name, why: i.why }) : t(i.id ? "uploaded" : "uploading", { name: i.name });
              return html`<li class=${i.why ? "bad" : ""}>
                <span role="status">${told}</span>
                ${i.id || i.why ? nothing : html`<progress max="1" value=${i.part} aria-label=${told}></progress>`}
                <button type="button" class="round" aria-label=${t("remove", { name: i.name })} @click=${() => this.drop(i)}>${icons.close}</button>
              </li>`;
            })}
          </ul>`
        : nothing}`;
  }
}

customElements.define("sf-files", Files);
