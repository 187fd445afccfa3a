import { svg, html, type SVGTemplateResult, type TemplateResult } from "lit";

const icon = (inner: SVGTemplateResult): TemplateResult =>
  html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${inner}</svg>`;

export const icons = {
  mark: html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false"><rect width="32" height="32" rx="8" /><path d="M7 9h18v11H15l-5 4v-4H7z" /></svg>`,
  send: icon(svg`<path d="M5 12h13M13 6l6 6-6 6" />`),
  clip: icon(svg`<path d="M19 11.5l-7.2 7.2a4.6 4.6 0 0 1-6.5-6.5l7.6-7.6a3 3 0 0 1 4.3 4.3l-7.4 7.4a1.5 1.5 0 0 1-2.1-2.1l6.6-6.6" />`),
  mic: icon(svg`<rect x="9" y="3" width="6" height="11" rx="3" /><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" />`),
  more: icon(svg`<path d="M5 7h14M5 12h14M5 17h14" />`),
  close: icon(svg`<path d="M6 6l12 12M18 6L6 18" />`),
  phone: icon(svg`<path d="M6 3.8h3l1.6 4.4-2 1.5a11.5 11.5 0 0 0 5.700 5.700l1.500-2 4.400 1.600v3a1.800 1.800 0 0 1-2 1.800A16 16 0 0 1 4.200 5.800 1.800 1.800 0 0 1 6 3.800z" />`),
  check: icon(svg`<path d="M5 12.500l4.500 4.500L19 7.500" />`),
  edit: icon(svg`<path d="M4.500 19.500l1-4L16 5l3 3L8.500 18.500zM13.500 7.500l3 3" />`),
  date: icon(svg`<rect x="4" y="5.500" width="16" height="14.500" rx="2" /><path d="M4 10h16M8.500 3.500v4M15.500 3.500v4" />`),
  place: icon(svg`<path d="M12 21c4-4.200 6.500-7.600 6.500-11a6.500 6.500 0 0 0-13 0c0 3.400 2.500 6.800 6.500 11z" /><circle cx="12" cy="10" r="2.300" />`),
  sound: icon(svg`<path d="M4.500 9.500v5h3.500l4.500 4v-13l-4.500 4zM16 9a4.500 4.500 0 0 1 0 6M18.500 6.500a8 8 0 0 1 0 11" />`),
  person: icon(svg`<circle cx="12" cy="8" r="3.700" /><path d="M4.800 20a7.200 7.200 0 0 1 14.400 0" />`),
  shield: icon(svg`<path d="M12 3.500l7 2.500v5.500c0 4.200-2.800 7.400-7 9-4.200-1.600-7-4.800-7-9V6z" /><path d="M9 12l2.200 2.200L15.200 10" />`),
};
