// What stays on this device: the token of the conversation, what was typed and not yet sent, and how the page should look.
// Nothing else, no cookie. Some browsers forbid storage in frames; then it lasts as long as the page.

const PREFIX = "sufang-";
const memory = new Map<string, string>();

function storage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

export function get(name: string): string {
  try {
    const kept = storage()?.getItem(PREFIX + name);
    if (kept != null) return kept;
  } catch {
    /* as if nothing was kept */
  }
  return memory.get(name) ?? "";
}

export function put(name: string, value: string): void {
  memory.set(name, value);
  try {
    if (value) storage()?.setItem(PREFIX + name, value);
    else storage()?.removeItem(PREFIX + name);
  } catch {
    /* full or forbidden: memory has it */
  }
  if (!value) memory.delete(name);
}

/** Forgets everything that belongs to a person; how the page looks may stay. */
export function forget(): void {
  for (const name of ["token", "draft", "unsent"]) put(name, "");
}
