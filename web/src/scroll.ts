// What of the conversation is in sight.

export class Scroll {
  /** Whether the end stays in sight when something grows. */
  private stick = true;
  private watched: Element | null = null;
  /** How many of the bot's messages are new. */
  private news = 0;
  private grows = "ResizeObserver" in window ? new ResizeObserver(() => this.stick && this.toNews(this.news)) : null;

  constructor(private readonly root: () => ParentNode) {}

  private get log(): HTMLElement | null {
    return this.root().querySelector<HTMLElement>(".log");
  }

  /** Watches the conversation that is drawn now. */
  watch(): void {
    const inner = this.root().querySelector(".inner");
    if (inner === this.watched) return;
    this.grows?.disconnect();
    if (inner) this.grows?.observe(inner);
    this.watched = inner;
  }

  /** After so many new messages: a long answer is read from its beginning, a short one stands at the bottom. */
  toNews(bot: number): void {
    const log = this.log;
    if (!log) return;
    const turns = [...log.querySelectorAll<HTMLElement>(".turn")];
    this.stick = true;
    this.news = bot;
    log.scrollTop = log.scrollHeight;
    const first = bot ? turns[turns.length - bot] : undefined;
    if (!first) return;
    const top = first.getBoundingClientRect().top - log.getBoundingClientRect().top;
    if (top < 0) {
      this.stick = false;
      log.scrollTop += top - 12;
    }
  }

  /** Who scrolls away wants to stay there. */
  byHand = (e: Event): void => {
    const log = e.currentTarget as HTMLElement;
    this.stick = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  };
}
