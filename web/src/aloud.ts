// Reading aloud with the browser's own voice, a paragraph at a time: long texts end early in some browsers, and a stop is heard at once.

export const speaks = "speechSynthesis" in window;

export class Aloud {
  /** The message that is being read. */
  at = "";
  private queue: { at: string; line: string }[] = [];
  private now: SpeechSynthesisUtterance | null = null;

  constructor(
    private readonly changed: () => void,
    private readonly rate: () => number,
  ) {}

  /** Reads this message now, or stops when it is the one that is being read. */
  toggle(at: string, text: string): void {
    const same = this.at === at;
    this.stop();
    if (!same) this.add(at, text);
  }

  /** Reads this message after those that wait. */
  add(at: string, text: string): void {
    for (const line of text.split("\n")) if (line.trim()) this.queue.push({ at, line });
    if (!this.at) this.next();
  }

  stop(): void {
    if (!this.at) return;
    this.queue = [];
    this.now = null;
    window.speechSynthesis.cancel();
    this.next();
  }

  private next(): void {
    const one = this.queue.shift();
    this.at = one?.at ?? "";
    this.changed();
    if (!one) return;
    const u = new SpeechSynthesisUtterance(one.line);
    u.lang = "zh-CN";
    u.rate = this.rate();
    u.onend = u.onerror = () => {
      if (this.now === u) this.next();
    };
    this.now = u;
    window.speechSynthesis.speak(u);
  }
}
