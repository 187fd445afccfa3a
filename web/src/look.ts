// How the page looks and sounds to this person: 长辈版, size of text, colours, pointer, reading aloud. Kept on this device.

import * as keep from "./keep";

/** Sizes of text, each larger than the one before; how much is in chat.css. */
export const STEPS = [0, 1, 2, 3] as const;

export type LookName = "elder" | "type" | "shades" | "pointer" | "reading";
export type Theme = "light" | "dark" | "contrast";

export class Look {
  private night = window.matchMedia?.("(prefers-color-scheme: dark)");

  constructor(private readonly changed: () => void) {}

  start(): void {
    this.night?.addEventListener?.("change", this.changed);
  }

  stop(): void {
    this.night?.removeEventListener?.("change", this.changed);
  }

  get(name: LookName): string {
    return keep.get(name);
  }

  put(name: LookName, value: string): void {
    keep.put(name, value);
    this.changed();
  }

  get elder(): boolean {
    return keep.get("elder") === "1";
  }

  get step(): (typeof STEPS)[number] {
    return STEPS.find((n) => String(n) === keep.get("type")) ?? 0;
  }

  /** Large in 长辈版 unless somebody does not want it. */
  get pointer(): boolean {
    return (keep.get("pointer") || (this.elder ? "1" : "")) === "1";
  }

  /** What was chosen here, else what the page's owner set, else what the system does. */
  theme(set: string): Theme {
    const wanted = keep.get("shades") || set;
    if (wanted === "light" || wanted === "dark" || wanted === "contrast") return wanted;
    return this.night?.matches ? "dark" : "light";
  }
}

/** The colour, darkened until white words on it have a contrast of 4.5 (WCAG 2.1, 1.4.3). */
export function readable(color: string): string {
  let rgb = [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));
  const light = (c: number) => ((c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const contrast = () => 1.05 / (0.2126 * light(rgb[0]!) + 0.7152 * light(rgb[1]!) + 0.0722 * light(rgb[2]!) + 0.05);
  while (contrast() < 4.6) rgb = rgb.map((c) => Math.floor(c * 0.95));
  return `rgb(${rgb.join(", ")})`;
}
