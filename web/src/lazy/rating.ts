// Three stars with their words, as a group of radio buttons: the law knows three answers.

import { html, LitElement, type TemplateResult } from "lit";
import { spoken, type Words } from "../words";
import { far } from "../words.long";

class Rating extends LitElement {
  static override properties = { words: {}, value: { state: true } };
  declare words: Words;
  declare value: number;

  constructor() {
    super();
    this.value = 0;
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render(): TemplateResult {
    const t = far(this.words);
    return html`<fieldset class="rating">
      <legend>${t("rate")}</legend>
      <div class="stars">
        ${([1, 2, 3] as const).map(
          (n) => html`<label class=${n <= this.value ? "on" : ""}>
            <input type="radio" name="rating" value=${n} .checked=${this.value === n} @change=${() => (this.value = n)} />
            <span class="star" aria-hidden="true">${n <= this.value ? "★" : "☆"}</span><span>${t(`rate_${n}`)}</span>
          </label>`,
        )}
      </div>
      <button type="button" class="main" ?disabled=${!this.value} @click=${() => this.dispatchEvent(new CustomEvent("use", { detail: spoken.ratings[this.value - 1]! }))}>${t("rate_send")}</button>
    </fieldset>`;
  }
}

customElements.define("sf-rating", Rating);
