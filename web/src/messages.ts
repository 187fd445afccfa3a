// What the bot says: one object, the same on every channel. `text` is always enough by itself.

export interface Button {
  title: string;
  payload: string;
}

export interface Basis {
  law: string;
  article: string;
  part?: string;
}

export interface Channel {
  key: string;
  name: string;
  procedure: string;
  agency: string;
  why: string;
  basis: Basis[];
  clock: { text: string; days: number | null; starts: string | null; due: string | null } | null;
  materials: string[];
  first: string;
}

export interface Next {
  what: string;
  due: string | null;
  overdue?: boolean;
}

export interface Node {
  status: string;
  at: string;
  by: string;
  note: string;
}

export type Custom =
  | { kind: "ask"; field: string; question?: string; step: number; of: number; required: boolean; why: string }
  | { kind: "advice"; channel: string; channels: Channel[]; agency: string }
  | { kind: "summary"; fields: Record<string, string | string[]>; missing: string[] }
  | { kind: "receipt"; case_no: string; query_code: string; filed_on: string; next: Next }
  | { kind: "progress"; case_no: string; status: string; nodes: Node[]; next: Next }
  | { kind: "answer"; topic: string; basis: Basis[] }
  | { kind: "emergency"; numbers: string[] }
  | { kind: "handoff"; to: string; hours: string }
  | { kind: "notice"; case_no: string; status: string; next: Next }
  | { kind: "error"; code: string; retry: boolean };

export interface BotMessage {
  text: string;
  buttons?: Button[];
  custom?: Custom;
}

/** An entry of the history: what either side said in the turn `n`, which the message `id` began. */
export interface Told extends BotMessage {
  from: "user" | "bot";
  n: number;
  id: string;
}

/** What a person sends: words, or a button that is on offer. */
export interface Outgoing {
  id: string;
  text?: string;
  payload?: string;
  attachments?: string[];
  /** What the bubble shows. Stays on this device. */
  shown: string;
}
