// The documented calls, over the live connection when there is one, else over HTTP.

import type { Socket } from "socket.io-client";
import type { BotMessage, Told } from "./messages";

const PATIENCE = 30_000;

/** The server said no; `status` and `code` as in the contracts. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfter = 0,
  ) {
    super(message);
  }
}

/** Nobody answered. */
export class Away extends Error {}

export interface Session {
  token: string;
  messages: BotMessage[];
}

interface Failure {
  error?: { code?: string; message?: string };
  status?: number;
  retry_after?: number;
}

export interface Live {
  connected(): void;
  lost(): void;
  typing(on: boolean, id: string): void;
  turn(turn: { id: string; text?: string; payload?: string; messages: BotMessage[] }): void;
  expired(): void;
}

export class Transport {
  private socket: Socket | null = null;
  token = "";

  constructor(readonly server: string) {}

  get live(): boolean {
    return this.socket?.connected ?? false;
  }

  session(): Promise<Session> {
    return this.http("/chat/session", {});
  }

  history(after: number): Promise<{ messages: Told[] }> {
    return this.live ? this.event("history", { after }) : this.http(`/chat/history?after=${after}`);
  }

  message(body: { id: string; text?: string; payload?: string; attachments?: string[] }): Promise<{ messages: BotMessage[] }> {
    return this.live ? this.event("message", body) : this.http("/chat/messages", body);
  }

  /** Opens the live connection. Its code comes on demand, after the page can be used. Where it is blocked, HTTP goes on alone. */
  async open(on: Live): Promise<void> {
    if (this.socket) return;
    const { io } = await import("socket.io-client");
    const socket = io(this.server || location.origin, {
      path: "/socket.io/",
      transports: ["websocket", "polling"],
      auth: (give) => give({ token: this.token }),
      reconnectionDelay: 800,
      reconnectionDelayMax: 10_000,
      timeout: 10_000,
    });
    this.socket = socket;
    socket.on("connect", () => on.connected());
    socket.on("disconnect", (why) => why !== "io client disconnect" && on.lost());
    socket.on("connect_error", (e: Error & { data?: Failure }) => {
      if (e.data?.error?.code === "token") on.expired();
      // After a refusal the client does not try again by itself.
      else if (e.data?.error) window.setTimeout(() => this.socket?.connect(), 5_000);
    });
    socket.on("typing", (t: { id: string; on: boolean }) => on.typing(t.on, t.id));
    socket.on("turn", (t) => on.turn(t));
  }

  /** A new conversation needs a new place at the server. */
  reopen(): void {
    this.socket?.disconnect().connect();
  }

  close(): void {
    this.socket?.disconnect();
    this.socket = null;
  }

  private async event<T>(name: string, body: object): Promise<T> {
    let answer: T & Failure;
    try {
      answer = await this.socket!.timeout(PATIENCE).emitWithAck(name, body);
    } catch {
      throw new Away();
    }
    if (answer.error) throw refusal(answer.status ?? 503, answer, answer.retry_after);
    return answer;
  }

  private async http<T>(path: string, body?: object): Promise<T> {
    const headers: Record<string, string> = {};
    if (body) headers["Content-Type"] = "application/json";
    if (this.token) headers.Authorization = "Bearer " + this.token;
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    let answer: Response;
    let data: T & Failure;
    try {
      const how: RequestInit = { headers, signal: stop.signal, credentials: "omit", cache: "no-store" };
      answer = await fetch(this.server + path, body ? { ...how, method: "POST", body: JSON.stringify(body) } : how);
      data = await answer.json();
    } catch {
      throw new Away();
    } finally {
      clearTimeout(timer);
    }
    if (!answer.ok) throw refusal(answer.status, data, Number(answer.headers.get("Retry-After")) || 0);
    return data;
  }
}

export function refusal(status: number, data: Failure, retryAfter = 0): Refused {
  return new Refused(status, data.error?.code ?? "failed", data.error?.message ?? "", retryAfter);
}
